"""Long work of the portal: how far it is, how long it takes, stopped, and gone on with."""

from __future__ import annotations

import shutil
import threading
import time

import httpx
import nbformat
import pytest
from grading_course import ASSIGNMENT, answered, make_courses, released_course  # noqa: F401
from portal_site import Alliance

from coteach.errors import Conflict
from coteach.grading import cohort as cohorts
from coteach.hub.session import SESSION_COOKIE
from coteach.lessonpack import find
from coteach.portal import grading
from coteach.portal.runs import Runs
from coteach.store import Database


def ended(run):
    until = time.monotonic() + 60
    while run.state in ("waiting", "running"):
        assert time.monotonic() < until
        time.sleep(0.02)
    return run


def test_the_time_that_is_left_follows_the_pace_so_far():
    go_on = threading.Event()

    def work(step):
        step(10, 30)
        time.sleep(0.3)
        step(13, 30)
        go_on.wait(10)

    run = Runs().start("a", "autograde", work)
    while run.done < 13:
        time.sleep(0.01)
    assert 1 <= run.seconds_left <= 3  # 17 more at a tenth of a second each
    go_on.set()
    assert ended(run).seconds_left is None


def test_a_run_that_was_stopped_says_so_and_one_that_came_to_its_end_does_not():
    runs, stop = Runs(), threading.Event()

    def work(step):
        for done in range(4):
            step(done, 4)
            while not stop.is_set():
                time.sleep(0.01)
            return

    run = runs.start("a", "autograde", work, stop)
    assert run.can_stop
    with pytest.raises(Conflict):
        runs.start("a", "autograde", work)
    runs.stop("a")
    assert ended(run).state == "stopped" and not run.can_stop
    late = threading.Event()
    run = runs.start("a", "autograde", lambda step: (step(4, 4), late.set()), late)
    assert ended(run).state == "done"
    assert runs.stop("nothing") is None


@pytest.fixture
def site(settings, tmp_path, monkeypatch, released_course):  # noqa: F811
    courses = make_courses(tmp_path / "courses")
    monkeypatch.setattr(find, "shared", lambda _name: courses)
    database = Database(settings.store_url)
    database.migrate()
    alliance = Alliance(settings, database)
    task = cohorts.task(alliance.settings, alliance.cohort, ASSIGNMENT)
    shutil.copytree(released_course.root, task.folder.root)
    alliance.task = task
    yield alliance
    database.close()


def client(alliance, name):
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(alliance.app), base_url="http://test",
        cookies={SESSION_COOKIE: alliance.cookie(name)},
        headers={"sec-fetch-site": "same-origin"}, timeout=60)


async def test_a_trainer_stops_marking_and_goes_on_with_what_is_left(site, monkeypatch):
    form = nbformat.read(cohorts.release(site.task), as_version=4)
    for name in ("amina", "bruno"):
        async with client(site, name) as http:
            answer = await http.post("/api/v1/submissions", data={"assignment": ASSIGNMENT}, files={
                "notebook": ("assignment.ipynb", nbformat.writes(answered(
                    form, why=f"I am {name}.")).encode())})
            assert answer.status_code == 201
    here = f"/cohorts/{site.cohort.id}/assignments/{ASSIGNMENT}"
    key = f"{site.cohort.id}/{ASSIGNMENT}"
    real = grading.marking.mark

    def stopped_at_once(*args, stop, **named):
        stop.set()
        return real(*args, stop=stop, **named)

    async with client(site, "trainer") as http:
        with monkeypatch.context() as patch:
            patch.setattr(grading.marking, "mark", stopped_at_once)
            assert (await http.post(f"{here}/autograde")).status_code == 303
            run = ended(grading.runs.get(key))
        assert (run.state, run.done) == ("stopped", 0)
        page = (await http.get(here)).text
        assert "Marking was stopped." in page and "2 notebooks are left" in page
        assert (await http.post(f"{here}/autograde", data={"missing": "yes"})).status_code == 303
        run = ended(grading.runs.get(key))
        assert (run.state, run.done, run.total) == ("done", 2, 2)
        rows = (await http.get(f"/api/v1{here}/submissions")).json()["submissions"]
        assert {row["score"] for row in rows} == {3.0}
        assert (await http.post(f"/api/v1{here}/autograde/stop")).json()["run"]["state"] == "done"
    async with client(site, "amina") as http:
        assert (await http.post(f"{here}/autograde/stop")).status_code == 403
