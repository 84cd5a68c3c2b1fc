"""What a person sees of a page with widgets, counted: kinds of widgets, words, errors, a reaction.

Rule: only what has a place on the screen counts; a page that shows static pictures of its widgets
is touched first, as a person does who wants to use them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic

from coteach.bench.browser import Browser, BrowserError, Tab

SETTLED = 2.0
"""Seconds without a change after which a page counts as done."""
MOST_WAIT = 60.0
REACTS_WITHIN = 6.0

_PLACES = ":is(.jp-OutputArea-output, .ct-widget)"
_KINDS = {
    "slider": ".widget-slider .noUi-target",
    "button": "button.jupyter-button, .widget-toggle-button",
    "text": ".widget-text input, .widget-textarea textarea", "dropdown": ".widget-dropdown select",
    "select": ".widget-select select, .widget-select-multiple select",
    "checkbox": ".widget-checkbox input", "radio": ".widget-radio",
    "progress": ".widget-hprogress, .widget-vprogress", "toggles": ".widget-toggle-buttons",
    "date": ".widget-datepicker", "colour": ".widget-colorpicker",
    "label": ".widget-label, .widget-html", "image": "img.widget-image",
    "tab": ".widget-tab, .jupyter-widget-tab",
    "accordion": ".widget-accordion, .jupyter-widget-accordion", "upload": ".widget-upload",
    "valid": ".widget-valid", "play": ".widget-play", "plot": "svg.svg-figure, .bqplot",
    "canvas": "canvas", "map": ".leaflet-container", "vuetify": ".vuetify-styles .v-application",
    "own button": f"{_PLACES} button:not(.jupyter-button, .widget-toggle-button, [class^=ct-])"}
_LOOK = """(() => {
  const seen = (e) => e.getClientRects().length
    && e.checkVisibility({opacityProperty: true, visibilityProperty: true});
  const kinds = {};
  for (const [kind, selector] of Object.entries(%s)) {
    const count = [...document.querySelectorAll(selector)].filter(seen).length;
    if (count) kinds[kind] = count;
  }
  const root = document.querySelector("#ct-cells") || document.body;
  const pictures = [...document.images].filter(seen).filter(i => i.naturalWidth > 1).length;
  const broken = [...document.images].filter(seen).filter(
    i => i.complete && !i.naturalWidth).length;
  const tables = [...document.querySelectorAll("table")].filter(seen).length;
  return JSON.stringify({kinds, pictures, broken, tables, text: root.innerText,
                         waiting: !!document.querySelector("#ct-state:not([hidden]), #loading")});
})()"""
_STATE = """(() => {
  const root = document.querySelector("#ct-cells") || document.body;
  const drawn = [...document.querySelectorAll("canvas")].map(c => {
    try { return c.toDataURL().length } catch { return 0 } });
  return JSON.stringify([root.innerText,
    [...document.images].map(i => i.src.length + i.src.slice(-60)),
    [...document.querySelectorAll("svg")].map(s => s.innerHTML.length), drawn,
    [...document.querySelectorAll("input, select, textarea")].map(i => i.value + i.checked)]);
})()"""
_TARGETS = """(() => {
  const box = (e) => { e.scrollIntoView({block: "center", behavior: "instant"});
    const b = e.getBoundingClientRect();
    return [b.x + b.width / 2, b.y + b.height / 2]; };
  const seen = (e) => e.getClientRects().length > 0 && !e.disabled
    && e.checkVisibility({opacityProperty: true, visibilityProperty: true});
  for (const [kind, selector] of [
      ["slider", ".noUi-handle"], ["checkbox", ".widget-checkbox input"],
      ["dropdown", ".widget-dropdown select"], ["text", ".widget-text input"],
      ["button", "button.jupyter-button"],
      ["own button", "PLACES button:not(.jupyter-button, [class^=ct-])"],
      ["plot", "svg.svg-figure"], ["map", ".leaflet-container"], ["canvas", "canvas"]]) {
    const found = [...document.querySelectorAll(selector)].find(seen);
    if (found) { found.focus?.(); return [kind, ...box(found)]; }
  }
  return null;
})()""".replace("PLACES", _PLACES)
_FAILED = re.compile(r"(Traceback \(most recent|Error displaying widget|Error creating widget|"
                     r"There was an error when executing|\w+Error: )")
_OURS_FAILED = ("did not work", "does not move", "could not be started")


@dataclass
class Seen:
    """One page."""

    kinds: dict[str, int] = field(default_factory=dict)
    pictures: int = 0
    broken: int = 0
    tables: int = 0
    words: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """Error notices on the page."""
    reaction: str = ""
    """What was touched, and whether the page answered: ``slider: yes``; ``-``: nothing to touch."""
    complaints: list[str] = field(default_factory=list)
    """Of scripts, in the console."""
    came: bool = True
    """Whether the page was there before the visitor's patience ended."""

    @property
    def total(self) -> int:
        """How many widgets there are."""
        return sum(self.kinds.values())


