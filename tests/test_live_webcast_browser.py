"""A webcast in Chromium: a teacher, two classrooms, a hand, the stage, chat, a poll, and a kill."""

from __future__ import annotations

import pytest
from live_site import Site, wait_for
from test_live_browser import chromium, opened, shot  # noqa: F401

from coteach import settings as settings_module


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings = settings_module.load(tmp_path_factory.mktemp("cast") / "data", environ={})
    settings.layout.create()
    made = Site(settings).start()
    yield made
    made.stop()


def enter(page):
    page.get_by_role("button", name="Enter the room").click()


def moving(page, count):
    faces = page.locator(".ct-faces video")
    wait_for(lambda: faces.count() == count and all(
        faces.nth(i).evaluate("v => v.videoWidth > 0 && v.currentTime > 0.2") for i in range(count)))


def test_a_classroom_is_brought_on_stage_and_everything_outlives_the_server(site, chromium):  # noqa: F811
    with site.client("linh") as client:
        refused = client.post("/rooms", data={"cohort": site.live.cohort})
        assert refused.status_code == 403, "only its trainers go live for a cohort"
    trainer = opened(chromium, site, "trainer", f"/cohorts/{site.live.cohort}")
    trainer.get_by_role("button", name="Go live").click()
    trainer.get_by_role("heading", name="Webcast of Trainer").wait_for()
    room = trainer.url.removeprefix(site.url)
    enter(trainer)
    trainer.get_by_role("button", name="Turn camera and microphone on").click()
    moving(trainer, 1)
    linh, mei = (opened(chromium, site, name, room) for name in ("linh", "mei"))
    for page in (linh, mei):
        enter(page)
        moving(page, 1)
        assert not page.get_by_role("button", name="Turn camera and microphone on").is_visible()

    linh.get_by_role("button", name="Raise your hand").click()
    trainer.get_by_text("Linh · hand is up").wait_for()
    assert "Linh" in trainer.locator(".ct-list li").first.inner_text(), "hands come first"
    trainer.get_by_role("button", name="Bring on stage: Linh").click()
    linh.get_by_role("button", name="Turn camera and microphone on").click()
    for page in (trainer, linh, mei):
        moving(page, 2)

    mei.get_by_label("Your message").fill("Something rude")
    mei.get_by_role("button", name="Send").click()
    trainer.get_by_role("button", name="Remove the message of Mei").click()
    linh.get_by_text("The teacher removed a message.").wait_for()
    assert linh.get_by_text("Something rude").count() == 0
    trainer.get_by_text("Ask a question").click()
    trainer.get_by_role("textbox", name="Question").fill("Why is the sea salt?")
    trainer.get_by_role("textbox", name="Choices").fill("Rain\nRivers")
    trainer.get_by_role("button", name="Ask everybody").click()
    mei.get_by_role("button", name="Rivers").click()
    trainer.get_by_role("button", name="Rivers · 1").wait_for()
    mei.get_by_role("button", name="Ask for help").click()
    trainer.get_by_text("Mei · asks for help").wait_for()
    shot(trainer, "webcast-teacher")
    shot(mei, "webcast-classroom")

    trainer.wait_for_timeout(1000)
    site.live.kill()
    mei.get_by_text("Connecting again by itself").wait_for()
    site.live.start()
    for page in (trainer, linh, mei):
        page.get_by_text("Connecting again by itself").wait_for(state="hidden")
    for page in (trainer, linh, mei):
        moving(page, 2)
    trainer.get_by_text("Linh · hand is up · on stage").wait_for()
    trainer.get_by_text("Mei · asks for help").wait_for()
    trainer.get_by_role("button", name="Rivers · 1").wait_for()
    late = opened(chromium, site, "anh", room)
    enter(late)
    late.get_by_text("The teacher removed a message.").wait_for()

    anh = trainer.locator(".ct-list li", has_text="Anh")
    anh.get_by_text("Tasks").click()
    anh.get_by_role("button", name="Let write captions").click()
    late.get_by_label("Caption of what is said").fill("The tide rises twice a day.")
    late.get_by_role("button", name="Show the caption").click()
    mei.get_by_text("The tide rises twice a day.").wait_for()
    anh.get_by_label("Language").fill("Tiếng Việt")
    anh.get_by_role("button", name="Let interpret").click()
    late.get_by_role("button", name="Turn camera and microphone on").click()
    mei.get_by_label("Interpreter").select_option("Tiếng Việt")
    wait_for(lambda: mei.locator(".ct-channel video").count() == 1 and mei.locator(
        ".ct-channel video").evaluate("v => v.currentTime > 0.2 && !v.muted"))
    assert mei.locator(".ct-faces video").first.evaluate("v => v.muted")
    shot(trainer, "webcast-tasks")

    trainer.get_by_role("button", name="Take off stage: Linh").click()
    moving(mei, 1)
    wait_for(lambda: not linh.get_by_role("button", name="Turn microphone off").is_visible())
    assert linh.evaluate("document.querySelectorAll('.ct-own').length") == 0
    for page in (trainer, linh, mei, late):
        assert page.faults == []
