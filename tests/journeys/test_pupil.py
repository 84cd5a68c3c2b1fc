"""A pupil on a phone: code, name card, class page, answers; her teacher sees them come."""

from __future__ import annotations

import contextlib

import pytest
from door import choose_card
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

from coteach.settings import load
from coteach.store import Database, events

PHONE = {"width": 360, "height": 740}
TITLES = {"en": "The island that comes and goes", "zh-Hant": "時有時無的小島", "vi": "Hòn đảo"}


def stored(deployment, verb="answered"):
    database = Database.of(load(deployment.data, environ={}))
    with database.reading() as session:
        found = [e for e in events.read(session, verbs=[verb]) if e.lesson == "tides"]
    database.close()
    return found


def enter(page, code, card):
    page.goto("/c/")
    page.get_by_role("textbox").fill(code.lower())
    page.keyboard.press("Enter")
    choose_card(page, card)
    expect(page.get_by_role("slider").first).to_be_visible(timeout=60_000)


def question(page, text):
    return page.locator(".jp-OutputArea, fieldset, section, div").filter(
        has=page.get_by_text(text)).last


def test_a_wrong_code_is_told_in_a_sentence(new_page, deployment, screenshot):
    page = new_page(viewport=PHONE)
    page.goto("/c/")
    screenshot(page, "class-code")
    page.get_by_role("textbox").fill("ZZZZZ")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("No class has the code ZZZZZ.")
    screenshot(page, "class-code-wrong")


def test_a_pupil_moves_the_slider_answers_and_her_teacher_sees_it(
        new_page, deployment, sign_in, screenshot):
    pupil = new_page(viewport=PHONE)
    enter(pupil, deployment.class_code, "Chi")
    expect(pupil.get_by_role("heading", level=1)).to_contain_text("The island that comes and goes")
    assert "@" not in pupil.locator("body").inner_text()

    plot = pupil.locator(".jp-OutputArea img, .widget-output img").first
    expect(plot).to_be_visible(timeout=60_000)
    before = plot.get_attribute("src")
    slider = pupil.get_by_role("slider").first
    slider.focus()
    for _press in range(4):
        pupil.keyboard.press("ArrowRight")
    expect(plot).not_to_have_attribute("src", before or "", timeout=20_000)

    count = len(stored(deployment))
    pupil.get_by_label("Yes, the path is dry.").check()
    expect(pupil.get_by_text("Your teacher has it.").first).to_be_visible()
    height = pupil.get_by_label("How high is the water at 12 o'clock?")
    height.fill("1.2")
    height.press("Enter")
    expect(pupil.get_by_text("Your teacher has it.")).to_have_count(2)
    assert len(stored(deployment)) == count + 2
    screenshot(pupil, "tides-answered")

    teacher = new_page()
    sign_in(teacher, "amina")
    teacher.goto("/c/teach/")
    screenshot(teacher, "my-classes")
    mine = teacher.locator("section", has_text=deployment.class_code)
    mine.get_by_role("link", name="Go to the class").click()
    expect(teacher.locator("#questions")).to_contain_text("1 answer")
    screenshot(teacher, "class-live-view")

    # Another answer comes by itself, without a reload.
    hours = pupil.get_by_label("How many hours are there between the two highest waters?")
    hours.fill("12")
    hours.press("Enter")
    third = teacher.locator("#questions > *").nth(2)
    expect(third).to_contain_text("1 answer")

    # A reload starts nothing anew: what she answered is still there.
    pupil.reload()
    expect(pupil.get_by_label("Yes, the path is dry.")).to_be_checked(timeout=60_000)
    assert len(stored(deployment)) == count + 3


def test_another_pupil_on_the_same_device_sees_nothing_of_the_first(new_page, deployment):
    page = new_page(viewport=PHONE)
    enter(page, deployment.class_code, "Duc")
    page.get_by_label("No, the water is over the path.").check()
    expect(page.get_by_text("Your teacher has it.").first).to_be_visible()
    page.get_by_text("Not you?").click()
    choose_card(page, "Eve")
    expect(page.get_by_role("slider").first).to_be_visible(timeout=60_000)
    expect(page.get_by_label("No, the water is over the path.")).not_to_be_checked()


@pytest.mark.parametrize("language", ["en", "zh-Hant", "vi"])
def test_the_pupils_path_is_in_the_language_chosen_at_the_door(
        new_page, deployment, screenshot, language):
    page = new_page(language, viewport=PHONE)
    page.goto(f"/c/{deployment.class_code}?lang={language}")
    expect(page.locator("html")).to_have_attribute("lang", language)
    screenshot(page, f"name-cards-{language}")
    choose_card(page, "Finn")
    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLES[language])
    expect(page.get_by_role("slider").first).to_be_visible(timeout=60_000)
    if language != "en":
        words = page.locator("main").inner_text()
        for english in ("Save", "Your teacher", "slider", "Time", "Not you"):
            assert english not in words, f"{english!r} is still English"
    screenshot(page, f"tides-{language}")


def test_a_closed_class_says_so_and_switches_its_answers_off(new_page, deployment, sign_in, screenshot):
    teacher = new_page()
    sign_in(teacher, "amina")
    teacher.goto("/c/teach/")
    mine = teacher.locator("section", has_text=deployment.class_code)
    mine.get_by_role("link", name="Go to the class").click()
    pupil = new_page(viewport=PHONE)
    enter(pupil, deployment.class_code, "Bo")
    teacher.get_by_role("link", name="Close the class").click()
    screenshot(teacher, "close-the-class")
    teacher.get_by_role("button", name="Close the class").click()
    expect(teacher.locator("main")).to_contain_text("closed")
    count = len(stored(deployment))
    answer = pupil.get_by_label("Yes, the path is dry.")
    # The page may know already and take no more; else the answer comes late, and is taken in.
    with contextlib.suppress(PlaywrightTimeout):
        answer.check(timeout=1000)
    expect(pupil.locator("main")).to_contain_text("closed", timeout=20_000)
    expect(answer).to_be_disabled(timeout=20_000)
    assert len(stored(deployment)) <= count + 1
    screenshot(pupil, "tides-closed")
    late = new_page(viewport=PHONE)
    late.goto(f"/c/{deployment.class_code}")
    expect(late.locator("main")).to_contain_text("Your teacher has closed this class.")
    screenshot(late, "class-closed")
