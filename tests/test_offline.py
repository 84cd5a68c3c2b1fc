"""Answers and pages without a line, in real Chromium: cut lines, killed browsers, shared devices."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path

import pytest
from classroom_browser import FLAGS, no_sideways, shot, teachers
from playwright.async_api import async_playwright, expect

from coteach.store import Database, events

PHONE = {"width": 360, "height": 740}
SLOW = 20_000
HAS_IT = "Your teacher has it."


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def phone(browser, **options):
    context = await browser.new_context(viewport=PHONE, locale="en-US", **options)
    context.set_default_timeout(SLOW)
    return context


async def come_in(context, service, name="Mai"):
    """Choose a card; return the class page."""
    page = await context.new_page()
    await page.goto(f"{service.url}/c/{service.ids['code']}")
    await page.get_by_role("button", name=name).click()
    await page.get_by_role("heading", name="All kinds").wait_for()
    await page.locator("[data-question=exit]").wait_for()
    return page


def asked(page, kind):
    return page.locator(f".ct-question[data-question={kind}]")


async def said(question, words):
    await expect(question.get_by_role("status").last).to_contain_text(words, timeout=SLOW)


def stored(service, name="Mai"):
    """A pupil's answers on disk, in the order they count: cell and answer."""
    database = Database.of(service.settings)
    with database.reading() as session:
        found = [(e.cell, e.value["answer"]) for e in events.read(
            session, verbs=["answered"], actor=service.ids[f"actor-{name}"])]
    database.close()
    return found


async def write(question, text):
    await question.get_by_role("textbox").fill(text)
    await question.get_by_role("button", name="Save").click()


async def draw(page):
    canvas = asked(page, "draw").locator("canvas")
    await canvas.scroll_into_view_if_needed()
    box = await canvas.bounding_box()
    await page.mouse.move(box["x"] + 40, box["y"] + 40)
    await page.mouse.down()
    await page.mouse.move(box["x"] + 140, box["y"] + 120, steps=20)
    await page.mouse.up()


