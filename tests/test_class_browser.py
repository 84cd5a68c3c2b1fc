"""A class in real Chromium: pictures open a card, a shared phone, the pace, the pause, the board."""

from __future__ import annotations

import re
import shutil

import pytest
from classroom_browser import SLOW, no_sideways, shot, teachers
from playwright.async_api import expect
from voice_file import write_tone

from coteach.store import Database, cards, classes

PHONE = {"width": 360, "height": 640}
PICTURES = ("crab", "kite", "sun")
PERSONAL = re.compile(r"/c/(api/answers|page/kernels/|api/kernels/)")


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def service(running):
    """The service, with a class of this test."""
    running.new_class(secrets=True)
    return running


class Child:
    """Somebody with a phone who taps, and whose taps are counted."""

    def __init__(self, page, service) -> None:
        self.page, self.service, self.taps = page, service, 0
        page.set_default_timeout(SLOW)

    async def tap(self, locator) -> None:
        await locator.tap()
        self.taps += 1

    async def code(self) -> None:
        """Type the code, from the first page on."""
        await self.page.goto(f"{self.service.url}/c/")
        await self.page.get_by_label("The letters on the board").fill(self.service.ids["code"])
        await self.tap(self.page.get_by_role("button", name="Go in"))

    async def card(self, name: str, pictures=PICTURES) -> None:
        """Tap the card and the pictures."""
        await self.tap(self.page.get_by_role("button", name=name))
        secret = self.page.locator("#secret")
        choosing = await secret.get_attribute("data-choosing") == "yes"
        await no_sideways(self.page)
        for picture in pictures:
            await self.tap(secret.get_by_role("button", name=picture))
        if choosing:
            await self.tap(secret.get_by_role("button", name="Keep these"))

    async def lesson(self) -> None:
        """Wait for the lesson's text."""
        await self.page.get_by_role("heading", name="The swing").wait_for()


async def phone(chromium, service, **options) -> Child:
    """A phone of 360 x 640."""
    context = await chromium.new_context(**{
        "viewport": PHONE, "has_touch": True, "locale": "en-US", **options})
    return Child(await context.new_page(), service)


async def test_a_child_is_in_with_six_taps_and_nothing_is_asked_that_she_has_not(
        service, chromium):
    child = await phone(chromium, service)
    await child.code()
    await child.card("Mai")
    await child.lesson()
    assert child.taps <= 6
    again = await phone(chromium, service)
    fields = []
    again.page.on("load", lambda page: fields.append(page.url))
    await again.code()
    assert not await again.page.locator("input[type=email], input[type=password]").count()
    await again.card("Mai")
    await again.lesson()
    assert again.taps == 5 and fields


async def test_the_pictures_are_buttons_with_names_that_the_keyboard_reaches(service, chromium):
    child = await phone(chromium, service)
    await child.code()
    await child.tap(child.page.get_by_role("button", name="Mai"))
    all_pictures = child.page.locator("#secret .secret-pictures button")
    await expect(all_pictures).to_have_count(16)
    for place in range(16):
        box = await all_pictures.nth(place).bounding_box()
        assert box["width"] >= 44 and box["height"] >= 44
        assert box["y"] + box["height"] <= PHONE["height"] + 200
    order = await all_pictures.all_inner_texts()
    await child.page.reload()
    assert await all_pictures.all_inner_texts() == order, "a place is learnt with its picture"
    await child.page.keyboard.press("Tab")
    for picture in PICTURES:
        await child.page.get_by_role("button", name=picture).focus()
        await child.page.keyboard.press("Enter")
    said = child.page.get_by_role("status")
    await expect(said).to_contain_text("3 of 3: crab, kite, sun")
    await expect(child.page.get_by_role("button", name="Keep these")).to_be_focused()
    await shot(child.page, "secret-keep-360")
    await child.page.keyboard.press("Enter")
    await child.lesson()


async def test_a_line_that_is_cut_between_the_taps_loses_none_of_them(service, chromium):
    child = await phone(chromium, service)
    await child.code()
    await child.tap(child.page.get_by_role("button", name="Mai"))
    secret = child.page.locator("#secret")
    await secret.get_by_role("button", name="crab").tap()
    await child.page.context.set_offline(True)
    for picture in ("kite", "sun", "Keep these"):
        await secret.get_by_role("button", name=picture).tap()
    await expect(child.page.get_by_role("alert")).to_contain_text("The line is down.")
    await no_sideways(child.page)
    await child.page.context.set_offline(False)
    await child.lesson()
    await child.page.context.clear_cookies()
    await child.code()
    await child.card("Mai", ("owl", "kite", "sun"))
    await expect(child.page.get_by_role("alert")).to_have_text(
        "These are not the three pictures of this card. Their order counts. "
        "If you don't remember them, ask your teacher.")
    for picture in PICTURES:
        await secret.get_by_role("button", name=picture).tap()
    await child.lesson()


