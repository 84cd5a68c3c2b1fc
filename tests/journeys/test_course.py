"""Module 1 from the first page to the feedback: a teacher, a peer and their trainer."""

from __future__ import annotations

import json
import re
import time
from hashlib import sha256

import lab
from playwright.sync_api import Page, expect

PLAN = ("My class 5 learns about tides over a slow line. When I raise the red card, my co-teacher "
        "mutes the video. Then we go on with sound and slides, then sound alone, then messages, "
        "then the paper sheet she has printed before. She decides; we tried it on Monday.")
COMMENT = "Look into the camera when you ask."
REMARK = "A plan that your co-teacher can use. Name the signal without sound too."


def wait_for(happened, seconds: float = 30) -> None:
    """Wait until something is true on a page."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def check_devices(page: Page, screenshot) -> None:
    lab.open_step(page, "Check your own set-up")
    cell = lab.run_cell(page, "DeviceCheck(")
    cell.get_by_role("button", name="Check my devices").click(timeout=60_000)
    expect(cell.get_by_role("button", name="Check again")).to_be_visible(timeout=60_000)
    expect(cell).to_contain_text("The camera works.")
    expect(cell).to_contain_text("Picture and sound reach the practice room.")
    expect(lab.sidebar(page)).to_contain_text("1 of 7 steps done")
    screenshot(page, "lab-device-check", phone=False)


def practise(page: Page, peer: Page, screenshot) -> None:
    lab.open_step(page, "Practise the first five minutes")
    cell = lab.run_cell(page, "Practice(")
    cell.get_by_label("Yes, record me").check(timeout=60_000)
    cell.get_by_role("button", name="Enter the room").click()
    expect(cell).to_contain_text("You are alone in the room", timeout=30_000)

    peer.goto("/")
    screenshot(peer, "home-with-a-room")
    peer.get_by_role("link", name=re.compile("Amina")).first.click()
    peer.get_by_label("Yes, record me").check()
    peer.get_by_role("button", name="Enter the room").click()
    for faces in (cell.locator("video"), peer.locator("video")):
        expect(faces).to_have_count(2, timeout=30_000)
        wait_for(lambda faces=faces: all(faces.evaluate_all(
            "all => all.map(v => v.videoWidth > 0 && v.currentTime > 0)")))
    cell.get_by_role("button", name="Start recording").click()
    expect(peer.locator("main")).to_contain_text("You are being recorded.")
    page.wait_for_timeout(5000)
    screenshot(page, "lab-practice", phone=False)
    screenshot(peer, "peer-room")
    cell.get_by_role("button", name="Stop recording").click()
    expect(cell).to_contain_text("Your recording is ready", timeout=30_000)
    cell.get_by_role("button", name="Play", exact=True).first.click()
    playing = "all => all.some(v => v.src && v.currentTime > {} && v.videoWidth > 0)"
    wait_for(lambda: cell.locator("video").evaluate_all(playing.format(0.5)))
    screenshot(page, "lab-recording", phone=False)
    cell.get_by_label("Moment of the recording").first.evaluate(
        "(s) => { s.value = 3; s.dispatchEvent(new Event('input')); }")
    wait_for(lambda: cell.locator("video").evaluate_all(playing.format(2.9)))


def answer_and_hand_in(page: Page, deployment, screenshot) -> str:
    page.set_viewport_size({"width": 1280, "height": 2600})
    lab.open_step(page, "Write your bad-line plan and hand it in")
    expect(page.locator(".jp-Notebook:visible")).to_contain_text("your bad-line plan")
    # Teachers need no programming: nbgrader's button answers with tracebacks.
    expect(page.locator(".jp-NotebookPanel-toolbar:visible")).not_to_contain_text("Validate")
    lab.write_cell(page, "# YOUR CODE HERE",
                   'steps = ["picture and sound", "slide and sound", "sound", "text", "paper"]')
    lab.write_cell(page, "# YOUR CODE HERE",
                   "def left_for_pictures(line, others):\n"
                   "    return max(line * 3 / 4 - others - 2 * 50, 0)")
    lab.write_cell(page, "YOUR ANSWER HERE", PLAN, "Markdown")
    page.set_viewport_size({"width": 1280, "height": 800})
    panel = lab.sidebar(page)
    panel.get_by_role("button", name="Hand in the assignment").click()
    panel.get_by_role("button", name="Yes, hand in").click()
    expect(panel).to_contain_text("Handed in", timeout=30_000)
    screenshot(page, "lab-receipt", phone=False)
    shown = panel.locator("code").first.get_attribute("title")
    home = deployment.data / "homes" / "amina"
    file = next(home.glob("*/m1-*/assignment.ipynb"))
    assert shown == sha256(file.read_bytes()).hexdigest()
    receipts = list(home.glob("**/receipts/*.json"))
    assert receipts and json.loads(receipts[0].read_text())["sha256"] == shown
    return shown


def watch_and_remark(page: Page, screenshot) -> None:
    page.goto("/")
    screenshot(page, "home-trainer")
    page.get_by_role("link", name="First steps (demo)").first.click()
    expect(page.locator("main")).to_contain_text("Who has done what")
    screenshot(page, "cohort")
    page.locator("a[href^='/recordings/']").first.click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.get_by_label("Your comment").fill(COMMENT)
    page.get_by_role("button", name="Comment at").click()
    expect(page.get_by_text(COMMENT)).to_be_visible()
    line = page.locator(".ct-line").first
    line.get_by_role("radio").nth(2).check()
    expect(line.get_by_text("Saved")).to_be_visible()
    screenshot(page, "recording-review")


def mark_and_release(page: Page, screenshot) -> None:
    page.goto("/")
    page.get_by_role("link", name="First steps (demo)").first.click()
    page.get_by_role("link", name="All hand-ins").click()
    if not page.get_by_role("button", name="Autograde").count():
        page.locator("main a[href*='/assignments/']").first.click()
    page.get_by_role("button", name="Autograde").click()
    expect(page.get_by_role("link", name="Mark the written answers")).to_be_visible(timeout=120_000)
    screenshot(page, "grading")
    page.get_by_role("link", name="Mark the written answers").click()
    expect(page.locator("main")).to_contain_text("When I raise the red card")
    screenshot(page, "written-answer")
    page.get_by_label(re.compile("Points, from 0 to 6")).fill("5")
    page.get_by_label("Comment for the teacher").fill(REMARK)
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("link", name="Give the feedback back").first.click()
    expect(page.locator("main")).to_contain_text("11 of 12 points")
    screenshot(page, "release")
    page.get_by_role("button", name="Give the feedback back").click()
    expect(page.locator("main")).to_contain_text("given back")


def test_module_one_from_the_first_page_to_the_feedback(
        deployment, new_page, sign_in, screenshot):
    teacher = new_page()
    sign_in(teacher, "amina")
    screenshot(teacher, "home-teacher")
    teacher.get_by_role("link", name=re.compile("Open module 1 in JupyterLab")).click()
    expect(lab.sidebar(teacher)).to_contain_text("Set up the online classroom", timeout=90_000)
    expect(teacher.locator(".jp-Notebook")).to_contain_text("About 40 minutes", timeout=60_000)
    screenshot(teacher, "lab-module", phone=False)
    check_devices(teacher, screenshot)
    peer = new_page()
    sign_in(peer, "bruno")
    practise(teacher, peer, screenshot)
    fingerprint = answer_and_hand_in(teacher, deployment, screenshot)

    trainer = new_page()
    sign_in(trainer, "trainer")
    watch_and_remark(trainer, screenshot)
    mark_and_release(trainer, screenshot)

    portal = new_page()
    sign_in(portal, "amina")
    screenshot(portal, "home-feedback")
    portal.locator("a[href^='/submissions/']").first.click()
    expect(portal.locator("main")).to_contain_text("11 of 12 points")
    expect(portal.locator("main")).to_contain_text(REMARK)
    expect(portal.locator("main")).to_contain_text(fingerprint)
    screenshot(portal, "feedback")
    portal.goto("/")
    portal.locator("a[href^='/recordings/']").first.click()
    expect(portal.get_by_text(COMMENT)).to_be_visible()

    for language in ("zh-Hant", "vi"):
        for page, name in ((portal, "a-recording"), (trainer, "a-recording-trainer")):
            page.goto(portal.url.split("?")[0] + f"?lang={language}")
            expect(page.get_by_text(COMMENT)).to_be_visible()
            screenshot(page, f"{name}-{language}")
        portal.goto(f"/?lang={language}")
        screenshot(portal, f"home-feedback-{language}")
        portal.locator("a[href^='/submissions/']").first.click()
        expect(portal.locator("main")).to_contain_text(REMARK)
        screenshot(portal, f"feedback-{language}")
        portal.goto("/")
        portal.locator("a[href^='/recordings/']").first.click()
        expect(portal.get_by_text(COMMENT)).to_be_visible()
        trainer.goto("/")
        trainer.get_by_role("link", name="First steps (demo)").first.click()
        trainer.goto(trainer.url.split("?")[0] + "/grading")
        screenshot(trainer, f"grading-{language}")
    portal.goto("/?lang=en")
    trainer.goto("/?lang=en")

    teacher.reload()
    expect(lab.sidebar(teacher)).to_contain_text("11", timeout=90_000)
    expect(lab.sidebar(teacher)).to_contain_text(REMARK)
    screenshot(teacher, "lab-feedback", phone=False)
    lab.open_step(teacher, "Read your trainer's feedback")
