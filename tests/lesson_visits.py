"""A class with a lesson that a test writes, and what its pupils' pages say to their kernels."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nbformat
from classroom_site import Site, page_data, running
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from coteach import settings as settings_module
from coteach.pages.shares import MOST_STARTS
from coteach.tries import Tries


@asynccontextmanager
async def visited(data: Path) -> AsyncIterator[Site]:
    """Run the classroom in an empty folder; `write_lesson` says what its class works on."""
    settings = settings_module.load(data, environ={}, spare_kernels=0)
    settings.layout.create()
    async with running(settings) as made:
        yield made


async def end_kernels(site: Site) -> None:
    """End the kernels of a test before the next one."""
    pages = site.room.pages
    pages.kernels.limit = 40
    pages.kernels.shares.begun = Tries(MOST_STARTS)
    await asyncio.gather(*(pages.kernels.close(kernel) for kernel in list(pages.kernels.owners)))


def write_lesson(site, *sources: str, text: str = "Read this first.") -> None:
    """Replace the lesson by one with these code cells after a sentence of text."""
    cells = [nbformat.v4.new_markdown_cell(text, id="text")]
    cells += [nbformat.v4.new_code_cell(source, id=f"c{place}")
              for place, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells),
                   site.settings.layout.lessons / "swing" / "lesson.ipynb")


async def whole(pupil, seconds: float = 40) -> str:
    """Open the class page when its lesson was executed."""
    async with asyncio.timeout(seconds):
        while "pending" in page_data(html := await pupil.page()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return html


async def kernel_of(pupil, html: str | None = None) -> str:
    """Ask for the pupil's kernel until it is there."""
    address = page_data(html or await whole(pupil))["kernel"]
    async with asyncio.timeout(40):
        while True:
            answer = await pupil.browser.post(address)
            assert answer.status_code in (200, 202), answer.text
            if answer.status_code == 200:
                return answer.json()["kernel"]
            await asyncio.sleep(0.2)


def outputs(html: str) -> list[str]:
    """The text outputs of a page."""
    return [text.strip() for text in re.findall(r"<pre>(.*?)</pre>", html, re.S)]


async def socket(site, kernel: str, cookie: str | None, origin: str | None = None,
                 session: str = ""):
    """A socket to a kernel as a browser would open it."""
    headers = {"Cookie": f"coteach_guest={cookie}"} if cookie else {}
    if origin:
        headers["Origin"] = origin
    return await websocket_connect(HTTPRequest(
        f"ws{site.url[4:]}/c/api/kernels/{kernel}/channels?session_id={session or uuid.uuid4()}",
        headers=headers))


def message(kind: str, content: dict) -> str:
    """A kernel message of the plain JSON protocol."""
    return json.dumps({"channel": "shell", "content": content, "metadata": {}, "parent_header": {},
                       "buffers": [], "header": {
                           "msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "",
                           "session": "s", "version": "5.3", "date": "2026-01-01T00:00:00Z"}})


def press(model: str) -> str:
    """What a page sends when a button is pressed."""
    return message("comm_msg", {"comm_id": model, "data": {
        "method": "custom", "content": {"event": "click"}}})


async def heard(line, what: str, seconds: float = 15) -> str:
    """Read a socket until something is said on it; return that message's text."""
    async with asyncio.timeout(seconds):
        while True:
            raw = str(await line.read_message())
            if what in raw:
                return raw


async def until(wanted, seconds: float = 10) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(seconds):
        while not wanted():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


BUTTON = """
import ipywidgets, uuid, random, os, socket
button, said = ipywidgets.Button(description="Go"), ipywidgets.Label("not yet")
def pressed(_button):
    said.value = str(say())
button.on_click(pressed)
ipywidgets.VBox([button, said])
"""


async def answer_of(site, pupil, kernel: str | None = None, html: str | None = None) -> str:
    """Press the button of a lesson in the pupil's kernel; return what the label says then."""
    html = html or await whole(pupil)
    kernel = kernel or await kernel_of(pupil, html)
    states = (await pupil.browser.get(page_data(html)["states"])).json()["state"]
    button = next(m for m, s in states.items() if s["model_name"] == "ButtonModel")
    label = next(m for m, s in states.items() if s["model_name"] == "LabelModel")
    line = await socket(site, kernel, pupil.browser.cookies["coteach_guest"])
    line.write_message(press(button))
    async with asyncio.timeout(15):
        while True:
            raw = json.loads(str(await line.read_message()))
            data = raw["content"].get("data", {})
            if raw["content"].get("comm_id") == label and "value" in data.get("state", {}):
                line.close()
                return data["state"]["value"]