def kill_browser(profile):
    """Kill the browser that uses a profile folder, as a phone does that runs out of memory."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if f"--user-data-dir={profile}" in place.read_text().split("\0"):
                os.kill(int(place.parent.name), signal.SIGKILL)


async def kept_page(page):
    """Wait until the service worker has kept this page and what it loads."""
    for _try in range(100):
        if await page.evaluate("""async () => Boolean(navigator.serviceWorker.controller)
                && (await (await caches.open("coteach-pages")).keys()).length > 0
                && (await (await caches.open("coteach-files")).keys()).length > 4"""):
            return
        await page.wait_for_timeout(200)
    raise AssertionError("the page was not kept")


async def test_every_kind_is_answered_and_comes_back_on_another_device(service, chromium):
    context = await phone(chromium)
    page = await come_in(context, service)
    assert await page.title() != "1", "a script in a prompt is text"
    await expect(asked(page, "text")).to_contain_text("<script>")
    await asked(page, "choice").get_by_label("The long one").check()
    await asked(page, "multiple").get_by_label("A bell").check()
    await asked(page, "multiple").get_by_label("A lamp").check()
    await asked(page, "poll").get_by_label("Evening").check()
    await write(asked(page, "number"), "3,5")
    await write(asked(page, "text"), "It is <b>long</b>.")
    await asked(page, "understood").get_by_label("I did not understand.").check()
    await asked(page, "exit").get_by_label("I need it once more.").check()
    await draw(page)
    for kind in ("choice", "multiple", "poll", "number", "text", "understood", "exit", "draw"):
        await said(asked(page, kind), HAS_IT)
    await expect(asked(page, "photo")).to_contain_text("Your teacher has not switched on photos.")
    await no_sideways(page)
    await shot(page, "questions-answered-360")
    found = dict(stored(service))
    assert found["q-multiple"] == {"choices": [0, 2]} and found["q-number"] == {"number": 3.5}
    assert found["q-understood"] == {"understood": False}
    [stroke] = found["q-draw"]["strokes"]
    assert len(stroke) == 5, "a straight line is two points and a colour"

    other = await come_in(await phone(chromium), service)
    await expect(asked(other, "choice").get_by_label("The long one")).to_be_checked()
    await expect(asked(other, "number").get_by_role("textbox")).to_have_value("3.5")
    await expect(asked(other, "text").get_by_role("textbox")).to_have_value("It is <b>long</b>.")
    white = await asked(other, "draw").locator("canvas").evaluate(
        "c => [...c.getContext('2d').getImageData(300, 180, 200, 200).data].filter(v => v < 60)"
        ".length")
    assert white > 0, "the drawing is there"
    await asked(other, "draw").get_by_role("button", name="Undo").click()
    await said(asked(other, "draw"), HAS_IT)
    assert stored(service)[-1] == ("q-draw", {"strokes": []})


async def test_an_answer_that_is_emptied_again_is_no_answer_any_more(service, chromium):
    context = await phone(chromium)
    page = await come_in(context, service)
    watch = await (await teachers(chromium, service)).new_page()
    await watch.goto(f"{service.url}/c/teach/{service.ids['session']}")
    number, text = asked(page, "number"), asked(page, "text")
    await write(number, "7")
    await write(text, "Long.")
    await said(text, HAS_IT)
    seen = watch.locator("[data-question^=q-text]")
    await expect(seen).to_contain_text("Long.", timeout=SLOW)
    await write(number, "")
    await write(text, " ")
    for question in (number, text):
        await said(question, "Your answer is taken back.")
    await expect(seen).to_contain_text("0 answers", timeout=SLOW)
    await expect(seen).not_to_contain_text("Long.")
    assert stored(service) == [("q-number", {"number": 7.0}), ("q-text", {"text": "Long."}),
                               ("q-number", {"empty": True}), ("q-text", {"empty": True})]
    table = await watch.context.request.get(
        f"{service.url}/c/teach/{service.ids['session']}/answers.csv")
    assert "Long" not in (await table.text()).splitlines()[-1]
    other = await come_in(await phone(chromium), service)
    await said(asked(other, "text"), "Your answer is taken back.")
    await expect(asked(other, "number").get_by_role("textbox")).to_have_value("")

    # What is no number is named at its field, kept as it was typed, and sent to nobody.
    hint = number.get_by_text("Write only a number here, like 3 or 2.5.")
    for nonsense in ("abc", "1e999", "5 apples", "9,9,9"):
        await number.get_by_role("textbox").fill(nonsense)
        await expect(hint).to_be_visible()
        await expect(number.get_by_role("textbox")).to_have_accessible_description(
            "Write only a number here, like 3 or 2.5. This is not sent yet.")
        assert await hint.get_attribute("role") is None
        await number.get_by_role("button", name="Save").click()
        await expect(number.get_by_role("textbox")).to_have_value(nonsense)
    await shot(page, "no-number-360")
    await page.wait_for_timeout(300)
    await page.reload()
    await expect(number.get_by_role("textbox")).to_have_value("9,9,9")
    await expect(hint).to_be_visible()
    assert len(stored(service)) == 4
    await number.get_by_role("textbox").fill("8")
    await expect(hint).to_be_hidden()


async def test_answers_of_a_cut_line_arrive_in_order_and_once(service, chromium):
    context = await phone(chromium)
    page = await come_in(context, service)
    await said(asked(page, "exit"), "")
    await context.set_offline(True)
    await asked(page, "choice").get_by_label("The long one").check()
    await asked(page, "choice").get_by_label("The short one").check()
    await write(asked(page, "number"), "7")
    await said(asked(page, "choice"), "Saved on this device.")
    await expect(page.locator(".ct-waits")).to_contain_text("3 answers wait for the line.")
    await shot(page, "questions-waiting-360")

    lost = []

    async def lose_the_reply(route):
        lost.append(route.request.post_data)
        if len(lost) == 1:
            await route.fetch()  # the server has them, the reply is lost
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/c/api/answers", lambda route: lose_the_reply(route)
                     if route.request.method == "POST" else route.continue_())
    await context.set_offline(False)
    await said(asked(page, "number"), HAS_IT)
    await expect(page.locator(".ct-waits")).to_be_hidden()
    assert len(lost) == 2 and lost[0] == lost[1]
    assert stored(service) == [
        ("q-choice", {"choice": 0, "text": "The long one"}),
        ("q-choice", {"choice": 1, "text": "The short one"}), ("q-number", {"number": 7.0})]


async def test_a_killed_browser_and_a_wrong_clock_lose_nothing(service, tmp_path):
    async with async_playwright() as playwright:
        async def browser():
            return await playwright.chromium.launch_persistent_context(
                tmp_path / "profile", executable_path="/usr/bin/chromium", args=FLAGS,
                viewport=PHONE, locale="en-US")

        context = await browser()
        page = await come_in(context, service)
        await page.clock.set_fixed_time("2003-01-01T00:00:00Z")
        service.end(signal.SIGKILL)
        await write(asked(page, "number"), "1")
        await write(asked(page, "number"), "2")
        await draw(page)
        await asked(page, "text").get_by_role("textbox").type("half a sen")
        await said(asked(page, "number"), "Saved on this device.")
        await page.wait_for_timeout(2500)
        # Not `close`: nothing may depend on a page that says good-bye.
        kill_browser(tmp_path / "profile")
        service.start()
        context = await browser()
        page = await context.new_page()
        page.set_default_timeout(SLOW)
        # A cookie that was set just before may be lost; her answers are not.
        await page.goto(f"{service.url}/c/{service.ids['code']}")
        if await page.get_by_role("button", name="Mai").count():
            await page.get_by_role("button", name="Mai").click()
        await said(asked(page, "number"), HAS_IT)
        await said(asked(page, "draw"), HAS_IT)
        await expect(asked(page, "text").get_by_role("textbox")).to_have_value("half a sen")
        await context.close()
    found = stored(service)
    assert [answer for cell, answer in found if cell == "q-number"] == [
        {"number": 1.0}, {"number": 2.0}]
    assert len([cell for cell, _answer in found if cell == "q-draw"]) == 1


@pytest.mark.parametrize("locks", [True, False], ids=["locks", "lease"])
async def test_two_tabs_send_each_answer_once_and_see_each_others(service, chromium, locks):
    context = await phone(chromium)
    if not locks:  # as over plain http, where browsers have no Web Locks
        await context.add_init_script(
            "Object.defineProperty(navigator, 'locks', {value: undefined})")
    first = await come_in(context, service)
    second = await context.new_page()
    await second.goto(first.url)
    await asked(second, "exit").wait_for()
    posted = []
    for page in (first, second):
        page.on("requestfinished", lambda request: posted.append(request.post_data_json)
                if request.method == "POST" and request.url.endswith("/api/answers") else None)
    await context.set_offline(True)
    for number, page in enumerate((first, second, first, second), start=1):
        await write(asked(page, "number"), str(number))
        await said(asked(page, "number"), "Saved on this device.")
    await context.set_offline(False)
    for page in (first, second):
        await said(asked(page, "number"), HAS_IT)
        await expect(asked(page, "number").get_by_role("textbox")).to_have_value("4")
    assert [answer["number"] for _cell, answer in stored(service)] == [1, 2, 3, 4]
    ids = [event["id"] for body in posted for event in body["events"]]
    assert len(ids) == len(set(ids)) == 4, "no tab sent what the other had sent"


async def test_two_pupils_on_one_device_are_kept_apart(service, chromium):
    context = await phone(chromium)
    page = await come_in(context, service)
    await asked(page, "choice").get_by_label("The long one").check()
    await said(asked(page, "choice"), HAS_IT)
    await kept_page(page)
    service.end(signal.SIGKILL)
    await write(asked(page, "number"), "11")
    await said(asked(page, "number"), "Saved on this device.")
    service.start()
    # Mai leaves before her answer went; Long comes in on the same device.
    await page.route("**/c/api/answers", lambda route: route.abort())
    await page.get_by_role("button", name="Not you?").click()
    await page.get_by_role("button", name="Long").click()
    await asked(page, "exit").wait_for()
    await page.unroute("**/c/api/answers")
    left = await page.evaluate("""() => new Promise((done) => {
      const request = indexedDB.open("coteach-answers");
      request.onsuccess = () => {
        const store = (name) => request.result.transaction(name).objectStore(name).getAllKeys();
        const [known, drafts] = [store("known"), store("drafts")];
        drafts.onsuccess = () => done([...known.result, ...drafts.result].map((key) => key[0]));
      };
    })""")
    mine = await page.evaluate("JSON.parse(document.getElementById('coteach-page').textContent).pupil")
    assert set(left) <= {mine}
    await expect(asked(page, "number").get_by_role("textbox")).to_have_value("")
    await write(asked(page, "number"), "22")
    await said(asked(page, "number"), HAS_IT)
    assert stored(service, "Long") == [("q-number", {"number": 22.0})]
    kept = await page.evaluate("""async () => {
      await new Promise((done) => setTimeout(done, 3500));
      const box = await caches.open("coteach-pages");
      return Promise.all((await box.keys()).map(async (name) => (await (await box.match(name)).text())));
    }""")
    assert kept and all("Long" in text and "Mai" not in text for text in kept)
    await page.get_by_role("button", name="Not you?").click()
    await page.get_by_role("button", name="Mai").click()
    await said(asked(page, "number"), HAS_IT)
    assert stored(service)[-1] == ("q-number", {"number": 11.0})


async def test_a_line_that_drops_within_seconds_of_the_first_visit_leaves_the_page_here(
        service, chromium):
    context = await phone(chromium)
    # Straight to the lesson: no page before it has made anything ready.
    await context.request.post(f"{service.url}/c/{service.ids['code']}/enter",
                               form={"card": service.ids["Mai"]},
                               headers={"Sec-Fetch-Site": "same-origin"})
    page = await context.new_page()
    await page.goto(f"{service.url}/c/{service.ids['code']}")
    await page.wait_for_timeout(1500)
    service.end(signal.SIGKILL)
    await page.reload()
    await expect(page.get_by_role("heading", name="All kinds")).to_be_visible()
    await write(asked(page, "number"), "5")
    await said(asked(page, "number"), "Saved on this device.")
    assert await page.evaluate(
        "getComputedStyle(document.querySelector('.ct-question')).borderTopStyle") == "solid"


async def test_a_page_opens_without_a_line_and_answers_there_arrive_later(service, chromium):
    context = await phone(chromium)
    page = await come_in(context, service)
    await asked(page, "choice").get_by_label("The long one").check()
    await said(asked(page, "choice"), HAS_IT)
    await kept_page(page)
    service.end(signal.SIGKILL)
    await page.reload()
    await expect(page.get_by_role("heading", name="All kinds")).to_be_visible()
    await expect(asked(page, "choice").get_by_label("The long one")).to_be_checked()
    await write(asked(page, "number"), "5")
    await said(asked(page, "number"), "Saved on this device.")
    await expect(page.locator(".ct-waits")).to_contain_text(
        "You are offline. Your answers are kept here.")
    await no_sideways(page)
    await shot(page, "page-offline-360")
    # The door leads to her lesson too; an address that was never open says so.
    await page.goto(f"{service.url}/c/")
    await expect(page.get_by_role("heading", name="All kinds")).to_be_visible()
    await page.goto(f"{service.url}/c/QQQQQ")
    await expect(page.locator("body")).to_contain_text("There is no line right now")
    await shot(page, "no-line-360")
    cached = await page.evaluate("""async () => {
      const found = [];
      for (const name of await caches.keys()) {
        for (const request of await (await caches.open(name)).keys()) found.push(request.url);
      }
      return found;
    }""")
    assert not [url for url in cached if "/api/" in url or "/teach" in url]
    service.start()
    await page.goto(f"{service.url}/c/{service.ids['code']}")
    await said(asked(page, "number"), HAS_IT)
    manifest = await page.evaluate(
        "fetch(document.querySelector('link[rel=manifest]').href).then((r) => r.json())")
    assert manifest["start_url"] == "/c/" and len(manifest["icons"]) == 3


async def test_leaving_without_a_line_takes_the_kept_page_away(service, chromium):
    context = await phone(chromium)
    page = await come_in(context, service)
    await kept_page(page)
    service.end(signal.SIGKILL)
    await page.get_by_role("button", name="Not you?").click()
    await expect(page.locator("body")).to_contain_text("There is no line right now")
    await page.goto(f"{service.url}/c/{service.ids['code']}")
    await expect(page.locator("body")).to_contain_text("There is no line right now")
    service.start()
    await page.goto(f"{service.url}/c/{service.ids['code']}")
    await expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()


async def test_a_browser_that_denies_storage_says_so_and_still_sends(service, chromium):
    context = await phone(chromium)
    await context.add_init_script(
        "Object.defineProperty(window, 'indexedDB', {get() { throw new Error('denied'); }})")
    page = await come_in(context, service)
    await context.set_offline(True)
    await asked(page, "choice").get_by_label("The long one").check()
    await said(asked(page, "choice"), "This browser does not let us save.")
    await context.set_offline(False)
    await said(asked(page, "choice"), HAS_IT)
    assert len(stored(service)) == 1


async def test_an_answer_that_is_refused_holds_up_no_other(service, chromium):
    context = await phone(chromium)
    page = await come_in(context, service)
    await context.set_offline(True)
    await write(asked(page, "text"), "x")
    await page.evaluate("""async () => {
      const box = globalThis[Symbol.for("coteach.outbox")];
      await box.add("q-text", {kind: "text", key: "", answer: {text: "x".repeat(1_000_000)}});
    }""")
    await write(asked(page, "number"), "8")
    await context.set_offline(False)
    await said(asked(page, "number"), HAS_IT)
    await said(asked(page, "text"), "Write less.")
    assert stored(service) == [("q-text", {"text": "x"}), ("q-number", {"number": 8.0})]
    await write(asked(page, "text"), "short")
    await said(asked(page, "text"), HAS_IT)
    await page.reload()
    await said(asked(page, "text"), HAS_IT)


async def test_the_teacher_shows_a_poll_and_lets_photos_in(service, chromium):
    context = await phone(chromium)
    page = await come_in(context, service)
    watch = await (await teachers(chromium, service)).new_page()
    await watch.goto(f"{service.url}/c/teach/{service.ids['session']}")
    await watch.get_by_role("button", name="Let pupils send photos").click()
    await watch.get_by_role("button", name="Show the result to the class").click()
    await watch.get_by_role("button", name="Hide the result").wait_for()
    await asked(page, "poll").get_by_label("Evening").check()
    await expect(asked(page, "poll")).to_contain_text("What your class says")
    # The counts go on as others answer, and nobody has to load the page again.
    other = await come_in(await phone(chromium), service, "Long")
    await expect(asked(other, "poll")).not_to_contain_text("What your class says")
    await asked(other, "poll").get_by_label("Evening").check()
    await expect(asked(page, "poll").locator(".ct-bar-count").last).to_have_text("2", timeout=SLOW)
    photo = asked(page, "photo")
    # The page hears of the switch by itself.
    await expect(photo.get_by_text("Take or choose a photo")).to_be_visible(timeout=SLOW)
    await photo.locator("input[type=file]").set_input_files("src/coteach/classroom/static/icon-512.png")
    await said(photo, HAS_IT)
    await expect(photo.get_by_alt_text("Your photo")).to_be_visible()
    await draw(page)
    await said(asked(page, "draw"), HAS_IT)
    shown = watch.get_by_alt_text("A pupil's photo")
    await shown.scroll_into_view_if_needed()
    assert await shown.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 512
    await expect(watch.locator("svg.drawing path").last).to_have_attribute("stroke", "#1d2724")
    await shot(watch, "watch-kinds-1280")
    await watch.set_viewport_size(PHONE)
    await no_sideways(watch)
    await shot(watch, "watch-kinds-360")
    await photo.get_by_role("button", name="Delete the photo").click()
    await said(photo, HAS_IT)
    assert not list((service.settings.layout.blobs / "photos").glob("*/*/*.jpg"))
    assert json.dumps(stored(service)[-1]) == '["q-photo", {"media": ""}]'
