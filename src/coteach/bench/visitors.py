"""Visitors who do what a browser's page does, without a browser: open, connect, move a slider.

Rule: a visitor believes only what she gets. Readable is a page whose answer is complete and holds
what the reader must see; answered is a slider whose kernel has redrawn something and is idle again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import httpx
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from websockets.asyncio.client import ClientConnection, connect

PROTOCOL = "v1.kernel.websocket.jupyter.org"
MOST_MESSAGE = 64_000_000
SLIDERS = ("FloatSliderView", "IntSliderView")
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nobody is trusted and nothing is read from disk: all is on loopback, and a context of her own
for each visitor would take the machine from the servers that are measured."""
DRAWN = ("display_data", "update_display_data", "execute_result", "stream")


class Failed(Exception):
    """A visitor did not get what she came for; the sentence says what."""


@dataclass
class Visit:
    """What one visitor got, and when, in seconds from the common start."""

    readable: float | None = None
    answered: float | None = None
    html_bytes: int = 0
    """As they came over the line."""
    error: str = ""
    ahead: bool = False
    """Her kernel had been started before she asked for one."""
    socket: ClientConnection | None = field(default=None, repr=False)
    """Kept open, so that her kernel can be measured."""
    slider: tuple[Line, str, dict[str, Any]] | None = field(default=None, repr=False)
    """To move it again: her line, the slider and the state that it had at first."""


class Site(Protocol):
    """How one side's pages are opened."""

    url: str
    asks_info: bool
    """Whether its page asks what kind of kernel it has; all ask for the state of the widgets."""

    async def read(self, client: httpx.AsyncClient, visit: Visit) -> str:
        """Open the page and return its HTML when a reader misses nothing on it."""

    async def kernel(self, client: httpx.AsyncClient, html: str, visit: Visit) -> str:
        """Return the id of the kernel that this visitor's page talks to.

        `visit` notes whether it was started before she asked.
        """


async def together(site: Site, count: int, move: bool = True, limit: float = 600.0) -> list[Visit]:
    """Let so many visitors open the page at the same moment; sockets stay open."""
    visits = [Visit() for _number in range(count)]
    async with contextlib.AsyncExitStack() as stack:
        # Whoever waits for the bell has her browser open already.
        clients = [await stack.enter_async_context(_client(limit)) for _number in range(count)]
        begun = time.perf_counter()
        await asyncio.gather(*(
            _visit(site, visit, client, lambda: time.perf_counter() - begun, move, limit)
            for visit, client in zip(visits, clients, strict=True)))
    return visits


async def leave(visits: list[Visit]) -> None:
    """Close the sockets."""
    await asyncio.gather(*(v.socket.close() for v in visits if v.socket), return_exceptions=True)


def _client(limit: float) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        timeout=limit, trust_env=False, verify=_NO_TLS, follow_redirects=True,
        headers={"Accept-Encoding": "gzip, deflate, br", "Accept-Language": "en",
                 "Accept": "text/html,*/*"})


async def _visit(site: Site, visit: Visit, client: httpx.AsyncClient, clock: Callable[[], float],
                 move: bool, limit: float) -> None:
    try:
        async with asyncio.timeout(limit):
            html = await site.read(client, visit)
            visit.readable = clock()
            if move:
                await _move(site, client, html, visit)
                visit.answered = clock()
    except TimeoutError:
        visit.error = f"not within {limit:g} s"
    except Failed as error:
        visit.error = str(error)
    except Exception as error:  # a line that breaks is a result, not the end of the measurement
        visit.error = f"{type(error).__name__}: {error}"


async def fetch(client: httpx.AsyncClient, url: str, visit: Visit) -> str:
    """Return the complete HTML of a page and note how large it was on the line."""
    async with client.stream("GET", url) as answer:
        if answer.status_code != 200:
            raise Failed(f"the page answered {answer.status_code}")
        await answer.aread()
        visit.html_bytes = answer.num_bytes_downloaded
    if "</html>" not in answer.text:
        raise Failed("the page is cut short")
    return answer.text


def require(html: str, wanted: tuple[str, ...]) -> None:
    """Raise `Failed` when a page lacks one of these texts."""
    for text in wanted:
        if text not in html:
            raise Failed(f"the page lacks the text {text!r}")


