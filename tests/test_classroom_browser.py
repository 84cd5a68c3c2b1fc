"""A pupil at 360 px in real Chromium: enters, moves the slider, answers; a kill and a cut lose nothing."""

from __future__ import annotations

import signal

import pytest
from classroom_browser import SLOW, Service, chromium_running, no_sideways, serving, shot, teachers
from playwright.async_api import Page, expect

from coteach.store import Database
from coteach.store.schema import Event


@pytest.fixture
def service(tmp_path):
    with serving(tmp_path / "data") as made:
        yield made


@pytest.fixture
async def chromium():
    async with chromium_running() as browser:
        yield browser


def stored(service: Service) -> list[tuple[str, dict]]:
    """The answers on disk."""
    with Database.of(service.settings).reading() as session:
        return [(e.actor, e.value["answer"]) for e in session.query(Event).filter(
            Event.verb == "answered").order_by(Event.received, Event.client_seq)]


async def enter(page: Page, service: Service, name: str) -> None:
    """Type the code and choose a card, as a child does."""
    await page.goto(f"{service.url}/c/")
    await no_sideways(page)
    await page.get_by_label("The letters on the board").fill(service.ids["code"].lower())
    await page.get_by_role("button", name="Go in").click()
    await page.get_by_role("button", name=name).wait_for()
    await no_sideways(page)
    await shot(page, "pupil-cards-360")
    await page.get_by_role("button", name=name).click()
    await page.get_by_role("heading", name="The swing").wait_for()


async def test_a_pupil_enters_by_code_and_her_answer_survives_a_lost_line_and_a_kill(
        service, chromium):
    context = await chromium.new_context(viewport={"width": 360, "height": 720}, locale="en-US")
    page = await context.new_page()
    page.set_default_timeout(SLOW)
    await enter(page, service, "Mai")

    plot = page.locator(".ct-cells .ct-widget img")
    await plot.first.wait_for()
    before = await plot.first.get_attribute("src")
    await page.get_by_role("slider").first.focus()
    await page.keyboard.press("ArrowRight")
    await expect(plot.first).not_to_have_attribute("src", before or "", timeout=SLOW)
    await no_sideways(page)

    sent: list[str] = []

    async def lose_the_reply(route) -> None:
        sent.append(route.request.post_data or "")
        if len(sent) == 1:
            await route.fetch()  # the server has it, the reply is lost
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/c/api/answers", lambda route: lose_the_reply(route)
                     if route.request.method == "POST" else route.continue_())
    question = page.locator(".ct-question", has_text="Which swing is slower?")
    await question.get_by_label("The long one").check()
    await expect(question.get_by_role("status")).to_contain_text(
        "Your teacher has it.", timeout=SLOW)
    assert len(sent) == 2 and sent[0] == sent[1]
    service.end(signal.SIGKILL)
    mai = service.ids["actor-Mai"]
    first = (mai, {"choice": 0, "text": "The long one"})
    assert stored(service) == [first]

    number = page.locator(".ct-question", has_text="How long does")
    await number.get_by_role("textbox").fill("four")
    await number.get_by_role("button", name="Save").click()
    await expect(number).to_contain_text("Write only a number")
    await number.get_by_role("textbox").fill("4,0 s")  # with the question's own unit
    await number.get_by_role("button", name="Save").click()
    await expect(number.get_by_role("status")).to_contain_text("Saved on this device.")
    await shot(page, "pupil-saved-here-360")
    service.start()
    await expect(number.get_by_role("status")).to_contain_text(
        "Your teacher has it.", timeout=SLOW)
    assert stored(service) == [first, (mai, {"number": 4.0})]
    # The killed service took the kernel with it: the page says so and offers one button.
    await page.get_by_role("button", name="Start them again").click(timeout=SLOW)
    await page.locator(".ct-widget[data-live]").first.wait_for()
    still = await plot.first.get_attribute("src")
    await page.get_by_role("slider").first.focus()
    await page.keyboard.press("ArrowRight")
    await expect(plot.first).not_to_have_attribute("src", still or "", timeout=SLOW)
    await expect(page.locator(".ct-question", has_text="Which swing").get_by_role(
        "status")).to_contain_text("Your teacher has it.", timeout=SLOW)
    assert await page.get_by_label("The long one").is_checked()
    await no_sideways(page)
    await shot(page, "pupil-page-360")

    await page.get_by_role("button", name="Not you?").click()
    await page.get_by_role("button", name="Long").click()
    other = page.locator(".ct-question", has_text="Which swing is slower?")
    await other.wait_for()
    assert not await other.get_by_label("The long one").is_checked()
    await expect(other.get_by_role("status")).to_be_empty()
    await teacher_looks(service, chromium)


async def teacher_looks(service: Service, chromium) -> None:
    """The teacher sees the answers without names until she asks for them."""
    page = await (await teachers(chromium, service)).new_page()
    await page.goto(f"{service.url}/c/teach/{service.ids['session']}")
    asked = page.locator(".question", has_text="Which swing is slower?")
    await expect(asked).to_contain_text("1 answer")
    assert not await page.get_by_text("Mai", exact=True).count()
    await page.get_by_label("Show names").check()
    await expect(asked).to_contain_text("Mai")
    await shot(page, "teacher-watch-1280")
    await page.set_viewport_size({"width": 360, "height": 720})
    await no_sideways(page)
    await shot(page, "teacher-watch-360")
