"""What a person with a real browser waits for, and what it costs her line.

Rule: readable is text that is seen, not text that is there; a widget is usable when a key pressed
on it has redrawn the plot.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import re
import time
from dataclasses import dataclass

import httpx

from coteach.bench.browser import Browser, BrowserError, Tab
from coteach.bench.line import Line, Quality

QUIET = 1.5
"""Seconds without a byte after which a page counts as loaded."""
PATIENCE = 3.0
"""Seconds until a person touches again what did not react."""
LIVE = ".noUi-handle"
TOUCHED = ".ct-widget"

_DRAWN = """JSON.stringify([...document.images].map(i => i.src.length + i.src.slice(-120)))"""
_PLACE = """(() => {
  const found = [...document.querySelectorAll(%r)].find(e => e.getClientRects().length);
  if (!found) return null;
  found.scrollIntoView({block: "center", behavior: "instant"});
  const box = found.getBoundingClientRect();
  return [box.x + Math.min(box.width / 2, 150), box.y + Math.min(box.height / 2, 20)];
})()"""


@dataclass
class View:
    """One visitor's first and second opening of a page; None: it did not come in time."""

    readable_s: float | None = None
    widget_s: float | None = None
    """From the start until the slider had redrawn the plot; only of an impatient visitor."""
    first_view_kb: float | None = None
    """Before anything was touched."""
    text_view_kb: float | None = None
    """The same without pictures."""
    first_widget_kb: float | None = None
    repeat_kb: float | None = None
    """Opened again by somebody who has read it."""
    repeat_touched_kb: float | None = None
    """Opened again by somebody who has moved the slider; her kernel still runs."""
    requests: int | None = None
    error: str = ""


async def view(browser: Browser, port: int, path: str, wanted: str, *,
               quality: Quality | None = None, cpu: float = 1.0, seconds: float = 120.0,
               patient: bool = True) -> View:
    """Open a page with an empty cache, read it, move its slider, open it again.

    Parameters
    ----------
    port, path
        Where the page is on loopback.
    wanted
        A text that a reader sees.
    quality, cpu
        The line, and how many times slower the processor is made.
    seconds
        How long a person waits for each of the two.
    patient
        Wait until the page is quiet before the first touch, and count bytes; otherwise touch it as
        soon as it can be read.
    """
    found = View()
    async with Line(port, quality) as line, browser.visitor() as tab:
        address = f"http://127.0.0.1:{line.port}{path}"
        if cpu != 1:
            await tab.slow_down(cpu)
        begun = time.perf_counter()
        try:
            opening = asyncio.create_task(tab.go(address))
            await tab.until(f"document.body?.innerText.includes({wanted!r})", seconds)
            await opening
            found.readable_s = time.perf_counter() - begun
            if patient:
                await _quiet(line, seconds)
                found.first_view_kb = line.down / 1000
                inline = await _inline_pictures(f"http://127.0.0.1:{port}{path}")
                found.text_view_kb = (line.down - tab.pictures - inline) / 1000
                found.requests = len(tab.requests)
            if patient:
                found.repeat_kb = await _again(tab, line, address, wanted, seconds)
            await _touch(tab, seconds)
            if found.repeat_kb is None:
                found.widget_s = time.perf_counter() - begun
            else:
                await _quiet(line, seconds)
                found.first_widget_kb = line.down / 1000 - found.repeat_kb
                found.repeat_touched_kb = await _again(tab, line, address, wanted, seconds)
        except TimeoutError:
            found.error = f"not within {seconds:g} s"
        except BrowserError as error:
            found.error = str(error)
        if found.error and tab.complaints:
            found.error += f"; the page says: {tab.complaints[-1]}"
    return found


async def _again(tab: Tab, line: Line, address: str, wanted: str, seconds: float) -> float:
    """Open the page once more and return how many kilobytes that took."""
    before = line.down
    await tab.go(address)
    await tab.until(f"document.body?.innerText.includes({wanted!r})", seconds)
    await _quiet(line, seconds)
    return (line.down - before) / 1000


async def _quiet(line: Line, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while True:
            before = line.down
            await asyncio.sleep(QUIET)
            if line.down - before < 500:  # a page that asks every few seconds is quiet too
                return


async def _touch(tab: Tab, seconds: float) -> None:
    """Touch the first widget as a person does, until it answers."""
    drawn = await tab.value(_DRAWN)
    deadline = time.perf_counter() + seconds
    while True:
        place = await tab.until(f"{_PLACE % LIVE} ?? {_PLACE % TOUCHED}", seconds)
        if await tab.value(f"!!document.querySelector({LIVE!r})"):
            break
        # Who touches a thing and sees nothing happen touches it again.
        await tab.click(*place)
        with contextlib.suppress(TimeoutError):
            await tab.until(_PLACE % LIVE, PATIENCE)
        if time.perf_counter() > deadline:
            raise TimeoutError
    for name, code in (("ArrowRight", 39), ("ArrowLeft", 37)) * 1000:
        # A key on a handle whose kernel is not there yet is lost on some pages: press again.
        await tab.value(f"document.querySelector({LIVE!r}).focus()")
        await tab.key(name, code)
        left = deadline - time.perf_counter()
        if left <= 0:
            raise TimeoutError
        try:
            await tab.until(f"{_DRAWN} !== {drawn!r}", min(2.0, left))
            return
        except TimeoutError:
            continue


async def _inline_pictures(address: str) -> int:
    """Return how many bytes of a page, as compressed, are pictures inside of its text."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        html = (await client.get(address)).text
    bare = re.sub(r"data:image/[^;\"']+;base64,[A-Za-z0-9+/=\s]+", "", html)
    return len(gzip.compress(html.encode())) - len(gzip.compress(bare.encode()))
