"""A line that is cut while the class closes, in real Chromium; and a browser without scripts."""

from __future__ import annotations

import json

import pytest
from classroom_browser import no_sideways, shot
from playwright.async_api import expect
from test_offline import HAS_IT, asked, come_in, phone, said, stored

from coteach.classroom.imports import parse
from coteach.store import Database, classes
from coteach.store.schema import Person

pytestmark = pytest.mark.asyncio(loop_scope="module")
ARRIVED = "Your answers arrived. The class is closed."


def change(service, do):
    """Change the store from here; the service reads it anew."""
    database = Database.of(service.settings)
    with database.session() as session:
        found = do(session)
    database.close()
    return found


def close(service):
    change(service, lambda s: classes.close_session(
        classes.get_session(s, service.ids["session"])))


async def answer_without_a_line(page):
    """A choice that is kept, and words that are typed and not saved."""
    await said(asked(page, "exit"), "")
    await page.context.set_offline(True)
    await asked(page, "choice").get_by_label("The long one").check()
    await said(asked(page, "choice"), "Saved on this device.")
    await asked(page, "text").get_by_role("textbox").fill("It swings.")
    await page.wait_for_timeout(800)  # a pause in typing


EXPECTED = [("q-choice", {"choice": 0, "text": "The long one"}), ("q-text", {"text": "It swings."})]


async def test_answers_of_a_cut_line_arrive_though_the_class_was_closed_meanwhile(
        service, chromium):
    page = await come_in(await phone(chromium), service)
    await answer_without_a_line(page)
    close(service)
    await page.context.set_offline(False)
    await said(asked(page, "choice"), HAS_IT)
    await said(asked(page, "text"), HAS_IT)
    await expect(page.locator(".ct-waits")).to_contain_text(ARRIVED)
    await expect(page.locator("#ct-notice")).to_contain_text("What you have answered is kept.")
    await expect(page.locator(".ct-waits")).to_be_visible()
    assert stored(service) == EXPECTED
    await no_sideways(page)
    await shot(page, "late-arrived-360")


async def test_the_page_that_asks_for_a_code_sends_or_saves_what_the_browser_holds(
        service, chromium):
    context = await phone(chromium)
    page = await come_in(context, service)
    await answer_without_a_line(page)
    await page.close()
    close(service)
    page = await context.new_page()
    # The line carries pages and loses answers; then they are a file.
    await page.route("**/c/api/answers*", lambda route: route.abort())
    await context.set_offline(False)
    await page.goto(f"{service.url}/c/{service.ids['code']}")
    held = page.locator("#ct-held")
    await expect(held).to_contain_text("2 answers are still on this device.")
    await no_sideways(page)
    await shot(page, "late-held-360")
    async with page.expect_download() as saved:
        await held.get_by_role("button", name="Save my answers as a file").click()
    file = parse(json.dumps(json.loads((await (await saved.value).path()).read_text())))
    assert (file.lesson, file.card) == ("kinds", service.ids["Mai"])
    assert [(e["cell"], e["value"]["answer"]) for e in file.events] == EXPECTED
    await page.unroute("**/c/api/answers*")
    await page.goto(f"{service.url}/c/")
    await expect(held).to_contain_text(ARRIVED)
    await expect(held.get_by_role("button")).to_be_hidden()
    assert stored(service) == EXPECTED


async def test_the_same_card_in_the_next_lesson_sends_what_the_last_one_left(service, chromium):
    context = await phone(chromium)
    page = await come_in(context, service)
    await answer_without_a_line(page)
    await page.close()

    def open_again(session):
        row = classes.open_session(
            session, classes.get(session, service.ids["class-lan"]), lesson="kinds", version="1",
            person=session.get(Person, service.ids["lan"]), minutes=60)
        return row.code
    service.ids["code"] = change(service, open_again)
    await context.set_offline(False)
    page = await come_in(context, service)
    await expect(page.locator(".ct-earlier")).to_contain_text(ARRIVED)
    await expect(asked(page, "text").get_by_role("textbox")).to_have_value("")
    assert stored(service) == EXPECTED


async def test_without_scripts_the_questions_say_why_nothing_can_be_answered(service, chromium):
    context = await phone(chromium, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{service.url}/c/{service.ids['code']}")
    await page.get_by_role("button", name="Mai").click()
    question = asked(page, "choice")
    await expect(question.locator(".ct-dead")).to_be_visible()
    await expect(question.get_by_label("The long one")).to_be_disabled()
    await expect(asked(page, "text").get_by_role("button")).to_be_disabled()
    await shot(page, "no-scripts-360")
