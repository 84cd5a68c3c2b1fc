"""Two people practise in Chromium: they see each other move, and the recording plays and seeks."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_site import FLAGS, Site, wait_for
from playwright.sync_api import sync_playwright

from coteach import settings as settings_module
from coteach.store import events
from coteach.store.schema import Recording

SHOTS = Path(__file__).parent.parent / "screenshots" / "live"
SIZES = {"1280": {"width": 1280, "height": 800}, "360": {"width": 360, "height": 740}}

PIXELS = """video => { const c = document.createElement('canvas'); c.width = 64; c.height = 36;
  const p = c.getContext('2d'); p.drawImage(video, 0, 0, 64, 36);
  return Array.from(p.getImageData(0, 0, 64, 36).data).filter((_, i) => i % 4 === 0); }"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings = settings_module.load(tmp_path_factory.mktemp("site") / "data", environ={})
    settings.layout.create()
    made = Site(settings).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


def opened(chromium, site, name, path):
    context = chromium.new_context(viewport=SIZES["1280"], permissions=["camera", "microphone"])
    context.add_cookies([site.cookie(name)])
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.goto(site.url + path)
    return page


def shot(page, name):
    """Picture a page at both widths; nothing may need sideways scrolling."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    for width, size in SIZES.items():
        page.set_viewport_size(size)
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name
        page.screenshot(path=str(SHOTS / f"{name}-{width}.png"), full_page=True)
    page.set_viewport_size(SIZES["1280"])


def enter(page, answer="Yes, record me"):
    page.get_by_label(answer).check()
    page.get_by_role("button", name="Enter the room").click()


def in_view(page, locator):
    """Whether it can be seen without scrolling."""
    page.evaluate("scrollTo(0, 0)")
    box = locator.bounding_box()
    return box["y"] >= 0 and box["y"] + box["height"] <= page.viewport_size["height"]


def sees_two_moving_faces(page):
    faces = page.locator("video")
    wait_for(lambda: faces.count() == 2 and all(
        faces.nth(i).evaluate("v => v.videoWidth > 0 && v.currentTime > 0") for i in range(2)))
    before = faces.nth(1).evaluate(PIXELS)
    wait_for(lambda: sum(abs(a - b) for a, b in zip(
        before, faces.nth(1).evaluate(PIXELS), strict=True)) > 2000)


def test_a_practice_of_two_is_seen_recorded_played_and_commented(site, chromium):
    linh = opened(chromium, site, "linh", "/t/practice")
    linh.get_by_text("May you be recorded?").wait_for()
    shot(linh, "door")
    enter(linh)
    linh.get_by_text("You are alone in the room").wait_for()
    start = linh.get_by_role("button", name="Start recording")
    assert in_view(linh, start) and in_view(linh, linh.get_by_role("button", name="Turn camera off"))
    assert not linh.locator(".ct-timer").is_visible(), "no gap where nothing is recorded"
    mei = opened(chromium, site, "mei", linh.locator(".ct-link").input_value().removeprefix(site.url))
    enter(mei)
    sees_two_moving_faces(linh)
    sees_two_moving_faces(mei)

    linh.get_by_role("button", name="Start recording").click()
    mei.get_by_text("You are being recorded.").wait_for()
    linh.wait_for_timeout(3000)
    shot(linh, "room")
    shot(mei, "room-page")

    # The live server dies in the middle: everybody is back by herself, one recording goes on.
    site.live.kill()
    linh.get_by_text("Connecting again by itself").wait_for()
    site.live.start()
    mei.get_by_text("You are being recorded.").wait_for(timeout=20_000)
    sees_two_moving_faces(linh)
    linh.wait_for_timeout(2500)
    linh.get_by_role("button", name="Stop recording").click()
    watch = linh.get_by_role("button", name="Watch it")
    watch.wait_for(timeout=15_000)
    assert in_view(linh, watch) and in_view(linh, linh.get_by_text("Your recording is ready."))
    mei.get_by_text("The recording has ended.").wait_for()
    made = linh.evaluate("window.model.get('recordings')")
    assert len(made) == 1 and made[0]["status"] == "ready" and len(made[0]["tracks"]) == 2
    assert made[0]["duration"] > 7
    shot(linh, "recorded")
    watch.click()
    wait_for(lambda: linh.locator(".ct-player video").first.evaluate("v => v.currentTime > 0.3"))

    trainer = opened(chromium, site, "trainer", made[0]["page"])
    trainer.get_by_role("button", name="Play", exact=True).click()
    videos = trainer.locator("video")
    wait_for(lambda: all(videos.nth(i).evaluate(
        "v => v.currentTime > 1 && v.videoWidth === 640") for i in range(2)))
    trainer.get_by_role("button", name="Pause").click()
    late = made[0]["duration"] - 1
    trainer.get_by_label("Moment of the recording").evaluate(
        "(s, at) => { s.value = at; s.dispatchEvent(new Event('input')); }", late)
    wait_for(lambda: videos.nth(0).evaluate("(v, at) => !v.seeking && Math.abs(v.currentTime - at) < 2.5",
                                            late))
    comment = "Look into the camera when you ask."
    trainer.get_by_label("Your comment").fill(comment)
    trainer.get_by_role("button", name="Comment at").click()
    trainer.get_by_text(comment).wait_for()
    mark = trainer.locator(".ct-line").first.get_by_role("radio").nth(2)
    mark.check()
    trainer.locator(".ct-line").first.get_by_text("Saved").wait_for()
    shot(trainer, "review-page")

    review = opened(chromium, site, "linh", "/t/review")
    review.get_by_text(comment).wait_for()
    assert review.locator(".ct-line").first.get_by_text("Trainer:").count() == 1
    review.locator(".ct-moment").click()
    wait_for(lambda: review.locator("video").nth(0).evaluate("v => v.currentTime > 2"))
    assert review.evaluate("window.model.get('recordings')[0].comments[0].text") == comment
    shot(review, "review")

    # A second take: nothing of the first is said under it.
    linh.get_by_role("button", name="Start recording").click()
    mei.get_by_text("You are being recorded.").wait_for()
    assert not mei.get_by_text("The recording has ended.").is_visible()
    assert mei.locator(".ct-live").evaluate(
        "e => getComputedStyle(e, '::before').backgroundColor === getComputedStyle(e).color")
    linh.wait_for_timeout(1500)
    # Her browser is gone in the middle; her colleague is told what happens now.
    linh.context.close()
    mei.get_by_text("the recording stops by itself and is kept").wait_for(timeout=20_000)
    shot(mei, "teacher-away")
    linh = opened(chromium, site, "linh", "/t/practice")
    linh.get_by_text("A recording of yours is still running").wait_for()
    shot(linh, "still-running")
    linh.get_by_role("button", name="Stop the recording").click()
    mei.get_by_text("The recording has ended.").wait_for()
    linh.get_by_text("A recording of yours is still running").wait_for(state="hidden")
    with site.live.database.reading() as session:
        assert sorted(r.status for r in session.query(Recording)) == ["ready", "ready"]
    for page in (linh, mei, trainer, review):
        assert page.faults == []


def test_start_recording_that_can_not_be_pressed_says_why(site, chromium):
    context = chromium.new_context(viewport=SIZES["1280"])
    context.add_init_script("navigator.mediaDevices.getUserMedia = async () => {"
                            " throw new DOMException('no', 'NotAllowedError'); };")
    context.add_cookies([site.cookie("linh")])
    page = context.new_page()
    page.goto(site.url + "/t/practice")
    page.get_by_text("You can enter and watch without").wait_for()
    enter(page)
    page.get_by_text("nothing can be recorded. Allow them in the browser").wait_for()
    assert page.get_by_role("button", name="Start recording").is_disabled()
    context.close()


def test_the_device_check_says_everything_works_and_the_server_knows(site, chromium):
    page = opened(chromium, site, "linh", "/t/device_check")
    page.get_by_role("button", name="Check my devices").click()
    page.get_by_role("button", name="Check again").wait_for(timeout=40_000)
    words = page.locator(".ct-words").all_inner_texts()
    assert words[0] == "The camera works." and words[4] == (
        "Picture and sound reach the practice room."), words
    shot(page, "device-check")
    with site.live.database.reading() as session:
        found = events.read(session, verbs=["device-checked"])
    assert [e.actor for e in found] == [site.live.people["linh"]]
    assert found[0].value["parts"]["room"]["state"] == "good"
    assert page.faults == []


@pytest.mark.parametrize(("fault", "cause"), [
    ("Object.defineProperty(window, 'isSecureContext', {value: false})", "without https"),
    ("navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))",
     "told not to use the camera"),
    ("navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))",
     "No camera was found"),
    ("navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotReadableError'))",
     "Another program uses the camera"),
])
def test_the_device_check_names_the_cause_and_one_action(chromium, site, fault, cause):
    context = chromium.new_context(viewport=SIZES["360"])
    context.add_cookies([site.cookie("linh")])
    page = context.new_page()
    if "isSecure" in fault:
        fault += "; navigator.mediaDevices.getUserMedia = undefined"
    page.add_init_script(fault)
    page.goto(f"{site.url}/t/device_check")
    page.get_by_role("button", name="Check my devices").click()
    camera = page.locator(".ct-check").first
    camera.get_by_text(cause).wait_for()
    assert camera.locator(".ct-action").inner_text().endswith(".")
