"""Class pages in Chromium: small lessons with widgets, and what a person does with a page."""

from __future__ import annotations

import asyncio

from page_site import PageSite
from playwright.async_api import Browser, Page, Route, expect

NO_PREFETCH = "Object.defineProperty(navigator, 'connection', {value: undefined});"
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


def only_kernel(site: PageSite) -> str:
    """The id of the one kernel that there is."""
    (kernel,) = site.pages.kernels.owners
    return kernel
