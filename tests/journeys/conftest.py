"""The real deployment and a real browser, for whole journeys.

`deployment` starts `coteach up --demo` once for all journeys; `new_page` gives a page of a browser
nobody used before; `sign_in` and `screenshot` are what every journey does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from ports import free_port
from running import Deployment, start

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
]
FAILED = pytest.StashKey[bool]()
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder as a journey, and leave it for the end.

    Playwright keeps an event loop running in this thread as long as the browser lives; tests that
    bring a loop of their own must be over by then.
    """
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.journey)
    journeys = set(here)
    items.sort(key=lambda item: item in journeys)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Remember that a journey failed, so that its pages can be pictured."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The demo, started once and shared by all journeys."""
    # Under /tmp itself: pytest's own folder is closed to the user ids that Labs run under.
    data = tmp_path_factory.mktemp("deployment") / "data"
    data.mkdir()
    (data / "coteach.toml").write_text(f"turn_port = {free_port()}\n")
    made = start(data, "--demo", "--turn")
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
def new_page(request: pytest.FixtureRequest, browser: Browser, deployment: Deployment) -> Iterator[Callable[..., Page]]:
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
    if request.node.stash.get(FAILED, False):
        for place, context in enumerate(contexts):
            for page in context.pages:
                SCREENSHOTS.mkdir(exist_ok=True)
                page.screenshot(path=SCREENSHOTS / f"failed-{request.node.name}-{place}.png")
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
