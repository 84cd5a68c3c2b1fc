"""What a class page does around its widgets: its place, the class, questions, few bytes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import nbformat
import pytest
from classroom_browser import SHOTS, shot
from page_browser import NO_PREFETCH, WAVES, live, narrow, opened, woken
from page_site import Counted, notebook, page_site
from playwright.async_api import Request, expect

TIDES = Path(__file__).parents[1] / "courses" / "lessons" / "tides"
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_page_opens_where_it_was_left(settings, chromium):
    cells = [f"#md ## Part {n}\n\n" + "Words to read. " * 120 for n in range(8)]
    async with page_site(settings, *cells) as site:
        page = await opened(chromium, site)
        await page.get_by_role("heading", name="Part 5").scroll_into_view_if_needed()
        await page.mouse.wheel(0, 300)
        await page.wait_for_timeout(800)
        place = await page.evaluate("scrollY")
        assert place > 1000
        again = await page.context.new_page()
        await again.goto(site.url)
        await again.wait_for_timeout(300)
        assert abs(await again.evaluate("scrollY") - place) < 3


async def test_the_class_speaks_to_its_pages(settings, chromium):
    async with page_site(settings, WAVES) as site:
        site.state = {"open": True, "lesson": site.page.digest, "paused": False}
        page = await opened(chromium, site)
        await page.evaluate("document.addEventListener('ct-state', (event) => { window.heard = event.detail })")
        await page.wait_for_function("window.heard?.paused === false")
        notice = page.locator("#ct-notice")
        await expect(notice).not_to_be_visible()
        site.shown = notebook("#md A newer lesson", WAVES)
        site.state = {"open": True, "lesson": site.page.digest, "paused": True}
        await expect(notice).to_contain_text("There is a new version of this lesson.", timeout=8000)
        await notice.get_by_role("button", name="Load it").click()
        await expect(page.get_by_text("A newer lesson")).to_be_visible()
        await woken(page)
        site.closed = True
        await expect(notice).to_contain_text("Your teacher has closed this class.", timeout=8000)


async def test_a_page_of_text_alone_fills_itself_in(settings, chromium):
    async with page_site(settings, WAVES) as site:
        page = await opened(chromium, site)
        site.shown = notebook("#md Text first", "import time; time.sleep(2)", WAVES)
        await page.goto(site.url)
        await expect(page.get_by_text("Text first")).to_be_visible()
        await expect(page.locator(".ct-waiting")).to_have_count(2)
        await expect(page.locator(".ct-waiting")).to_have_count(0)
        await page.locator("input[type=range]").focus()
        await page.keyboard.press("End")
        await expect(page.locator(".ct-widget[data-live] pre")).to_have_text("n is 9")
        assert not page.faults


async def test_a_question_among_widgets_stays_a_form(settings, chromium):
    async with page_site(settings, """
import ipywidgets
from coteach_widgets import Choice
ipywidgets.VBox([ipywidgets.IntSlider(description="Many"), Choice("Which one?", ["This", "That"], key="which")])
""") as site:
        page = await opened(chromium, site)
        await expect(page.locator(".ct-question[data-live]")).to_have_count(1)
        await page.get_by_label("Many").focus()
        await page.keyboard.press("ArrowRight")
        await live(page)
        await expect(page.locator(".ct-widget[data-live] .ct-question[data-live]")).to_have_count(1)
        await page.get_by_label("That").check()
        assert not page.faults


@pytest.mark.parametrize("width", [360, 1280])
async def test_the_first_view_and_the_first_widget_are_small(settings, chromium, width):
    shown = nbformat.read(TIDES / "lesson.ipynb", as_version=4)
    async with page_site(settings, shown=shown, folder=TIDES) as site, Counted(site.port) as line:
        context = await chromium.new_context(viewport={"width": width, "height": 740}, locale="en-US")
        await context.add_init_script(NO_PREFETCH)
        page = await context.new_page()
        pictures: list[Request] = []
        page.on("requestfinished", lambda request: pictures.append(request)
                if request.resource_type == "image" else None)
        await page.goto(site.url.replace(str(site.port), str(line.port)), wait_until="networkidle")
        shown_pictures = sum([(await one.sizes())["responseBodySize"] for one in pictures])
        assert shown_pictures > 10_000
        first = line.down - shown_pictures
        assert first < 50_000, "the first view may be 60 kB without its pictures"
        await narrow(page)
        await shot(page, f"tides-{width}-asleep")
        before = line.down
        await page.locator("input[type=range]").first.focus()
        await page.keyboard.press("ArrowRight")
        await live(page)
        await expect(page.locator(".widget-readout")).to_have_text("8.5")
        started = line.down - before
        assert first + started < 300_000, "and 500 kB with the first widget, pictures and all"
        await page.wait_for_timeout(1000)
        down, up = line.down, line.up
        await page.keyboard.press("ArrowRight")
        await page.wait_for_timeout(1000)
        moved = line.down - down
        # One new plot, once, and nothing of it goes back up.
        assert moved < 1.6 * shown_pictures and line.up - up < 3000, (moved, line.up - up)
        await narrow(page)
        await shot(page, f"tides-{width}-live")
        if SHOTS:
            sizes = {"first view": first, "pictures": shown_pictures, "first widget": started, "a move": moved}
            await asyncio.to_thread(Path(SHOTS, f"tides-{width}.json").write_text, json.dumps(sizes))
