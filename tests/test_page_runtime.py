"""A class page in real Chromium: asleep, touched, live; its controls and what they show."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from classroom_browser import shot
from page_browser import (
    CONTROLS,
    NO_PREFETCH,
    WAVES,
    live,
    narrow,
    only_kernel,
    opened,
    slowly,
    woken,
)
from page_site import page_site
from playwright.async_api import Route, expect

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_first_touch_is_carried_over_and_then_each_move_redraws_the_plot(settings, chromium):
    async with page_site(settings, "#md # Waves", WAVES) as site:
        page = await opened(chromium, site)
        asleep = page.locator("input[type=range]")
        await expect(page.get_by_label("Waves")).to_have_value("3")
        plot = page.locator(".ct-widget img")
        before = await plot.get_attribute("src")
        # Nobody touches a page slower than its scripts come: hold them up a little.
        await page.route("**/runtime/part-*", slowly)
        await asleep.focus()
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowRight")
        await expect(page.locator(".widget-readout")).to_have_text("5")
        await live(page)
        await expect(page.locator(".ct-widget pre")).to_have_text("n is 5")
        await expect(plot).not_to_have_attribute("src", before)
        assert await page.evaluate("document.activeElement.classList.contains('noUi-handle')")
        assert await page.evaluate("document.activeElement.getAttribute('aria-label')") == "Waves"
        moved = await plot.get_attribute("src")
        await page.keyboard.press("ArrowRight")
        await expect(page.locator(".ct-widget pre")).to_have_text("n is 6")
        await expect(plot).not_to_have_attribute("src", moved)
        assert await plot.count() == 1 and not page.faults
        assert await page.locator(".ct-widget-state").count() == 0


async def test_every_control_looks_the_same_asleep_and_live_and_answers(settings, chromium):
    async with page_site(settings, CONTROLS) as site:
        page = await opened(chromium, site)
        await narrow(page)
        await shot(page, "controls-360-asleep")
        where = """() => Object.fromEntries([...document.querySelectorAll(".ct-widget .widget-label")]
            .filter((one) => one.checkVisibility()).map((one) =>
            [one.textContent, Math.round(one.getBoundingClientRect().top + scrollY)]))"""
        asleep = await page.evaluate(where)
        knobs = await page.evaluate("""() => [...document.querySelectorAll(".ct-widget .widget-hslider .ct-range")]
            .filter((one) => one.checkVisibility()).map((one) => { const box = one.getBoundingClientRect();
            return box.left + 15 + (box.width - 30) * (one.value - one.min) / (one.max - one.min); })""")
        await woken(page)
        alive = await page.evaluate(where)
        assert set(asleep) <= set(alive) and len(asleep) > 20
        # A knob stays under the finger: less than a point from where it was.
        assert max(abs(a - b) for a, b in zip(knobs, await page.evaluate("""() =>
            [...document.querySelectorAll(".ct-widget .widget-hslider .noUi-handle")].filter((one) => one.checkVisibility())
            .map((one) => one.getBoundingClientRect().left + 15)"""), strict=True)) < 1.01
        far = {name: alive[name] - top for name, top in asleep.items() if abs(alive[name] - top) > 6}
        assert not far, far
        await narrow(page)
        small = await page.evaluate("""() => [...document.querySelectorAll(".ct-widget :is(button, select, summary, "
            + "textarea, input:not([type=checkbox], [type=radio]), .lm-TabBar-tab, .widget-radio-box label, "
            + ".widget-checkbox label, .jupyter-widget-Collapse-header)")].filter((one) => one.checkVisibility()
            && one.getBoundingClientRect().height < 44).map((one) => one.outerHTML)""")
        assert not small, small
        await shot(page, "controls-360-live")
        log = page.locator(".jupyter-widgets-output-area").first

        async def told(what: str) -> None:
            await expect(log).to_contain_text(what)

        for name, want in (("slider", "slider=4"), ("floating", "floating=0.6"), ("range", "range=(3, 5)"),
                           ("log", "log=12.58"), ("named", "named='three'"), ("between", "between=('two', 'two')"),
                           ("upright", "upright=6")):
            row = page.locator(".widget-slider", has=page.locator(f".widget-label:text-is('{name}')"))
            await row.locator(".noUi-handle").first.focus()
            await page.keyboard.press("ArrowUp" if name == "upright" else "ArrowRight")
            await told(want)
        for name, text, want in (("whole", "7", "whole=7"), ("bounded", "9", "bounded=3.0"), ("words", "bye", "words='bye'"),
                                 ("secret", "s3", "secret='s3'"), ("area", "new", "area='new'"),
                                 ("combo", "Oslo", "combo='Oslo'"), ("day", "2027-01-02", "day=datetime.date(2027, 1, 2)"),
                                 ("clock", "10:45", "clock=datetime.time(10, 45"),
                                 ("moment", "2027-01-02T10:45", "moment=datetime.datetime(2027, 1, 2, 10, 45")):
            field = page.get_by_label(name, exact=True)
            await field.fill(text)
            await field.press("Tab")
            await told(want)
        await page.get_by_label("check").check()
        await told("check=True")
        await page.get_by_role("button", name="toggle").click()
        await told("toggle=True")
        await page.get_by_label("drop").select_option("blue")
        await told("drop='blue'")
        await page.get_by_label("select", exact=True).select_option("z")
        await told("select='z'")
        await page.get_by_label("several").select_option(["p", "r"])
        await told("several=('p', 'r')")
        await page.get_by_label("far").check()
        await told("radio='far'")
        await page.get_by_role("button", name="fast").click()
        await told("buttons='fast'")
        await page.locator(".widget-colorpicker input[type=text]").fill("#112233")
        await page.keyboard.press("Tab")
        await told("colour='#112233'")
        await page.get_by_role("button", name="press").click()
        await told("pressed;")
        await page.locator(".widget-play button").first.click()
        await told("play=3")
        await page.get_by_text("Two", exact=True).click()
        await expect(page.get_by_text("second tab")).to_be_visible()
        await expect(page.get_by_text("first tab")).not_to_be_visible()
        await page.get_by_text("Open me").click()
        await expect(page.get_by_text("folded")).to_be_visible()
        await expect(page.get_by_text("not shown")).to_have_count(0)
        await narrow(page)
        assert not page.faults


async def test_what_is_done_while_the_scripts_come_is_done(settings, chromium):
    async with page_site(settings, CONTROLS) as site:
        page = await opened(chromium, site, width=1280)
        await shot(page, "controls-1280-asleep")
        go = asyncio.Event()

        async def held(route: Route) -> None:
            await go.wait()
            await route.continue_()

        await page.route("**/runtime/part-*", held)
        await page.get_by_label("check").check()
        await page.get_by_label("drop").select_option(label="blue")
        await page.get_by_label("several").select_option(label=["p", "r"])
        await page.get_by_label("far").check()
        await page.get_by_role("button", name="fast").click()
        await page.get_by_role("button", name="toggle").click()
        await page.get_by_role("button", name="press").click()
        await page.get_by_label("day").fill("2027-01-02")
        await page.get_by_label("clock").fill("10:45")
        await page.get_by_label("moment").fill("2027-01-02T10:45")
        await page.get_by_label("colour").first.fill("#112233")
        await page.get_by_label("range to").fill("8")
        await page.get_by_label("log", exact=True).fill("2")
        await page.get_by_label("named").fill("2")
        await page.get_by_text("Two", exact=True).click()
        await expect(page.get_by_text("second tab")).to_be_visible()
        await expect(page.locator(".ct-widget-state")).to_contain_text("Getting this part ready")
        await page.get_by_label("words").fill("hello there")
        await page.wait_for_timeout(100)
        assert await page.locator("[data-live]").count() == 0
        go.set()
        await live(page)
        log = page.locator(".jupyter-widgets-output-area").first
        for want in ("check=True", "drop='blue'", "several=('p', 'r')", "radio='far'", "buttons='fast'",
                     "toggle=True", "pressed;", "day=datetime.date(2027, 1, 2)", "clock=datetime.time(10, 45)",
                     "moment=datetime.datetime(2027, 1, 2, 10, 45", "colour='#112233'", "range=(2, 8)", "log=100.0",
                     "named='three'", "words='hello there'"):
            await expect(log).to_contain_text(want)
        await expect(log).not_to_contain_text("pressed;pressed;")
        await expect(page.get_by_text("second tab")).to_be_visible()
        # The caret is where it was.
        assert await page.evaluate("document.activeElement.value") == "hello there"
        await page.keyboard.type("!")
        await expect(page.get_by_label("words")).to_have_value("hello there!")
        await shot(page, "controls-1280-live")
        assert not page.faults


async def test_a_hand_that_is_faster_than_the_script_is_not_lost(settings, chromium):
    async with page_site(settings, WAVES) as site:
        context = await chromium.new_context(viewport={"width": 360, "height": 740})
        await context.add_init_script(NO_PREFETCH)
        page = await context.new_page()
        go = asyncio.Event()

        async def held(route: Route) -> None:
            await go.wait()
            await route.continue_()

        await page.route("**/runtime/page-*", held)
        await page.goto(site.url, wait_until="commit")
        await page.locator("input[type=range]").focus()
        await page.keyboard.press("End")
        await page.evaluate("document.activeElement.blur()")
        go.set()
        await expect(page.locator(".ct-widget[data-live] pre")).to_have_text("n is 9", timeout=30_000)


async def test_a_page_that_nobody_touches_takes_no_kernel(settings, chromium):
    between = "import ipywidgets; ipywidgets.FloatLogSlider(value=50, base=10, min=-1, max=3)"
    async with page_site(settings, CONTROLS, between, WAVES) as site:
        page = await opened(chromium, site)
        await page.reload(wait_until="networkidle")
        await page.wait_for_timeout(1000)
        assert not site.pages.kernels.owners and await page.locator("[data-live], .ct-widget-state").count() == 0


async def test_a_plot_that_the_page_has_is_not_sent_again(settings, chromium):
    async with page_site(settings, WAVES, "import ipywidgets; ipywidgets.IntSlider(description='Other')") as site:
        page = await opened(chromium, site)
        frames: list[int] = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(len(data))))
        await page.reload()
        plot = page.locator(".ct-widget img")
        before = await plot.get_attribute("src")
        await page.get_by_label("Other").focus()
        await page.keyboard.press("ArrowRight")
        await live(page, 2)
        assert await plot.get_attribute("src") == before and max(frames) < 20_000
        await expect(page.locator(".ct-widget pre")).to_have_text("n is 3")
        await page.locator(".noUi-handle").first.focus()
        await page.keyboard.press("ArrowRight")
        await expect(page.locator(".ct-widget pre")).to_have_text("n is 4")
        assert await plot.count() == 1 and await plot.get_attribute("src") != before
        # A new kernel: what was recorded is no more in the page, and comes from the service.
        os.kill(site.pages.kernels.owners[only_kernel(site)].pid, signal.SIGKILL)
        await page.locator("#ct-notice button").click()
        await live(page, 2)
        await expect(page.locator(".ct-widget pre")).to_have_text("n is 4")
        assert not page.faults


async def test_output_that_a_callback_shows(settings, chromium):
    async with page_site(settings, """
