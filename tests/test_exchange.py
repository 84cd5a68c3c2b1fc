"""nbgrader's own commands against a portal that runs, with the token of a Lab and no shared disk."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time

import pytest
import uvicorn
from grading_course import ASSIGNMENT, make_courses
from portal_site import Alliance
from ports import free_port

from coteach import settings as settings_module
from coteach.grading import cohort as cohorts
from coteach.grading import handin
from coteach.hub import lab
from coteach.lessonpack import find
from coteach.store import Database, utcnow
from coteach.store.schema import Grade


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exchange")
    settings = settings_module.load(folder / "data", environ={}, spare_kernels=0)
    settings.layout.create()
    database = Database(settings.store_url)
    database.migrate()
    courses, port = make_courses(folder / "courses"), free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(find, "shared", lambda _name: courses)
        alliance = Alliance(settings, database)
        alliance.url = f"http://127.0.0.1:{port}"
        cohorts.release(cohorts.task(settings, alliance.cohort, ASSIGNMENT))
        server = uvicorn.Server(uvicorn.Config(alliance.app, port=port, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield alliance
        server.should_exit = True
        thread.join(10)
    database.close()


def nbgrader(site, home, name, *command, url=None):
    env = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_PATH": lab.config_path("en"),
           "COTEACH_PORTAL_URL": url or site.url, "JUPYTERHUB_API_TOKEN": f"token-{name}"}
    return subprocess.run([sys.executable, "-m", "nbgrader", *command], cwd=home, env=env,
                          capture_output=True, text=True, timeout=120, check=False)


def course(site):
    return ["--course", site.cohort.course]


def test_fetch_and_submit_give_a_receipt_for_exactly_the_stored_file(site, tmp_path):
    fetched = nbgrader(site, tmp_path, "amina", "fetch_assignment", ASSIGNMENT, *course(site))
    assert fetched.returncode == 0, fetched.stderr
    raw = (tmp_path / ASSIGNMENT / "assignment.ipynb").read_bytes()
    assert b"BEGIN HIDDEN TESTS" not in raw
    sent = nbgrader(site, tmp_path, "amina", "submit", ASSIGNMENT, *course(site))
    assert sent.returncode == 0, sent.stderr
    kept, = (tmp_path / ASSIGNMENT / "receipts").iterdir()
    receipt = json.loads(kept.read_text())
    stored = handin.file_of(site.settings, receipt["id"]).read_bytes()
    assert receipt["sha256"] == hashlib.sha256(stored).hexdigest() in sent.stderr
    assert stored == raw
    listed = nbgrader(site, tmp_path, "amina", "list", "--inbound", *course(site))
    assert receipt["sha256"] in listed.stderr
    assert receipt["sha256"] not in nbgrader(
        site, tmp_path, "bruno", "list", "--inbound", *course(site)).stderr


def test_nobody_hands_in_under_another_name_or_by_a_link_or_to_a_server_that_is_away(
        site, tmp_path):
    place = tmp_path / ASSIGNMENT
    place.mkdir()
    (place / "assignment.ipynb").symlink_to("/etc/passwd")
    before = len(list(site.settings.layout.submissions.iterdir()))
    linked = nbgrader(site, tmp_path, "bruno", "submit", ASSIGNMENT, *course(site))
    assert linked.returncode != 0 and "no notebook" in linked.stderr
    (place / "assignment.ipynb").unlink()
    (place / "assignment.ipynb").write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    other = nbgrader(site, tmp_path, "bruno", "submit", ASSIGNMENT, "--student", "amina",
                     *course(site))
    assert other.returncode != 0 and "--student" in other.stderr
    away = nbgrader(site, tmp_path, "bruno", "submit", ASSIGNMENT, *course(site),
                    url=f"http://127.0.0.1:{free_port()}")
    assert away.returncode != 0 and "Your files are safe here" in away.stderr
    assert len(list(site.settings.layout.submissions.iterdir())) == before


def test_feedback_comes_when_it_was_given_back_and_a_trainers_command_changes_nothing(
        site, tmp_path):
    place = tmp_path / ASSIGNMENT
    place.mkdir()
    (place / "assignment.ipynb").write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    assert nbgrader(site, tmp_path, "chen", "submit", ASSIGNMENT, *course(site)).returncode == 0
    kept, = (place / "receipts").iterdir()
    made = json.loads(kept.read_text())["id"]
    with site.database.session() as session:
        session.add(Grade(submission_id=made, status="graded", score=8, max_score=10))
    handin.feedback_of(site.settings, made).write_text("<p>Well done.</p>")
    command = ("fetch_feedback", ASSIGNMENT, *course(site))
    assert "no feedback" in nbgrader(site, tmp_path, "chen", *command).stderr
    with site.database.session() as session:
        session.get_one(Grade, made).released = utcnow()
    assert nbgrader(site, tmp_path, "chen", *command).returncode == 0
    page, = (place / "feedback").rglob("*.html")
    assert "Well done." in page.read_text()
    collected = nbgrader(site, tmp_path, "trainer", "collect", ASSIGNMENT, *course(site))
    assert collected.returncode != 0 and "Nothing was changed" in collected.stderr
