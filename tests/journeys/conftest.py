"""The real deployment and a real browser, for whole journeys.

`deployment` starts `coteach up --demo` once for all journeys; `new_page` gives a page of a browser
nobody used before; `sign_in` and `screenshot` are what every journey does.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
]
READY_SECONDS = 180
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder as a journey, and leave it for the end."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.journey)


@dataclass
class Deployment:
    """A running `coteach up`."""

    process: subprocess.Popen[str]
    data: Path
    ready_file: Path
    url: str = ""
    logins: dict[str, str] = field(default_factory=dict)
    class_code: str = ""

    def pids(self) -> dict[str, int]:
        """Return the processes of now; a part that came back has another one."""
        found: dict[str, int] = json.loads(self.ready_file.read_text())["pids"]
        return found

    def logs(self, lines: int = 15) -> str:
        """Return the end of each log, for a message when something failed."""
        texts = []
        for file in sorted((self.data / "logs").glob("*.log")):
            tail = file.read_text(errors="replace").splitlines()[-lines:]
            texts.append("\n".join([f"--- {file.name}", *tail]))
        return "\n".join(texts)

    def stop(self) -> float:
        """Stop it as Ctrl-C does and return how long that took."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return time.monotonic() - began


def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data: Path, *arguments: str, command: list[str] | None = None,
          environ: dict[str, str] | None = None, port: int | None = None) -> Deployment:
    """Start `coteach up` and return when its first page answers."""
    data.mkdir(parents=True, exist_ok=True)
    ready = data.parent / f"{data.name}.ready.json"
    ready.unlink(missing_ok=True)
    output = data.parent / f"{data.name}.out"
    command = command or [str(Path(sys.executable).parent / "coteach")]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COTEACH_")}
    with output.open("w") as out:
        process = subprocess.Popen(
            [*command, "up", "--data", str(data), "--port", str(port or free_port()),
             "--ready-file", str(ready), *arguments],
            stdout=out, stderr=subprocess.STDOUT, text=True, env={**clean, **(environ or {})})
    made = Deployment(process, data, ready)
    deadline = time.monotonic() + READY_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"coteach up did not get ready:\n{output.read_text()}\n{made.logs()}")
        time.sleep(0.1)
    said = json.loads(ready.read_text())
    made.url, made.logins, made.class_code = said["url"], said["logins"], said["class_code"]
    return made


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The demo, started once and shared by all journeys."""
    # Under /tmp itself: pytest's own folder is closed to the user ids that Labs run under.
    made = start(tmp_path_factory.mktemp("deployment") / "data", "--demo")
    yield made
    assert made.stop() < 12


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium with a fake camera and microphone."""
    assert Path(CHROMIUM).exists(), "chromium is missing; `make test` installs it as root"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def new_page(browser: Browser, deployment: Deployment) -> Iterator[Callable[..., Page]]:
    """Return a page of a person who was never here; each call is another person.

    A script that fails on any page fails the test.
    """
    contexts, faults = [], []

    def make(language: str = "en", viewport: dict[str, int] | None = None, **options: Any) -> Page:
        context = browser.new_context(
            base_url=deployment.url, locale=language, viewport=viewport or DESKTOP,
            permissions=["camera", "microphone"], **options)
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
        return page

    yield make
    for context in contexts:
        context.close()
    # JupyterLab's own scripts are not ours to judge.
    assert not [fault for fault in faults if "/user/" not in fault.split(": ")[0]], faults


@pytest.fixture
def sign_in(deployment: Deployment) -> Callable[[Page, str], None]:
    """Return a function that signs a demo person in; she is at the portal afterwards."""

    def do(page: Page, username: str) -> None:
        page.goto("/hub/login")
        page.locator("input[name=username]").fill(username)
        page.locator("input[name=password]").fill(deployment.logins[username])
        page.locator("#login_submit").click()
        expect(page).to_have_url(re.compile(re.escape(deployment.url) + r"/(?!hub|oauth|login)"))
        expect(page.locator("main")).to_be_visible()

    return do


@pytest.fixture
def screenshot() -> Callable[..., None]:
    """Return a function that pictures a page on a desktop and on a phone.

    On the phone nothing may reach beyond the screen, unless `scrolls` says so.
    """

    def take(page: Page, name: str, *, phone: bool = True, scrolls: bool = False) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        before = page.viewport_size
        page.set_viewport_size(DESKTOP)
        page.screenshot(path=SCREENSHOTS / f"{name}-1280.png", full_page=True)
        if phone:
            page.set_viewport_size(PHONE)
            page.wait_for_timeout(150)
            page.screenshot(path=SCREENSHOTS / f"{name}-360.png", full_page=True)
            if not scrolls:
                width = page.evaluate("document.scrollingElement.scrollWidth")
                assert width <= PHONE["width"], f"{name} is {width} px wide on a phone"
        if before:
            page.set_viewport_size(before)

    return take
