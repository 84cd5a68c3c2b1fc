"""A class page in real Chromium: asleep, touched, live, broken, and live again, over real kernels."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from page_site import Counted, PageSite, notebook, page_site
from playwright.async_api import Browser, Page, Request, Route, async_playwright, expect

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
SHOTS = os.environ.get("COTEACH_SCREENSHOTS", "")
TIDES = Path(__file__).parents[1] / "courses" / "lessons" / "tides"
NO_PREFETCH = "Object.defineProperty(navigator, 'connection', {value: undefined});"
GOOD_LINE = ("Object.defineProperty(navigator, 'connection', "
             "{value: {saveData: false, effectiveType: '4g', downlink: 9}});")
WAVES = """
import ipywidgets, matplotlib.pyplot as plt
@ipywidgets.interact(n=ipywidgets.IntSlider(value=3, min=1, max=9, description="Waves"))
def wave(n):
    plt.figure(figsize=(3, 2)); plt.plot([n, 0, n]); plt.show()
    print("n is", n)
"""
CONTROLS = """
import datetime, ipywidgets as w
log = w.Output()
def tell(change):
    with log:
        print(f"{change.owner.description}={change.new!r};")
made = dict(
    slider=w.IntSlider(value=3, max=10), floating=w.FloatSlider(value=.5, max=1, step=.1),
    range=w.IntRangeSlider(value=(2, 5), max=9), log=w.FloatLogSlider(value=10, min=-1, max=3),
    named=w.SelectionSlider(options=["one", "two", "three"], value="two"),
    between=w.SelectionRangeSlider(options=["one", "two", "three"], index=(0, 1)),
    whole=w.IntText(value=4), bounded=w.BoundedFloatText(value=1.5, max=3),
    words=w.Text("hello", continuous_update=False), secret=w.Password(), area=w.Textarea("several\\nlines"),
    combo=w.Combobox(options=["Paris", "Oslo"]),
    check=w.Checkbox(value=False), toggle=w.ToggleButton(value=False), valid=w.Valid(value=True),
    drop=w.Dropdown(options=["red", "green", "blue"], value="green"),
    select=w.Select(options=["x", "y", "z"], value="y"), several=w.SelectMultiple(options=["p", "q", "r"]),
    radio=w.RadioButtons(options=["near", "far"]), buttons=w.ToggleButtons(options=["slow", "fast"]),
    day=w.DatePicker(value=datetime.date(2026, 3, 4)), clock=w.TimePicker(value=datetime.time(9, 30)),
    moment=w.NaiveDatetimePicker(value=datetime.datetime(2026, 3, 4, 9, 30)),
    colour=w.ColorPicker(value="#336699"), progress=w.IntProgress(value=30),
    upright=w.IntSlider(value=5, orientation="vertical"))
for name, one in made.items():
    one.description = name
    one.observe(tell, "value")
press = w.Button(description="press")
press.on_click(lambda _button: log.append_stdout("pressed;"))
play = w.Play(max=3, interval=50, description="play")
play.observe(tell, "value")
tab = w.Tab([w.Label("first tab"), w.Label("second tab")], titles=["One", "Two"])
fold = w.Accordion([w.Label("folded")], titles=["Open me"])
wide = w.HBox([w.Button(description=f"button {n}") for n in range(9)])
fixed = w.Box([w.HTML("<div style='width:900px;height:40px;background:#ccd'>wide</div>")])
w.VBox([log, *made.values(), press, play, tab, fold, wide, fixed,
        w.GridBox([w.Label(f"cell {n}") for n in range(8)],
                  layout=w.Layout(grid_template_columns="repeat(4, 150px)")),
        w.Stack([w.Label("shown"), w.Label("not shown")], selected_index=0)])