async def _move(site: Site, client: httpx.AsyncClient, html: str, visit: Visit) -> None:
    kernel = await site.kernel(client, html, visit)
    parts = urlsplit(site.url)
    base = urljoin(site.url, config_of(html).get("base", "/"))
    address = f"ws://{parts.netloc}{urlsplit(base).path}api/kernels/{kernel}/channels"
    session = uuid.uuid4().hex
    cookies = "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar)
    visit.socket = await connect(
        f"{address}?session_id={session}", subprotocols=[PROTOCOL],  # type: ignore[list-item]
        additional_headers={"Cookie": cookies} if cookies else {}, max_size=MOST_MESSAGE,
        origin=f"{parts.scheme}://{parts.netloc}", open_timeout=None, ping_interval=None)  # type: ignore[arg-type]
    line = Line(visit.socket, session)
    if site.asks_info:
        await line.ask("kernel_info_request", {})
    slider, state = slider_in(await line.states())
    if not await line.move(slider, state):
        raise Failed("the slider was moved and nothing was redrawn")
    visit.slider = line, slider, state


async def again(visit: Visit, times: int) -> None:
    """Move a visitor's slider to and fro, so many times; each move is answered before the next."""
    assert visit.slider is not None
    line, slider, state = visit.slider
    other = moved(state)
    for number in range(times):
        await line.move(slider, state, other if number % 2 else state["value"])


def config_of(html: str) -> dict[str, Any]:
    """Return the page's own data for its scripts; empty on a page of stock Voila."""
    found = re.search(r'<script[^>]*id="coteach-page"[^>]*>(.*?)</script>', html, re.S)
    return dict(json.loads(found[1])) if found else {}


def slider_in(states: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the first slider of a page: its model id and its state.

    Raises
    ------
    Failed
        There is none.
    """
    for model, about in states.items():
        state = about["state"]
        if state.get("_view_name") in SLIDERS and not state.get("disabled"):
            return model, state
    raise Failed("the page has no slider")


def moved(state: Mapping[str, Any]) -> float:
    """Return another value that the slider can have: the next step, else the one before."""
    step = state.get("step") or 1
    value = state["value"] + step
    return float(value) if value <= state["max"] else float(state["value"] - step)


class Line:
    """A page's line to its kernel."""

    def __init__(self, socket: ClientConnection, session: str) -> None:
        self._socket = socket
        self._session = session

    async def send(self, kind: str, content: Mapping[str, Any], **metadata: Any) -> str:
        """Send a message on the shell channel and return its id."""
        message_id = uuid.uuid4().hex
        parts = [{"msg_id": message_id, "msg_type": kind, "session": self._session,
                  "username": "", "version": "5.3", "date": "2026-01-01T00:00:00Z"},
                 {}, metadata, content]
        packed = [json.dumps(part).encode() for part in parts]
        await self._socket.send(serialize_msg_to_ws_v1(packed, "shell"))
        return message_id

    async def receive(self) -> tuple[str, dict[str, Any], str]:
        """Return the next message: its type, its content, and which message it answers."""
        raw = await self._socket.recv()
        if isinstance(raw, str):
            message = json.loads(raw)
            return message["msg_type"], message["content"], message["parent_header"].get(
                "msg_id", "")
        _channel, parts = deserialize_msg_from_ws_v1(raw)
        header, parent = json.loads(parts[0]), json.loads(parts[1])
        return header["msg_type"], json.loads(parts[3]), parent.get("msg_id", "")

    async def ask(self, kind: str, content: Mapping[str, Any]) -> None:
        """Send a message and wait for its reply."""
        sent = await self.send(kind, content)
        while True:
            name, _content, parent = await self.receive()
            if parent == sent and name.endswith("_reply"):
                return

    async def states(self) -> dict[str, Any]:
        """Ask the kernel for the states of all widgets, as a front end does at its start."""
        comm = uuid.uuid4().hex
        await self.send("comm_open", {"comm_id": comm, "data": {"widgets": None},
                                      "target_name": "jupyter.widget.control"}, version="1.0.0")
        await self.send("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
        while True:
            name, content, _parent = await self.receive()
            data = content.get("data", {}) if name == "comm_msg" else {}
            if content.get("comm_id") == comm and data.get("method") == "update_states":
                return dict(data["states"])

    async def move(self, slider: str, state: Mapping[str, Any], to: float | None = None) -> bool:
        """Move a slider; say whether anything but the slider itself changed."""
        value = moved(state) if to is None else to
        sent = await self.send("comm_msg", {"comm_id": slider, "data": {
            "method": "update", "buffer_paths": [],
            "state": {"value": int(value) if isinstance(state["value"], int) else value}}})
        drawn = False
        while True:
            name, content, parent = await self.receive()
            if parent != sent:
                continue
            if name in DRAWN or (name == "comm_msg" and content.get("comm_id") != slider):
                drawn = True
            if name == "status" and content.get("execution_state") == "idle":
                return drawn