async def look(chromium: Browser, url: str, picture: Path) -> Seen:
    """Open a page, touch it, and return what is seen."""
    async with chromium.visitor() as tab:
        try:
            await tab.go(url)
            await _settled(tab)
            # A page of ours shows its widgets as they were until one of them is touched.
            if await tab.value("!!document.querySelector('.ct-widget')"):
                await _wake(tab)
                await _settled(tab)
            # Some tool bars are there only while the mouse is over them.
            await tab.send("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
            await asyncio.sleep(0.5)
            seen = _seen(json.loads(await tab.value(_LOOK % json.dumps(_KINDS))))
            picture.write_bytes(await tab.picture())  # noqa: ASYNC240  a small file
            seen.reaction = await _react(tab)
        except (BrowserError, TimeoutError) as error:
            seen = Seen(errors=[f"the page did not come: {error}"], reaction="-", came=False)
        seen.complaints = tab.complaints[:10]
        return seen


async def _wake(tab: Tab) -> None:
    """Touch the first widget, as often as a person would, until the page's widgets are live."""
    for _turn in range(5):
        place = await tab.value("""(() => {
          const found = document.querySelector(
            ".ct-widget :is(input, button, select, [role=slider])")
            || document.querySelector(".ct-widget");
          found.scrollIntoView({block: "center", behavior: "instant"});
          const box = found.getBoundingClientRect();
          return [box.x + box.width / 2, box.y + Math.min(box.height / 2, 200)];
        })()""")
        await tab.click(*place)
        with contextlib.suppress(TimeoutError):
            await tab.until("!!document.querySelector('.ct-widget[data-live]')", 6.0)
            return


async def _settled(tab: Tab) -> None:
    """Wait until nothing changes any more."""
    async with asyncio.timeout(MOST_WAIT):
        before, since = "", 0.0
        while since < SETTLED:
            await asyncio.sleep(0.25)
            now = await tab.value(_STATE + " + document.querySelectorAll('*').length")
            busy = await tab.value("document.readyState !== 'complete' || [...document"
                                   ".querySelectorAll('#ct-state, #loading, .ct-waiting')].some("
                                   "e => e.getClientRects().length)")
            since = since + 0.25 if now == before and not busy and now else 0.0
            before = now


def _seen(found: dict[str, object]) -> Seen:
    text = str(found["text"])
    errors = [match[0] for match in _FAILED.finditer(text)]
    errors += [words for words in _OURS_FAILED if words in text]
    return Seen(
        kinds=dict(found["kinds"]), pictures=int(str(found["pictures"])),  # type: ignore[call-overload]
        broken=int(str(found["broken"])), tables=int(str(found["tables"])),
        words=re.findall(r"\w+", text), errors=errors)


async def _react(tab: Tab) -> str:
    """Touch the first thing that can be touched and say whether the page answers."""
    target = await tab.value(_TARGETS)
    if target is None:
        return "-"
    kind, x, y = target
    await asyncio.sleep(0.3)
    if kind in ("plot", "map", "canvas"):
        return f"{kind}: {await _drag(tab, x, y)}"
    before = await tab.value(_STATE)
    if kind == "slider":
        await tab.key("ArrowRight", 39)
    elif kind == "dropdown":
        await tab.key("ArrowDown", 40)
    elif kind == "text":
        await tab.click(x, y)
        await tab.send("Input.insertText", text="7")
        await tab.key("Enter", 13)
    else:
        await tab.click(x, y)
    try:
        await tab.until(f"{_STATE} !== {json.dumps(before)}", REACTS_WITHIN)
        return f"{kind}: yes"
    except TimeoutError:
        return f"{kind}: no"


async def _drag(tab: Tab, x: float, y: float) -> str:
    """Draw a short line with the mouse; what is painted has no text, so pictures are compared."""
    mouse = partial(tab.send, "Input.dispatchMouseEvent", button="left", clickCount=1)
    await mouse(type="mouseMoved", x=x, y=y)
    await asyncio.sleep(1)
    still, before = await _picture(tab), await _picture(tab)
    if still != before:
        return "moves by itself"
    await mouse(type="mousePressed", x=x, y=y)
    for step in range(1, 9):
        await mouse(type="mouseMoved", x=x + 5 * step, y=y + 3 * step, buttons=1)
        await asyncio.sleep(0.03)
    await mouse(type="mouseReleased", x=x + 40, y=y + 24)
    await mouse(type="mouseMoved", x=x, y=y, button="none")
    begun = monotonic()
    while monotonic() < begun + REACTS_WITHIN:
        await asyncio.sleep(0.3)
        if await _picture(tab) != before:
            return "yes"
    return "no"


async def _picture(tab: Tab) -> str:
    """Return what is on the screen."""
    return str((await tab.send("Page.captureScreenshot", format="png"))["data"])


def differences(stock: Seen, ours: Seen) -> list[str]:
    """Return what a person would notice that was there and is not, or the other way round."""
    if not stock.came or not ours.came:
        return [f"the page did not come under {'stock Voila' if not stock.came else 'coteach'}"]
    found = []
    for kind in sorted({*stock.kinds, *ours.kinds}):
        one, other = stock.kinds.get(kind, 0), ours.kinds.get(kind, 0)
        if one != other:
            found.append(f"{kind} {other} instead of {one}")
    for name in ("pictures", "tables", "broken"):
        one, other = getattr(stock, name), getattr(ours, name)
        if one != other:
            found.append(f"{name} {other} instead of {one}")
    missing = _counted(stock.words) - _counted(ours.words)
    words = [word for word in missing if not word.isdigit()]
    if words:
        found.append(f"{len(words)} words missing: {' '.join(words[:6])}")
    if len(ours.errors) != len(stock.errors):
        found.append(f"{len(ours.errors)} error notices instead of {len(stock.errors)}")
    if stock.reaction != ours.reaction:
        found.append(f"touched: {ours.reaction} instead of {stock.reaction}")
    return found


def _counted(words: list[str]) -> Counter[str]:
    """Count words; letters of formulas are the letters that they are drawn from."""
    return Counter(unicodedata.normalize("NFKC", word).lower() for word in words)