"""
COUNTER = """
import anywidget, traitlets, ipywidgets
class Counter(anywidget.AnyWidget):
    _esm = '''
    function initialize({ model }) { model.on("msg:custom", (said) => { model.set("said", said); }); }
    function render({ model, el }) {
      const button = document.createElement("button");
      const show = () => { button.textContent = `count is ${model.get("value")}`; };
      button.addEventListener("click", () => { model.set("value", model.get("value") + 1); model.save_changes(); });
      model.on("change:value", show);
      show();
      el.dataset.sum = new Float64Array(model.get("data").buffer).reduce((sum, one) => sum + one, 0);
      el.classList.add("counter");
      el.append(button);
      return () => { window.undone = (window.undone || 0) + 1; };
    }
    export default { initialize, render };
    '''
    _css = ".counter { outline: 3px solid rgb(1, 2, 3); }"
    value = traitlets.Int(0).tag(sync=True)
    data = traitlets.Bytes(__import__("struct").pack("<3d", 1, 2, 3.5)).tag(sync=True)
counter, out = Counter(), ipywidgets.Output()
def seen(change):
    with out:
        print("kernel saw", change.new)
counter.observe(seen, "value")
ipywidgets.VBox([counter, out])
"""
TOY = """
import ipywidgets, traitlets
class {name}(ipywidgets.DOMWidget):
    _model_name = traitlets.Unicode("ToyModel").tag(sync=True)
    _model_module = traitlets.Unicode("{module}").tag(sync=True)
    _model_module_version = traitlets.Unicode("1.0.0").tag(sync=True)
    _view_name = traitlets.Unicode("ToyView").tag(sync=True)
    _view_module = traitlets.Unicode("{module}").tag(sync=True)
    _view_module_version = traitlets.Unicode("1.0.0").tag(sync=True)
    value = traitlets.Unicode("from the kernel").tag(sync=True)
{name}(layout=ipywidgets.Layout(height="120px"))
"""
TOY_SCRIPT = """
define(["@jupyter-widgets/base", "./part", "@jupyter-widgets/controls"], function (base, part, controls) {
  class ToyModel extends base.DOMWidgetModel {}
  class ToyView extends base.DOMWidgetView {
    render() { this.el.className = "toy"; this.el.textContent = part.words + this.model.get("value")
      + (controls.DatePickerView && this.$el.length === 1 ? "!" : "?"); }
  }
  return { ToyModel, ToyView };
});
"""

FEDERATED = """
(window._JUPYTERLAB ??= {})["toy-lab"] = {
  init(scope) { this.scope = scope; },
  async get() {
    const [offer] = Object.values(this.scope["@jupyter-widgets/base"]);
    const base = (await offer.get())();
    class ToyModel extends base.DOMWidgetModel {}
    class ToyView extends base.DOMWidgetView {
      render() { this.el.className = "toy"; this.el.textContent = "federated, " + this.model.get("value"); }
    }
    return () => ({ default: [{ id: "other", requires: [], activate() { window.other = true; } }, {
      id: "toy", requires: [base.IJupyterWidgetRegistry],
      activate(_app, registry) { registry.registerWidget({ name: "toy-lab", version: "1.0.0",
        exports: async () => ({ ToyModel, ToyView }) }); } }] });
  },
};
"""


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        await browser.close()


async def opened(browser: Browser, site: PageSite, *, width: int = 360, line: str = NO_PREFETCH,
                 **more) -> Page:
    """A page in a browser of its own; its faults are in `faults`."""
    context = await browser.new_context(viewport={"width": width, "height": 740}, locale="en-US", **more)
    await context.add_init_script(line)
    page = await context.new_page()
    page.set_default_timeout(30_000)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    await page.goto(site.url)
    return page


async def live(page: Page, count: int = 1) -> None:
    """Wait until the widgets are live."""
    await expect(page.locator(".ct-widget[data-live]")).to_have_count(count, timeout=30_000)


async def woken(page: Page, count: int = 1) -> None:
    """Touch the first widget where nothing happens, and wait."""
    await page.locator(".ct-widget").first.wait_for()
    await page.evaluate("""() => { for (const kind of ["pointerdown", "pointerup"])
        document.querySelector(".ct-widget").dispatchEvent(new PointerEvent(kind, {bubbles: true})) }""")
    await live(page, count)


async def narrow(page: Page) -> None:
    """The page is not wider than the screen."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def slowly(route: Route) -> None:
    """Let something come half a second later."""
    await asyncio.sleep(0.5)
    await route.continue_()


