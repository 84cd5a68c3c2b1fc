"""What was acknowledged is there after everything was killed at once, and nothing else is doubled."""

from __future__ import annotations

import json
import os
import re
import signal

import pytest
from door import choose_card
from playwright.sync_api import expect
from running import start

from coteach.lessonpack import get_course
from coteach.settings import load
from coteach.store import Database, events

NOTEBOOK = (get_course("teaching-at-a-distance").assignment_folder("m1-set-up-the-online-classroom")
            / "assignment.ipynb")
SEND = """async ([address, body]) => {
  const answer = await fetch(address, { method: "POST", body: JSON.stringify(body),
    headers: { "Content-Type": "application/json" } });
  return { status: answer.status, body: await answer.text() };
}"""


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    made = start(tmp_path_factory.mktemp("power") / "data", "--demo")
    yield made
    made.stop()


def sign_in(page, deployment, username):
    page.goto(f"{deployment.url}/login")
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(deployment.logins[username])
    page.locator("#login_submit").click()
    expect(page).to_have_url(re.compile(re.escape(deployment.url) + r"/(?!hub|oauth|login)"))


def cut_the_power(deployment):
    """Kill everything with no chance to say goodbye, as a power cut does."""
    for pid in deployment.pids().values():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    deployment.process.wait()


def test_an_answer_and_a_hand_in_survive_the_kill_of_everything(own, browser):
    deployment = own
    pupil = browser.new_context().new_page()
    pupil.goto(f"{deployment.url}/c/{deployment.class_code}")
    choose_card(pupil, "Ana")
    expect(pupil.get_by_role("slider").first).to_be_visible(timeout=60_000)
    with pupil.expect_response(lambda r: "/c/api/answers" in r.url and r.request.method == "POST",
                               timeout=60_000) as sent:
        pupil.get_by_label("Yes, the path is dry.").check()
    assert sent.value.status == 200
    cut_the_power(deployment)
    port = int(deployment.url.rsplit(":", 1)[1])
    again = start(deployment.data, "--demo", port=port)
    try:
        database = Database.of(load(again.data, environ={}))
        with database.reading() as session:
            kept = [e.value["answer"]["text"] for e in events.read(session, verbs=["answered"])]
        assert kept == ["Yes, the path is dry."]
        assert (again.logins, again.class_code) == (deployment.logins, deployment.class_code)

        teacher = browser.new_context().new_page()
        sign_in(teacher, again, "bruno")
        body = {"assignment": "m1-set-up-the-online-classroom",
                "notebook": json.loads(NOTEBOOK.read_text(encoding="utf-8"))}
        got = teacher.evaluate(SEND, ["/api/v1/submissions", body])
        assert got["status"] == 201, got
        receipt = json.loads(got["body"])["receipt"]
        cut_the_power(again)
        third = start(deployment.data, "--demo", port=port)
        try:
            # The same cookie is good: she is still signed in, and the receipt and file are there.
            teacher.goto(f"{third.url}/submissions/{receipt['id']}")
            expect(teacher.locator("main")).to_contain_text(receipt["sha256"])
            twice = teacher.evaluate(SEND, ["/api/v1/submissions", body])
            assert json.loads(twice["body"])["receipt"]["id"] == receipt["id"]
        finally:
            third.stop()
        database.close()
    finally:
        again.stop()