async def test_a_second_child_on_the_same_phone_reaches_nothing_of_the_first(service, chromium):
    child = await phone(chromium, service)
    visited: set[str] = set()
    child.page.on("request", lambda request: visited.add(request.url))
    child.page.on("websocket", lambda socket: visited.add(socket.url.replace("ws:", "http:")))
    await child.code()
    await child.card("Mai")
    await child.lesson()
    question = child.page.locator(".ct-question", has_text="Which swing is slower?")
    await question.get_by_label("The long one").check()
    await expect(question.get_by_role("status")).to_contain_text("Your teacher has it.",
                                                                 timeout=SLOW)
    child.taps = 0
    seen = set(visited)
    await child.tap(child.page.get_by_role("button", name="Not you?"))
    await child.tap(child.page.get_by_role("button", name="Long"))
    assert child.taps == 2
    for picture in PICTURES:
        await child.page.locator("#secret").get_by_role("button", name=picture).tap()
    await child.page.get_by_role("button", name="Keep these").tap()
    await child.lesson()
    await expect(child.page.locator(".me-name")).to_have_text("Long")
    other = child.page.locator(".ct-question", has_text="Which swing is slower?")
    await other.wait_for()
    assert not await other.get_by_label("The long one").is_checked()

    personal = {url for url in seen if PERSONAL.search(url)}
    assert any("/c/api/answers?pupil=" in url for url in personal)
    for url in sorted(seen):
        got = await child.page.request.get(url)
        if url in personal:
            assert got.status in (403, 404), (url, got.status)
        else:
            assert b"me-name\">Mai" not in await got.body(), url
    for _step in range(4):
        await child.page.go_back(timeout=SLOW)
        await child.page.wait_for_timeout(400)
        # The door of her card may come again; it shows what all cards show, and no picks.
        picks = child.page.locator("#picks")
        assert not await picks.count() or not await picks.input_value()
        strip = child.page.locator("body:has(#ct-main) .me-name")
        assert not await strip.count() or "Mai" not in await strip.first.inner_text()
        for place in range(await (checked := child.page.get_by_label("The long one")).count()):
            assert not await checked.nth(place).is_checked()


async def test_a_card_that_waits_is_opened_by_one_tap_of_the_teacher(service, chromium):
    first = await phone(chromium, service)
    await first.code()
    await first.card("Mai")
    await first.lesson()
    page = await (await teachers(chromium, service)).new_page()
    await page.goto(f"{service.url}/c/teach/{service.ids['session']}")
    assert not await page.locator("#waiting form").count()
    second = await phone(chromium, service)
    await second.code()
    await second.tap(second.page.get_by_role("button", name="Mai"))
    for _try in range(5):
        for picture in ("owl", "moon", "drum"):
            await second.page.locator("#secret").get_by_role("button", name=picture).tap()
        await second.page.get_by_role("alert").or_(second.page.get_by_text(
            "Your card waits for your teacher")).first.wait_for()
        await shot(second.page, f"secret-wrong-{_try}-360")
    await expect(second.page.get_by_role("heading")).to_have_text(
        "Your card waits for your teacher")
    await shot(page, "teacher-card-waits-1280")
    await page.get_by_role("button", name="Let Mai choose new pictures").click()
    await expect(page.locator("#waiting form")).to_have_count(0)
    await second.page.get_by_role("link", name="Back to the cards").tap()
    await second.card("Mai", ("owl", "moon", "drum"))
    await second.lesson()


