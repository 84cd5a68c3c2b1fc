"""What was acknowledged is there after everything was killed at once, and nothing else is doubled."""

from __future__ import annotations

import json
import os
import re
import signal

from playwright.sync_api import expect
from running import start

from coteach.lessonpack import get_course
from coteach.settings import load
from coteach.store import Database, classes, events
from coteach.store.schema import Person, SchoolClass

NOTEBOOK = (get_course("teaching-at-a-distance").assignment_folder("m1-set-up-the-online-classroom")
            / "assignment.ipynb")
SEND = """async ([address, body]) => {
  const answer = await fetch(address, { method: "POST", body: JSON.stringify(body),
    headers: { "Content-Type": "application/json" } });
  return { status: answer.status, body: await answer.text() };
}"""


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


def a_class_of_its_own(deployment):
    """Open the demo's lesson in a new class with one card; return its session and code."""
    database = Database.of(load(deployment.data, environ={}))
    with database.session() as session:
        known = classes.by_code(session, deployment.class_code)
        theirs = classes.get(session, known.class_id)
        mine = SchoolClass(name="Power cut", school_id=theirs.school_id, secrets=False,
                           teacher_id=theirs.teacher_id)
        session.add(mine)
        session.flush()
        classes.add_card(session, mine, nickname="Ana", picture="crab")
        row = classes.open_session(session, mine, lesson=known.lesson, minutes=60,
                                   version=known.lesson_version,
                                   person=session.get(Person, theirs.teacher_id))
        found = row.id, row.code
    database.close()
    return found


def test_an_answer_and_a_hand_in_survive_the_kill_of_everything(deployment, browser):
    class_session, code = a_class_of_its_own(deployment)
    pupil = browser.new_context().new_page()
    pupil.goto(f"{deployment.url}/c/{code}")
    pupil.get_by_role("button", name="Ana").click()
    expect(pupil.get_by_role("slider").first).to_be_visible(timeout=60_000)
    teacher = browser.new_context().new_page()
    sign_in(teacher, deployment, "bruno")
    body = {"assignment": "m1-set-up-the-online-classroom",
            "notebook": json.loads(NOTEBOOK.read_text(encoding="utf-8"))}

    with pupil.expect_response(lambda r: "/c/api/answers" in r.url and r.request.method == "POST",
                               timeout=60_000) as sent:
        pupil.get_by_label("Yes, the path is dry.").check()
    assert sent.value.status == 200
    got = teacher.evaluate(SEND, ["/api/v1/submissions", body])
    assert got["status"] == 201, got
    receipt = json.loads(got["body"])["receipt"]
    cut_the_power(deployment)

    port = int(deployment.url.rsplit(":", 1)[1])
    again = start(deployment.data, "--demo", "--turn", port=port)
    deployment.process = again.process
    assert (again.logins, again.class_code) == (deployment.logins, deployment.class_code)
    database = Database.of(load(deployment.data, environ={}))
    with database.reading() as session:
        kept = [e.value["answer"]["text"] for e in events.read(
            session, session_id=class_session, verbs=["answered"])]
    database.close()
    assert kept == ["Yes, the path is dry."]
    # The same cookie is good: she is still signed in, and the receipt and file are there.
    teacher.goto(f"{deployment.url}/submissions/{receipt['id']}")
    expect(teacher.locator("main")).to_contain_text(receipt["sha256"])
    twice = teacher.evaluate(SEND, ["/api/v1/submissions", body])
    assert json.loads(twice["body"])["receipt"]["id"] == receipt["id"]
    for page in (pupil, teacher):
        page.context.close()
