"""The classroom service as a process of its own, and Chromium, for tests in a real browser.

A file's tests share both; each has a class of its own, and browsers that nobody used before.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
from classroom_site import fill, open_class, session_cookie, settled
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from coteach import settings as settings_module
from coteach.hub.session import SESSION_COOKIE
from coteach.store import Database

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
SHOTS = os.environ.get("COTEACH_SCREENSHOTS", "")
SLOW = 60_000
# Not how fast it is: what a test waits for comes late on a machine that does other things too.
expect.set_options(timeout=20_000)
HUB = """
import sys, http.server
class Hub(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(b'{"kind": "user", "name": "lan"}')
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Hub).serve_forever()
"""


class Service:
    """The classroom service as a process of its own, which can be killed."""

    def __init__(self, settings) -> None:
        self.settings = settings
        self.url = settings.internal("classroom")
        self.log = (settings.layout.logs / "classroom.log").open("ab")
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "coteach.classroom"], stdout=self.log, stderr=self.log, env={
                **os.environ, "COTEACH_DATA": str(self.settings.data),
                "COTEACH_CLASSROOM_PORT": str(self.settings.classroom_port),
                "COTEACH_HUB_PORT": str(self.settings.hub_port)})
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.url}/c/healthz", trust_env=False).json() == {"ok": True}:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError("the service does not answer")

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=10)


    def new_class(self, secrets: bool = False) -> None:
        """Have a new class open the lesson; see that the service runs."""
        database = Database.of(self.settings)
        self.ids = open_class(database, secrets)
        database.close()
        if self.process is None or self.process.poll() is not None:
            self.start()


@contextmanager
def serving(data: Path) -> Iterator[Service]:
    """Run the service for a school in an empty folder."""
    settings = settings_module.load(data, environ={})
    settings.layout.create()
    made = Service(settled(settings))
    database, made.ids = fill(made.settings)
    database.close()
    hub = subprocess.Popen([sys.executable, "-c", HUB, str(made.settings.hub_port)])
    made.start()
    yield made
    hub.kill()
    hub.wait()
    if made.process.poll() is None:
        assert made.end(signal.SIGTERM) == 0


@asynccontextmanager
async def chromium_running() -> AsyncIterator[Browser]:
    """Run Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        await browser.close()


async def emptied(browser: Browser) -> None:
    """Close what a test left open, with its cookies and all that was kept."""
    for context in list(browser.contexts):
        await context.close()


async def shot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at them."""
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


async def no_sideways(page: Page) -> None:
    """The page is not wider than the screen."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def teachers(browser: Browser, service: Service, name: str = "lan",
                   **options) -> BrowserContext:
    """A browser of somebody who is signed in."""
    context = await browser.new_context(**{
        "viewport": {"width": 1280, "height": 900}, "locale": "en-US", **options})
    await context.add_cookies([{"name": SESSION_COOKIE, "url": service.url,
                                "value": session_cookie(service.settings, name)}])
    return context
