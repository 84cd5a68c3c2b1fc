"""A pupil at 360 px in real Chromium: enters, moves the slider, answers; a kill and a cut lose nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from classroom_site import fill, session_cookie, settled
from playwright.async_api import Page, async_playwright, expect

from coteach.hub.session import SESSION_COOKIE
from coteach.store import Database
from coteach.store.schema import Event

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
SHOTS = os.environ.get("COTEACH_SCREENSHOTS", "")
SLOW = 60_000
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


@pytest.fixture
def service(settings) -> Iterator[Service]:
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


@pytest.fixture
async def chromium() -> AsyncIterator:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        await browser.close()


async def shot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at them."""
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def stored(service: Service) -> list[tuple[str, dict]]:
    """The answers on disk."""
    with Database.of(service.settings).reading() as session:
        return [(e.actor, e.value["answer"]) for e in session.query(Event).filter(
            Event.verb == "answered").order_by(Event.received, Event.client_seq)]


async def no_sideways(page: Page) -> None:
    """The page is not wider than the screen."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def enter(page: Page, service: Service, name: str) -> None:
    """Type the code and choose a card, as a child does."""
    await page.goto(f"{service.url}/c/")
    await no_sideways(page)
    await page.get_by_label("The letters on the board").fill(service.ids["code"].lower())
    await page.get_by_role("button", name="Go in").click()
    await page.get_by_role("button", name=name).wait_for()
    await no_sideways(page)
    await shot(page, "pupil-cards-360")
    await page.get_by_role("button", name=name).click()
    await page.get_by_role("heading", name="The swing").wait_for()


async def test_a_pupil_enters_by_code_and_her_answer_survives_a_lost_line_and_a_kill(
        service, chromium):
    context = await chromium.new_context(viewport={"width": 360, "height": 720}, locale="en-US")
    page = await context.new_page()
    page.set_default_timeout(SLOW)
    await enter(page, service, "Mai")

    plot = page.locator(".ct-cells .jp-OutputArea img, .ct-cells .jupyter-widgets-output-area img")
    await plot.first.wait_for()
    before = await plot.first.get_attribute("src")
    await page.locator(".noUi-handle").focus()
    await page.keyboard.press("ArrowRight")
    await expect(plot.first).not_to_have_attribute("src", before or "", timeout=SLOW)
    await no_sideways(page)

    sent: list[str] = []

    async def lose_the_reply(route) -> None:
        sent.append(route.request.post_data or "")
        if len(sent) == 1:
            await route.fetch()  # the server has it, the reply is lost
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/c/api/answers", lambda route: lose_the_reply(route)
                     if route.request.method == "POST" else route.continue_())
    question = page.locator(".ct-question", has_text="Which swing is slower?")
    await question.get_by_label("The long one").check()
    await expect(question.get_by_role("status")).to_contain_text(
        "Your teacher has it.", timeout=SLOW)
    assert len(sent) == 2 and sent[0] == sent[1]
    service.end(signal.SIGKILL)
    mai = service.ids["actor-Mai"]
    first = (mai, {"choice": 0, "text": "The long one"})
    assert stored(service) == [first]

    number = page.locator(".ct-question", has_text="How long does")
    await number.get_by_role("textbox").fill("four")
    await number.get_by_role("button", name="Save").click()
    await expect(number).to_contain_text("Write a number")
    await number.get_by_role("textbox").fill("4,0")
    await number.get_by_role("button", name="Save").click()
    await expect(number.get_by_role("status")).to_contain_text("Saved on this device.")
    await shot(page, "pupil-saved-here-360")
    service.start()
    await expect(number.get_by_role("status")).to_contain_text(
        "Your teacher has it.", timeout=SLOW)
    assert stored(service) == [first, (mai, {"number": 4.0})]
    # The killed service took the kernel with it: the page says so and offers one button.
    await page.get_by_role("button", name="Start them again").click(timeout=SLOW)
    await expect(page.locator(".ct-question", has_text="Which swing").get_by_role(
        "status")).to_contain_text("Your teacher has it.", timeout=SLOW)
    assert await page.get_by_label("The long one").is_checked()
    await no_sideways(page)
    await shot(page, "pupil-page-360")

    await page.get_by_role("button", name="Not you?").click()
    await page.get_by_role("button", name="Long").click()
    other = page.locator(".ct-question", has_text="Which swing is slower?")
    await other.wait_for()
    assert not await other.get_by_label("The long one").is_checked()
    await expect(other.get_by_role("status")).to_be_empty()
    await teacher_looks(service, chromium)


async def teacher_looks(service: Service, chromium) -> None:
    """The teacher sees the answers without names until she asks for them."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    await context.add_cookies([{"name": SESSION_COOKIE, "url": service.url,
                                "value": session_cookie(service.settings, "lan")}])
    page = await context.new_page()
    await page.goto(f"{service.url}/c/teach/{service.ids['session']}")
    asked = page.locator(".question", has_text="Which swing is slower?")
    await expect(asked).to_contain_text("1 answer")
    assert not await page.get_by_text("Mai", exact=True).count()
    await page.get_by_label("Show names").check()
    await expect(asked).to_contain_text("Mai")
    await shot(page, "teacher-watch-1280")
    await page.set_viewport_size({"width": 360, "height": 720})
    await no_sideways(page)
    await shot(page, "teacher-watch-360")
