"""Headless Chromium through its own debugging protocol; no other program is needed.

Rule: each visitor is a browser context of its own, with an empty cache.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--disable-extensions", "--mute-audio",
         "--disable-dev-shm-usage", "--remote-debugging-port=0")
MOST_MESSAGE = 256_000_000


class BrowserError(Exception):
    """The browser did not do what it was told."""


def find() -> str | None:
    """Return the path of a Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """A running browser; see `opened`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._tabs: dict[str, Tab] = {}
        self._reading = asyncio.create_task(self._read())

    async def send(self, method: str, session: str = "", **params: Any) -> Any:
        """Send a command and return its result."""
        self._number += 1
        number = self._number
        self._waiting[number] = asyncio.get_running_loop().create_future()
        about: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session:
            about["sessionId"] = session
        await self._socket.send(json.dumps(about))
        return await self._waiting[number]

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for raw in self._socket:
                message = json.loads(raw)
                if waiting := self._waiting.pop(message.get("id", 0), None):
                    if waiting.done():
                        continue
                    if "error" in message:
                        waiting.set_exception(BrowserError(message["error"]["message"]))
                    else:
                        waiting.set_result(message["result"])
                elif tab := self._tabs.get(message.get("sessionId", "")):
                    tab.heard(message["method"], message["params"])
        for left in self._waiting.values():
            if not left.done():
                left.set_exception(BrowserError("the browser has ended"))

    @asynccontextmanager
    async def visitor(self, width: int = 1280, height: int = 900) -> AsyncIterator[Tab]:
        """Open a tab with an empty cache, cookies of its own, and close it at the end."""
        context = (await self.send("Target.createBrowserContext"))["browserContextId"]
        try:
            target = await self.send("Target.createTarget", url="about:blank",
                                     browserContextId=context)
            session = (await self.send("Target.attachToTarget", targetId=target["targetId"],
                                       flatten=True))["sessionId"]
            tab = self._tabs[session] = Tab(self, session)
            for domain in ("Page", "Runtime", "Network", "Log"):
                await tab.send(f"{domain}.enable")
            await tab.send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                           deviceScaleFactor=1, mobile=False)
            await tab.send("Emulation.setFocusEmulationEnabled", enabled=True)
            yield tab
        finally:
            with contextlib.suppress(BrowserError, ConnectionClosed):
                await self.send("Target.disposeBrowserContext", browserContextId=context)

    async def close(self) -> None:
        """Close the browser's line."""
        with contextlib.suppress(BrowserError, ConnectionClosed, TimeoutError):
            await asyncio.wait_for(self.send("Browser.close"), 5)
        await self._socket.close()
        self._reading.cancel()


class Tab:
    """One page of a visitor."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session
        self.pictures = 0
        """Bytes of pictures that came as files of their own."""
        self.requests: list[str] = []
        self.complaints: list[str] = []
        """Errors of scripts and of the console."""
        self._images: set[str] = set()

    async def send(self, method: str, **params: Any) -> Any:
        """Send a command to this tab."""
        return await self._browser.send(method, self._session, **params)

    def heard(self, method: str, params: dict[str, Any]) -> None:
        """Note an event."""
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Network.responseReceived" and params["type"] == "Image":
            self._images.add(params["requestId"])
        elif method == "Network.loadingFinished" and params["requestId"] in self._images:
            self.pictures += int(params["encodedDataLength"])
        elif method == "Runtime.exceptionThrown":
            about = params["exceptionDetails"]
            self.complaints.append(str(
                about.get("exception", {}).get("description") or about.get("text"))[:300])
        elif method == "Runtime.consoleAPICalled" and params["type"] == "error":
            self.complaints.append(" ".join(
                str(a.get("value", a.get("description", ""))) for a in params["args"])[:300])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    async def go(self, url: str) -> None:
        """Open an address; returns when its answer has begun."""
        found = await self.send("Page.navigate", url=url)
        if found.get("errorText"):
            raise BrowserError(f"{url}: {found['errorText']}")

    async def value(self, expression: str) -> Any:
        """Return what an expression gives in the page; promises are awaited."""
        found = await self.send("Runtime.evaluate", expression=expression, returnByValue=True,
                                awaitPromise=True)
        if "exceptionDetails" in found:
            about = found["exceptionDetails"]
            raise BrowserError(str(about.get("exception", {}).get("description", about["text"])))
        return found["result"].get("value")

    async def until(self, expression: str, seconds: float, every: float = 0.05) -> Any:
        """Wait until an expression is true in the page and return its value.

        Raises
        ------
        TimeoutError
            It was not in time.
        """
        async with asyncio.timeout(seconds):
            while True:
                with contextlib.suppress(BrowserError):  # the page is just being replaced
                    if found := await self.value(expression):
                        return found
                await asyncio.sleep(every)

    async def click(self, x: float, y: float) -> None:
        """Press and release the mouse."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            await self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left",
                            clickCount=1)

    async def key(self, name: str, code: int) -> None:
        """Press and release a key that writes nothing, such as an arrow."""
        for kind in ("keyDown", "keyUp"):
            await self.send("Input.dispatchKeyEvent", type=kind, key=name, code=name,
                            windowsVirtualKeyCode=code, nativeVirtualKeyCode=code)

    async def slow_down(self, times: float) -> None:
        """Make the processor look so many times slower."""
        await self.send("Emulation.setCPUThrottlingRate", rate=times)

    async def picture(self) -> bytes:
        """Return a picture of the whole page, as PNG."""
        found = await self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(found["data"])


@asynccontextmanager
async def opened(path: str | None = None) -> AsyncIterator[Browser]:
    """Start a browser and end it, with everything it wrote.

    Raises
    ------
    BrowserError
        There is none, or it does not start.
    """
    program = path or find()
    if program is None:
        raise BrowserError("there is no Chromium on this machine")
    folder = Path(tempfile.mkdtemp(prefix="coteach-browser-"))
    process = subprocess.Popen(  # noqa: ASYNC220  starting is quick
        [program, *FLAGS, f"--user-data-dir={folder}", "about:blank"], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True)
    browser: Browser | None = None
    try:
        async with asyncio.timeout(60):
            file = folder / "DevToolsActivePort"
            while not (file.exists() and file.read_text().count("\n")):
                if process.poll() is not None:
                    raise BrowserError(f"{program} ended with code {process.returncode}")
                await asyncio.sleep(0.05)
            port, place = file.read_text().split("\n")[:2]
            browser = Browser(await connect(f"ws://127.0.0.1:{port}{place}",
                                            max_size=MOST_MESSAGE, ping_interval=None))
        yield browser
    finally:
        if browser is not None:
            await browser.close()
        try:
            await asyncio.to_thread(process.wait, 10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)