import ipywidgets as w
from IPython.display import HTML, Markdown, Image, display, update_display
out, button = w.Output(), w.Button(description="Show")
def show(_button):
    with out:
        display(HTML("<table class='t'><tr><td>in a table</td></tr></table>"))
        display(Markdown("some **bold** words"))
        display(w.IntSlider(description="inner"))
        display("old", display_id="shown")
        update_display("new", display_id="shown")
        import sys; print("for the author", file=sys.stderr)
        print("<plain>"); 1 / 0
button.on_click(show)
w.VBox([button, out])""") as site:
        page = await opened(chromium, site)
        await page.get_by_role("button", name="Show").click()
        out = page.locator(".ct-widget[data-live] .jupyter-widgets-output-area")
        await expect(out.locator(".ct-scroll table.t")).to_contain_text("in a table")
        await expect(out.locator("strong")).to_have_text("bold")
        await expect(out.locator(".widget-slider .widget-label")).to_have_text("inner")
        await expect(out).to_contain_text("'new'")
        await expect(out).not_to_contain_text("'old'")
        await expect(out).to_contain_text("<plain>")
        await expect(out.locator(".ct-notice")).to_have_text("This did not work. Try another value.")
        await expect(out).not_to_contain_text("for the author")


async def test_a_button_whose_callback_fails_says_so_below_its_row_until_it_is_used_again(
        settings, chromium):
    async with page_site(settings, """