async def shot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at them."""
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def only_kernel(site: PageSite) -> str:
    """The id of the one kernel that there is."""
    (kernel,) = site.pages.kernels.owners
    return kernel


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
        await expect(page.locator(".ct-widget[data-live] pre")).to_have_text("n is 9")


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
        await site.pages.close_of("long")
        await expect(page.locator(".ct-widget[data-live] pre")).to_have_text("n is 9")


async def test_a_start_that_failed_for_the_line_is_made_when_that_is_back(settings, chromium):
    async with page_site(settings, WAVES) as site:
        page = await opened(chromium, site)
        await page.context.set_offline(True)
        await page.locator("input[type=range]").focus()
        await page.keyboard.press("End")
        state = page.locator(".ct-widget-state")
        await expect(state).to_contain_text("Your line is down. What you wrote is kept.")
        await page.context.set_offline(False)
        await expect(page.locator(".ct-widget[data-live] pre")).to_have_text("n is 9")
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


async def test_an_anywidget_works_and_a_module_that_is_missing_is_said(settings, chromium):
    async with page_site(settings, COUNTER, TOY.format(name="Toy", module="not-installed")) as site:
        page = await opened(chromium, site)
        await woken(page)
        button = page.locator(".counter button")
        await button.click()
        await button.click()
        await expect(button).to_have_text("count is 2")
        await expect(page.locator(".jupyter-widgets-output-area")).to_contain_text("kernel saw 2")
        assert await page.locator(".counter").get_attribute("data-sum") == "6.5"
        assert await page.locator(".counter").evaluate("(one) => getComputedStyle(one).outlineColor") == "rgb(1, 2, 3)"
        await expect(page.locator(".ct-still")).to_have_text(
            "This part does not move on this page. You can go on with the rest.")
        assert not page.faults


@pytest.mark.parametrize(("module", "files", "shown"), [
    ("toy", {"nbextensions/toy/index.js": TOY_SCRIPT,
             "nbextensions/toy/part.js": "define([], function () { return { words: 'part, ' }; });"},
     "part, from the kernel!"),
    ("toy-lab", {"labextensions/toy-lab/static/entry.js": FEDERATED,
                 "labextensions/toy-lab/package.json": json.dumps({"name": "toy-lab", "jupyterlab": {
                     "_build": {"load": "static/entry.js", "extension": "./extension"}}})},
     "federated, from the kernel"),
], ids=["amd", "federated"])
async def test_a_module_of_another_package_is_loaded_from_this_environment(
        settings, chromium, tmp_path, monkeypatch, module, files, shown):
    for name, text in files.items():
        place = tmp_path / "jupyter" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    async with page_site(settings, TOY.format(name="Toy", module=module)) as site:
        page = await opened(chromium, site)
        await page.get_by_role("button", name="Tap to start this part").click()
        await expect(page.locator(".toy")).to_have_text(shown)
        assert await page.evaluate("typeof define + typeof require + typeof other") == "undefined" * 3
        assert not page.faults


async def test_a_page_asks_nobody_else(settings, chromium):
    async with page_site(settings, CONTROLS, COUNTER) as site:
        page = await opened(chromium, site)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        await page.reload()
        await woken(page, 2)
        hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
        assert hosts == {f"127.0.0.1:{site.port}"} and any(url.startswith("ws:") for url in asked)


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
            await expect(out.locator(".ct-notice")).to_have_text("This did not work. Try another value.")
            await expect(out.locator("img")).to_be_visible()
            await expect(out).to_contain_text("n is 3")
            await expect(out).not_to_contain_text("ValueError")
            if not _again:
                await shot(page, "redraw-failed-360")
            await page.keyboard.press("ArrowLeft")
            await expect(out.locator(".ct-notice")).to_have_count(0)
            await expect(out).to_contain_text("n is 3")
        [problem] = site.pages.problems(site.pages.add(site.page))
        assert "ValueError: four <b>" in problem.message
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
