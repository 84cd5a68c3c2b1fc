"""A trainer reads what is wrong with an assignment before her teachers get it."""

from __future__ import annotations

import asyncio

import nbformat
import pytest
from grading_course import ASSIGNMENT, make_courses
from portal_site import Alliance

from coteach.lessonpack import find
from coteach.portal import authoring
from coteach.store import Database


@pytest.fixture
def alliance(settings, tmp_path, monkeypatch):
    courses = make_courses(tmp_path / "courses")
    file = courses / "teaching-at-a-distance" / "source" / ASSIGNMENT / "assignment.ipynb"
    source = nbformat.read(file, as_version=4)
    source.cells[3].source = "assert lux(0) == 1, '<b>dark</b>'"
    nbformat.write(source, file)
    monkeypatch.setattr(find, "shared", lambda _name: courses)
    monkeypatch.setattr(authoring, "_found", {})
    database = Database(settings.store_url)
    database.migrate()
    yield Alliance(settings, database)
    database.close()


async def test_the_check_runs_and_its_findings_are_shown(alliance, tmp_path):
    here = f"/cohorts/{alliance.cohort.id}/assignments/{ASSIGNMENT}"
    async with alliance.client("trainer") as http:
        assert f'href="{here}/check"' in (await http.get(here)).text
        assert "It was not checked yet" in (await http.get(f"{here}/check")).text
        assert (await http.get(f"/api/v1{here}/check")).json() == {
            "run": {"state": "idle"}, "findings": None}
        assert (await http.post(f"{here}/check")).status_code == 303
        for _turn in range(600):
            answer = (await http.get(f"/api/v1{here}/check")).json()
            if answer["run"]["state"] not in ("waiting", "running"):
                break
            await asyncio.sleep(0.2)
        assert answer["run"]["state"] == "done", answer
        assert [(f["check"], f["state"], f["cell"]) for f in answer["findings"]] == [
            ("solution", "failed", "test-zero")]
        text = (await http.get(f"{here}/check")).text
    assert "1 thing is wrong" in text
    assert "fails this test: &lt;b&gt;dark&lt;/b&gt;." in text
    assert "assignment.ipynb · test-zero" in text


async def test_only_those_who_run_the_cohort_may_ask(alliance):
    here = f"/cohorts/{alliance.cohort.id}/assignments/{ASSIGNMENT}"
    for name in ("amina", "other"):
        async with alliance.client(name) as http:
            for path in (f"{here}/check", f"/api/v1{here}/check"):
                assert (await http.get(path)).status_code in (403, 404), (name, path)
                assert (await http.post(path)).status_code in (403, 404), (name, path)
