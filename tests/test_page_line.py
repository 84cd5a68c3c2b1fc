"""A class page whose line or kernel is away, or late: said in words, and found again."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest
from classroom_browser import shot
from page_browser import WAVES, live, only_kernel, opened, woken
from page_site import page_site
from playwright.async_api import expect

GOOD_LINE = ("Object.defineProperty(navigator, 'connection', "
             "{value: {saveData: false, effectiveType: '4g', downlink: 9}});")
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_reload_and_a_second_tab_keep_the_kernel_and_what_it_shows(settings, chromium):
    async with page_site(settings, WAVES) as site:
        page = await opened(chromium, site)
        await page.locator("input[type=range]").focus()
        await page.keyboard.press("End")
        await expect(page.locator(".ct-widget[data-live] pre")).to_have_text("n is 9")
        kernel = only_kernel(site)
        for _again in range(3):
            await page.reload()
            await live(page)
        await expect(page.locator(".ct-widget pre")).to_have_text("n is 9")
        other = await page.context.new_page()
        await other.goto(site.url)
        await live(other)
        await expect(other.locator(".widget-readout")).to_have_text("9")
        assert only_kernel(site) == kernel


async def test_a_killed_kernel_is_noticed_and_a_new_one_continues_where_it_was(settings, chromium):
    long = "#md " + "\n\n".join(f"Paragraph {n} of what there is to read." for n in range(60))
    async with page_site(settings, long, WAVES, long) as site:
        page = await opened(chromium, site)
        await page.locator("input[type=range]").focus()
        await page.keyboard.press("End")
        await expect(page.locator(".ct-widget[data-live] pre")).to_have_text("n is 9")
        kernel, place = only_kernel(site), await page.evaluate("scrollY")
        assert place > 500
        os.kill(site.pages.kernels.owners[kernel].pid, signal.SIGKILL)
        notice = page.locator("#ct-notice")
        await expect(notice).to_contain_text("The moving parts of this page have stopped", timeout=5000)
        await shot(page, "gone-360")
        await notice.get_by_role("button", name="Start them again").click()
        await expect(notice).not_to_be_visible()
        await live(page)
        await expect(page.locator(".ct-widget .widget-readout")).to_have_text("9")
        await expect(page.locator(".ct-widget pre")).to_have_text("n is 9")
        assert only_kernel(site) != kernel
        assert abs(await page.evaluate("scrollY") - place) < 5
        await page.locator(".noUi-handle").focus()
        await page.keyboard.press("Home")
        await expect(page.locator(".ct-widget pre")).to_have_text("n is 1")
        assert not page.faults


async def test_a_line_that_is_down_is_no_dead_kernel(settings, chromium):
    async with page_site(settings, WAVES) as site:
        page = await opened(chromium, site)
        await woken(page)
        kernel = only_kernel(site)
        notice = page.locator("#ct-notice")
        await page.context.set_offline(True)
        await expect(notice).to_contain_text("Your line is down. What you wrote is kept.", timeout=5000)
        await page.locator(".noUi-handle").focus()
        await page.keyboard.press("End")
        await page.context.set_offline(False)
        await expect(notice).not_to_be_visible()
        await expect(page.locator(".ct-widget pre")).to_have_text("n is 9")
        assert only_kernel(site) == kernel


async def test_a_service_that_is_away_is_named_and_found_again(settings, chromium):
    async with page_site(settings, WAVES) as site:
        page = await opened(chromium, site)
        await woken(page)
        kernel = only_kernel(site)
        await site.stop()
        notice = page.locator("#ct-notice")
        await expect(notice).to_contain_text("can't be reached just now", timeout=5000)
        await page.locator(".noUi-handle").focus()
        await page.keyboard.press("End")
        site.start()
        await expect(notice).not_to_be_visible(timeout=8000)
        await expect(page.locator(".ct-widget pre")).to_have_text("n is 9")
        await page.keyboard.press("ArrowLeft")
        await expect(page.locator(".ct-widget pre")).to_have_text("n is 8")
        assert only_kernel(site) == kernel


async def test_who_waits_in_line_knows_her_place_and_reads_on(settings, chromium):
    async with page_site(replace(settings, lesson_kernels=1), WAVES) as site:
        digest = site.pages.add(site.page)
        taken, _place = await site.pages.ask_kernel("long", digest)
        assert taken
        page = await opened(chromium, site)
        await page.locator("input[type=range]").focus()
        await page.keyboard.press("End")
        await expect(page.locator(".ct-widget-state")).to_have_text("You are number 1 in line. You can read on.")
        await shot(page, "queue-360")
        await site.pages.kernels.close_of("long")
        await expect(page.locator(".ct-widget[data-live] pre")).to_have_text("n is 9")


async def test_a_start_that_failed_for_the_line_is_made_when_that_is_back(settings, chromium):
    async with page_site(settings, WAVES) as site:
        page = await opened(chromium, site)
        await page.context.set_offline(True)
        await page.locator("input[type=range]").focus()
        await page.keyboard.press("End")
        state = page.locator(".ct-widget-state")
        await expect(state).to_contain_text("Your line is down. This waits until it is back.")
        # Beside the slider, not below the picture.
        above = "one => Boolean(one.previousElementSibling.querySelector('input, .noUi-handle'))"
        assert await state.evaluate(above) and await page.locator(".ct-widget-state + * img").count()
        await shot(page, "offline-asleep-360")
        await page.context.set_offline(False)
        await expect(page.locator(".ct-widget[data-live] pre")).to_have_text("n is 9")
        await expect(state).to_have_count(0)
        await page.context.set_offline(True)
        await page.locator(".noUi-handle").focus()
        await page.locator(".noUi-handle").press("ArrowLeft")
        await expect(state).to_have_text("Your line is down. This waits until it is back.")
        assert await page.locator(".ct-widget-state + *").count()
        await shot(page, "offline-live-360")
        await page.context.set_offline(False)
        await expect(page.locator(".ct-widget[data-live] pre")).to_have_text("n is 8")
        await expect(state).to_have_count(0)


async def test_a_start_that_fails_can_be_tried_again(settings, chromium):
    async with page_site(settings, WAVES) as site:
        page = await opened(chromium, site)
        await page.route("**/kernel", lambda route: route.abort())
        # No hand but the reader's own.
        await page.route("**/runtime-*.js", lambda route: route.abort()
                         if route.request.method == "HEAD" else route.continue_())
        await page.locator("input[type=range]").focus()
        await page.keyboard.press("End")
        state = page.locator(".ct-widget-state")
        await expect(state).to_contain_text("could not be started. You can read on.")
        await shot(page, "failed-360")
        await page.unroute("**/kernel")
        await state.get_by_role("button", name="Try again").click()
        await expect(page.locator(".ct-widget[data-live] pre")).to_have_text("n is 9")
        await expect(state).to_have_count(0)


async def test_on_a_good_line_the_widgets_are_ready_before_the_first_touch(settings, chromium):
    async with page_site(settings, WAVES) as site:
        page = await opened(chromium, site, line=GOOD_LINE.replace("saveData: false", "saveData: true"))
        await page.wait_for_timeout(2500)
        assert await page.locator("[data-live]").count() == 0 and not site.pages.kernels.owners
        page = await opened(chromium, site, line=GOOD_LINE)
        await live(page)