async def test_a_pupils_page_follows_the_pace_the_pause_and_what_is_shown(service, chromium):
    child = await phone(chromium, service)
    await child.code()
    await child.card("Mai")
    await child.lesson()
    ask = child.page.get_by_role("heading", name="What do you think?")
    await expect(ask).to_be_visible()
    page = await (await teachers(chromium, service)).new_page()
    await page.goto(f"{service.url}/c/teach/{service.ids['session']}")
    await expect(page.locator("#here-count")).to_have_text("1 of 3")

    await page.get_by_role("button", name="Up to here: Move the slider").click()
    await expect(page.locator("#pace-said")).to_have_text("Pupils read up to “Move the slider”.")
    await expect(ask).to_be_hidden(timeout=SLOW)
    await expect(child.page.locator(".ct-beyond")).to_be_visible()
    await no_sideways(child.page)
    await shot(child.page, "pupil-pace-360")
    await child.page.reload()
    await child.lesson()
    await expect(ask).to_be_hidden()
    await page.get_by_role("button", name="Let pupils read on as they like").click()
    await expect(ask).to_be_visible(timeout=SLOW)
    await expect(child.page.locator(".ct-beyond")).to_have_count(0)

    words = child.page.locator(".ct-question", has_text="Why?").locator("textarea, input").first
    await words.wait_for()
    await words.fill("because it is")
    await words.evaluate("field => { field.focus(); field.setSelectionRange(3, 3); }")
    await page.get_by_role("button", name="Pause: eyes up").click()
    curtain = child.page.get_by_role("alertdialog", name="Eyes up")
    await expect(curtain).to_be_visible(timeout=SLOW)
    await shot(child.page, "pupil-eyes-up-360")
    await shot(page, "teacher-paused-1280")
    for _press in range(3):
        await child.page.keyboard.press("Tab")
    assert await child.page.evaluate("!document.activeElement.closest('#ct-main')")
    await page.get_by_role("button", name="Go on").click()
    await expect(curtain).to_have_count(0, timeout=SLOW)
    await expect(words).to_have_value("because it is")
    await expect(words).to_be_focused()
    assert await words.evaluate("field => field.selectionStart") == 3

    await child.page.evaluate("scrollTo(0, 0)")
    await page.get_by_role("button", name="Show to the class: What do you think?").click()
    shown = child.page.locator(".ct-showing")
    await expect(shown).to_contain_text("Your teacher is showing you this part.", timeout=SLOW)
    await expect(ask).to_be_in_viewport()
    # What is shown is not under the words that say so, once the page has scrolled there.
    await child.page.wait_for_function("""() => {
      const bar = document.querySelector(".ct-showing").getBoundingClientRect();
      const heading = document.querySelector(".ct-lit :is(h1, h2, h3)").getBoundingClientRect();
      return bar.height <= 100 && heading.top >= bar.bottom && heading.top < innerHeight / 2;
    }""")
    await no_sideways(child.page)
    await shot(child.page, "pupil-shown-360")
    await child.page.get_by_role("button", name="Back to where I was").tap()
    await expect(shown).to_have_count(0)
    await page.get_by_role("button", name="Stop showing: What do you think?").click()
    await expect(child.page.locator(".ct-lit")).to_have_count(0, timeout=SLOW)
    await shot(page, "teacher-watch-1280")
    await page.set_viewport_size({"width": 360, "height": 740})
    await no_sideways(page)
    await shot(page, "teacher-watch-360")


async def test_the_longest_nickname_stays_on_its_card(service, chromium):
    database = Database.of(service.settings)
    with database.session() as session:
        mine = classes.get(session, service.ids["class-lan"])
        classes.add_card(session, mine, nickname="W" * 24, picture="crab")
    database.close()
    page = await (await teachers(chromium, service, viewport=PHONE)).new_page()
    await page.goto(f"{service.url}/c/teach/class/{service.ids['class-lan']}")
    name = page.get_by_text("W" * 24)
    await no_sideways(page)
    assert await name.evaluate("""one => {
      const card = one.closest("li").getBoundingClientRect();
      return one.getBoundingClientRect().right <= card.right && card.right <= innerWidth;
    }""")
    await shot(page, "cards-long-name-360")


async def test_the_live_view_of_sixty_pupils_fits_a_phone(service, chromium):
    database = Database.of(service.settings)
    with database.session() as session:
        mine = classes.get(session, service.ids["class-lan"])
        made = [classes.add_card(session, mine, nickname=f"Pupil number {n}", picture="whale")
                for n in range(57)]
        made[0].tries = cards.MOST_TRIES
    database.close()
    page = await (await teachers(chromium, service, viewport=PHONE)).new_page()
    await page.goto(f"{service.url}/c/teach/{service.ids['session']}")
    await expect(page.locator("#here-count")).to_have_text("0 of 60")
    await expect(page.locator("#people li")).to_have_count(60)
    await expect(page.get_by_text("Pupil number 0 can't come in")).to_be_visible()
    assert not await page.get_by_text("Pupil number 1", exact=True).count(), "names are hidden"
    await no_sideways(page)
    people = await page.locator("#people").bounding_box()
    assert people["height"] < 2 * PHONE["height"]
    await page.get_by_label("Show names").check()
    await expect(page.get_by_text("Pupil number 1", exact=True)).to_be_visible()
    await no_sideways(page)
    await page.get_by_role("button", name="Let Pupil number 0 try again").click()
    await expect(page.locator("#waiting form")).to_have_count(0)