import ipywidgets as w
button, other, label = w.Button(description="Go"), w.Button(description="Stay"), w.Label("far")
presses = []
def press(_button):
    presses.append(1)
    if len(presses) < 3:
        raise ValueError("not yet")
    label.value = "done"
button.on_click(press)
w.VBox([w.HBox([button, other]), label])""") as site:
        heard = []
        site.pages.troubles.heard = lambda *said: heard.append(said)
        page = await opened(chromium, site)
        await woken(page)
        go, note = page.get_by_role("button", name="Go"), page.locator(".ct-stumbled")
        for _again in range(2):
            await go.click()
            await expect(note).to_have_text("This did not work. Try another value.", timeout=30_000)
        assert await note.evaluate("one => one.previousElementSibling.matches('.widget-hbox')")
        await narrow(page)
        await shot(page, "button-failed-360")
        await go.click()
        await expect(page.locator(".ct-widget")).to_contain_text("done")
        await expect(note).to_have_count(0)
        [(_digest, cell, error)] = heard
        [problem] = site.pages.problems(site.pages.add(site.page))
        assert (cell, error) == ("c0", "ValueError: not yet") and problem.cell == "c0"
        assert not page.faults


async def test_a_redraw_that_fails_leaves_the_last_picture_and_tells_the_teacher(
        settings, chromium, capsys):
    async with page_site(settings, WAVES.replace(
            "    plt.figure", "    print('trying')\n    if n == 4: raise ValueError('four <b>')\n    plt.figure")) as site:
        page = await opened(chromium, site)
        await woken(page)
        out = page.locator(".ct-widget[data-live] .jupyter-widgets-output-area")
        await page.locator(".noUi-handle").focus()
        for _again in range(2):
            await page.keyboard.press("ArrowRight")
            # The first traceback of a kernel takes its time on a busy machine.
            await expect(out.locator(".ct-notice")).to_have_text("This did not work. Try another value.", timeout=30_000)
            await expect(out.locator("img")).to_be_visible()
            await expect(out).to_contain_text("n is 3")
            await expect(out).not_to_contain_text("ValueError")
            if not _again:
                await shot(page, "redraw-failed-360")
            await page.keyboard.press("ArrowLeft")
            await expect(out.locator(".ct-notice")).to_have_count(0)
            await expect(out).to_contain_text("n is 3")
        [problem] = site.pages.problems(site.pages.add(site.page))
        assert "ValueError" in problem.message and "<b>" not in problem.message
        logged = "".join(capsys.readouterr())
        assert logged.count("a part of a lesson failed on a page") == 1 and "raise ValueError" in logged
        await page.keyboard.press("End")
        await expect(out).to_contain_text("n is 9")


async def test_a_plot_that_is_small_on_a_phone_can_be_made_large(settings, chromium):
    wide = WAVES.replace("figsize=(3, 2)", "figsize=(7, 4)")
    table = "import pandas\npandas.DataFrame({f'column {n}': [n * 1000] for n in range(9)})"
    async with page_site(settings, wide, table) as site:
        page = await opened(chromium, site)
        button = page.get_by_role("button", name="Enlarge")
        await button.focus()
        await shot(page, "plot-360")
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Picture of the result")
        box = dialog.locator(".ct-large-box")
        assert await box.evaluate("(box) => box.scrollWidth > 1.8 * box.clientWidth")
        await shot(page, "plot-large-360")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(button).to_be_focused()
        await page.locator(".ct-cell img").first.click()
        await dialog.get_by_role("button", name="Close").click()
        await expect(dialog).to_have_count(0)
        await narrow(page)
        # A table that goes on has a shadow where it does.
        assert "local" in await page.locator(".ct-scroll").first.evaluate(
            "(one) => getComputedStyle(one).backgroundAttachment")
        await page.set_viewport_size({"width": 1280, "height": 740})
        await expect(button).to_have_count(0)