@pytest.fixture
def voice(running):
    """A voice beside the lesson's first cell."""
    file = running.settings.layout.lessons / "swing/assets/voice/vi/intro.opus"
    write_tone(file, seconds=1)
    yield file
    shutil.rmtree(file.parents[2])


async def test_a_recorded_voice_plays_and_is_loaded_only_when_it_is_asked_for(
        voice, service, chromium):
    child = await phone(chromium, service)
    asked = []
    child.page.on("request", lambda request: asked.append(request.url))
    await child.code()
    await child.card("Mai")
    await child.lesson()
    player = child.page.locator("audio")
    await expect(player).to_have_count(1)
    await expect(child.page.locator(".ct-cell", has=player)).to_contain_text(
        "Spoken in Vietnamese; there is no English voice yet.")
    await no_sideways(child.page)
    await shot(child.page, "pupil-voice-360")
    assert not [url for url in asked if "/voice/" in url]
    heard = await player.evaluate("""async (audio) => {
      audio.muted = true;
      await audio.play();
      await new Promise((done) => { audio.ontimeupdate = () => audio.currentTime > 0.1 && done(); });
      return audio.duration;
    }""")
    assert 0.9 < heard < 1.2 and [url for url in asked if "/voice/vi/intro.opus" in url]


async def test_a_pause_on_a_line_that_is_down_holds_nobody_up(service, chromium):
    child = await phone(chromium, service)
    await child.page.clock.install()
    await child.code()
    await child.card("Mai")
    await child.lesson()
    page = await (await teachers(chromium, service)).new_page()
    await page.goto(f"{service.url}/c/teach/{service.ids['session']}")
    await page.get_by_role("button", name="Pause: eyes up").click()
    curtain = child.page.locator(".ct-curtain")
    await expect(curtain).to_be_visible(timeout=SLOW)
    assert not await curtain.get_by_role("button").count()
    await child.page.context.set_offline(True)
    await child.page.clock.fast_forward(60_000)
    await expect(curtain).to_contain_text("Your line is down. You can go on reading.")
    await curtain.get_by_role("button", name="Go on").tap()
    await expect(curtain).to_have_count(0)
    await expect(child.page.get_by_role("heading", name="The swing")).to_be_visible()
    await child.page.context.set_offline(False)
    await expect(curtain).to_be_visible(timeout=SLOW)


async def test_a_class_that_is_closed_in_a_pause_says_so_and_covers_nothing(service, chromium):
    child = await phone(chromium, service)
    await child.code()
    await child.card("Mai")
    await child.lesson()
    page = await (await teachers(chromium, service)).new_page()
    await page.goto(f"{service.url}/c/teach/{service.ids['session']}")
    await page.get_by_role("button", name="Pause: eyes up").click()
    curtain = child.page.locator(".ct-curtain")
    await expect(curtain).to_be_visible(timeout=SLOW)
    await page.get_by_role("link", name="Close the class").click()
    await page.get_by_role("button", name="Close the class").click()
    await expect(child.page.get_by_text("Your teacher has closed this class.")).to_be_visible(
        timeout=SLOW)
    await expect(curtain).to_have_count(0, timeout=10_000)


async def test_a_pupil_whose_teacher_signs_her_out_is_back_at_the_cards(service, chromium):
    child = await phone(chromium, service)
    await child.code()
    await child.card("Mai")
    await child.lesson()
    context = await teachers(chromium, service)
    page = await context.new_page()
    await page.goto(f"{service.url}/c/teach/class/{service.ids['class-lan']}")
    await page.get_by_role("link", name="Mai").click()
    await shot(page, "teacher-card-1280")
    await page.get_by_role("button", name="Sign this card out everywhere").click()
    await expect(child.page.get_by_role("heading", name="Who are you?")).to_be_visible(
        timeout=SLOW)
