"""coteach inside a real Jupyter server, against the real portal."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

import httpx
import nbformat
import pytest
import uvicorn
from grading_course import (  # noqa: F401
    ASSIGNMENT,
    answered,
    make_courses,
    released_course,
)
from portal_site import MODULE, Alliance
from ports import free_port

from coteach import settings as settings_module
from coteach.errors import UserError
from coteach.grading import cohort as cohorts
from coteach.grading import marking
from coteach.labserver import files, sections
from coteach.labserver.portal import Portal
from coteach.lessonpack import find
from coteach.store import Database, assessment

FOLDER = f"teaching-at-a-distance/{MODULE}"


class House:
    """A portal that listens, and Jupyter servers that know it."""

    def __init__(self, root, released):
        self.root = root
        settings = settings_module.load(root / "data", environ={})
        settings.layout.create()
        database = Database(settings.store_url)
        database.migrate()
        self.alliance = Alliance(settings, database)
        shutil.copytree(released.root, self.task.folder.root)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._server = uvicorn.Server(uvicorn.Config(
            self.alliance.app, port=port, log_level="warning", lifespan="off"))
        threading.Thread(target=self._server.run, daemon=True).start()
        wait(f"{self.url}/healthz")
        self._labs = []

    @property
    def task(self):
        return cohorts.task(self.alliance.settings, self.alliance.cohort, ASSIGNMENT)

    def lab(self, name, *, portal=True, url=""):
        home = self.root / f"home-{name}-{len(self._labs)}"
        home.mkdir()
        port = free_port()
        environ = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
                   "COTEACH_LANGUAGE": "vi"}
        if portal:
            environ |= {"COTEACH_PORTAL_URL": url or self.url, "JUPYTERHUB_API_TOKEN": f"token-{name}"}
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", f"--port={port}", "--no-browser",
             "--allow-root", "--IdentityProvider.token=secret", f"--ServerApp.root_dir={home}",
             "--ServerApp.jpserver_extensions=coteach.labserver=True",
             *(f"--ServerApp.jpserver_extensions={e}=False" for e in (
                 "jupyter_lsp", "jupyterlab", "notebook", "notebook_shim",
                 "voila.server_extension", "nbgrader.server_extensions.formgrader",
                 "nbgrader.server_extensions.validate_assignment",
                 "nbgrader.server_extensions.assignment_list",
                 "nbgrader.server_extensions.course_list"))],
            env=environ, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._labs.append(process)
        http = httpx.Client(base_url=f"http://127.0.0.1:{port}/coteach", timeout=30,
                            headers={"Authorization": "token secret"})
        wait(f"http://127.0.0.1:{port}/api")
        began = time.monotonic()
        listing = httpx.get(f"http://127.0.0.1:{port}/api/contents", headers={"Authorization": "token secret"}, timeout=30)
        self.listed_after = time.monotonic() - began
        self.first_listing = [entry["name"] for entry in listing.json()["content"]]
        return home, http

    def close(self):
        for process in self._labs:
            process.terminate()
        for process in self._labs:
            process.wait(20)
        self._server.should_exit = True
        self.alliance.database.close()


def wait(url):
    until = time.monotonic() + 40
    while True:
        try:
            if httpx.get(url).status_code < 500:
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < until, url
        time.sleep(0.1)


@pytest.fixture(scope="module")
def house(tmp_path_factory, released_course):  # noqa: F811
    root = tmp_path_factory.mktemp("house")
    courses = make_courses(root / "courses")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(find, "shared", lambda _name: courses)
        made = House(root, released_course)
        yield made
        made.close()


@pytest.fixture(scope="module")
def amina(house):
    return house.lab("amina")


def test_the_files_are_there_when_the_server_first_answers_a_question_about_files(house, amina):
    home, _http = amina
    assert FOLDER.split("/")[0] in house.first_listing
    folder = home / FOLDER
    assert (folder / "module.ipynb").is_file()
    assert (folder / "assets" / "light.svg").is_file()
    assert "Ánh sáng" in (folder / "assignment.ipynb").read_text()


def test_a_portal_that_is_slow_holds_up_questions_about_files_and_not_the_server(house):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        house.lab("ben", url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert 2 < house.listed_after < 9 and house.first_listing == []


def test_missing_files_come_again_and_present_ones_stay(amina):
    home, http = amina
    (home / FOLDER / "module.ipynb").unlink()
    own = home / FOLDER / "assignment.ipynb"
    before = own.read_bytes()
    own.write_bytes(before + b"\n")
    answer = http.post("/fetch", json={"module": MODULE}).json()
    assert answer["written"] == [f"{FOLDER}/module.ipynb"]
    assert own.read_bytes() == before + b"\n"
    own.write_bytes(before)


def test_a_file_that_is_open_is_not_brought_back_empty(amina):
    home, http = amina
    own = home / FOLDER / "assignment.ipynb"
    before = own.read_bytes()
    own.unlink()
    answer = http.post("/fetch", json={"module": MODULE, "open": [f"{FOLDER}/assignment.ipynb"]})
    assert answer.json()["written"] == [] and not own.exists()
    assert http.post("/fetch", json={"module": MODULE, "open": "x"}).status_code == 400
    own.write_bytes(before)


def test_a_file_that_changed_on_the_disk_gets_another_name_and_stays_whole(amina):
    home, http = amina
    (home / "mine.ipynb").write_text("theirs")
    other = http.post("/set-aside", json={"path": "mine.ipynb"}).json()["file"]
    assert not (home / "mine.ipynb").exists()
    assert (home / other).read_text() == "theirs" and other.startswith("mine-")
    (home / other).unlink()
    assert http.post("/set-aside", json={"path": "mine.ipynb"}).json()["file"] == ""
    assert http.post("/set-aside", json={"path": "../x"}).status_code == 400


def test_checking_says_what_is_odd_and_hands_nothing_in(amina):
    _home, http = amina
    answer = http.post("/submit", json={
        "path": f"{FOLDER}/assignment.ipynb", "assignment": ASSIGNMENT, "check": True})
    assert len(answer.json()["check"]["odd"]) == 1
    listed = http.get("/submissions", params={"assignment": ASSIGNMENT}).json()
    assert listed["submissions"] == []


def test_home_is_hers_and_in_the_language_of_the_browser(amina):
    _home, http = amina
    answer = http.get("/home", headers={"Cookie": "coteach_lang=zh-Hant"}).json()
    assert answer["me"]["username"] == "amina"
    assert answer["language"] == "zh-Hant"
    assert answer["learning"][0]["modules"][0]["id"] == MODULE


def test_handing_in_gives_a_receipt_that_also_lies_beside_the_notebook(amina, house):
    home, http = amina
    path = f"{FOLDER}/assignment.ipynb"
    raw = (home / path).read_bytes()
    answer = http.post("/submit", json={"path": path, "assignment": ASSIGNMENT})
    assert answer.status_code == 200, answer.text
    receipt = answer.json()["receipt"]
    assert receipt["sha256"] == hashlib.sha256(raw).hexdigest()
    assert json.loads((home / answer.json()["file"]).read_text())["id"] == receipt["id"]
    again = http.post("/submit", json={"path": path, "assignment": ASSIGNMENT}).json()
    assert again["receipt"]["id"] == receipt["id"]
    assert len(list((home / FOLDER / "receipts").iterdir())) == 1
    listed = http.get("/submissions", params={"assignment": ASSIGNMENT}).json()
    assert [s["receipt"]["id"] for s in listed["submissions"]] == [receipt["id"]]


def test_a_step_over_two_sections_has_both_numbers_and_a_broken_copy_has_none(tmp_path):
    cell = {"cell_type": "markdown", "metadata": {}}
    book = tmp_path / "c" / "m" / "module.ipynb"
    book.parent.mkdir(parents=True)
    book.write_text(json.dumps({"cells": [
        {**cell, "id": "a", "source": "Before\n## 1. Look\n### More"},
        {**cell, "id": "b", "source": ["## 2. Speak\n", "text"]},
        {**cell, "id": "c", "source": "## 4. Hand in"}, {**cell, "id": "d", "source": "No number"},
        {**cell, "cell_type": "code", "id": "e", "source": "# 7. not a heading"}]}))

    def numbers():
        module = {"url": "/hub/user-redirect/lab/tree/c/m/module.ipynb",
                  "steps": [{"cell": name} for name in "abcde"]}
        sections.number_steps(tmp_path, [module])
        return [step["number"] for step in module["steps"]]

    assert numbers() == ["1", "2–3", "4", "", ""]
    book.write_text("{")
    assert numbers() == [""] * 5
    book.unlink()
    assert numbers() == [""] * 5


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a/../../b", "link/passwd"])
def test_files_outside_of_the_home_are_not_handed_in(amina, path):
    home, http = amina
    if not (home / "link").exists():
        (home / "link").symlink_to("/etc")
    answer = http.post("/submit", json={"path": path, "assignment": ASSIGNMENT})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad-path"


def test_what_the_portal_says_is_passed_on(amina):
    home, http = amina
    (home / "broken.ipynb").write_text("{")
    answer = http.post("/submit", json={"path": "broken.ipynb", "assignment": ASSIGNMENT})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not-json")
    gone = http.post("/submit", json={"path": "gone.ipynb", "assignment": ASSIGNMENT})
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "no-file")
    assert http.post("/fetch", json={"module": "m9"}).status_code == 404
    assert http.post("/fetch", content=b"[").status_code == 400


def test_without_the_servers_token_nothing_is_done(amina):
    _home, http = amina
    plain = httpx.post(f"{http.base_url}fetch", json={"module": MODULE})
    assert plain.status_code == 403


def test_released_feedback_comes_into_the_folder(house):
    home, http = house.lab("bruno")
    path = home / FOLDER / "assignment.ipynb"
    nbformat.write(answered(nbformat.read(path, 4)), path)
    receipt = http.post("/submit", json={
        "path": f"{FOLDER}/assignment.ipynb", "assignment": ASSIGNMENT}).json()["receipt"]
    alliance, task = house.alliance, house.task
    early = http.post("/feedback", json={"submission": receipt["id"], "folder": FOLDER})
    assert early.status_code == 404
    trainer, bruno = alliance.people["trainer"], alliance.people["bruno"]
    marking.mark(alliance.database, alliance.settings, task, by=trainer, only=[receipt["id"]])
    grade = marking.give(alliance.database, task, bruno, receipt["id"], grade_id="why",
                         points=4, comment="Very clear.", by=trainer)
    with alliance.database.reading() as session:
        row = assessment.get(session, receipt["id"])
    marking.give_back(alliance.database, alliance.settings, task, [(bruno, row, grade)])
    answer = http.post("/feedback", json={"submission": receipt["id"], "folder": FOLDER}).json()
    assert "Very clear." in (home / answer["file"]).read_text()
    assert answer["marks"]["score"] == 7.0


def test_a_jupyterlab_without_a_course_says_so(house):
    _home, http = house.lab("nobody", portal=False)
    answer = http.get("/home")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no-portal")


def test_a_portal_that_is_away_is_said_and_loses_nothing():
    portal = Portal(f"http://127.0.0.1:{free_port()}", "token")
    with pytest.raises(UserError) as caught:
        portal.ask_now("/api/v1/home", 2)
    assert caught.value.status == 503


def test_a_file_is_written_only_where_there_is_none(tmp_path):
    assert files.write_new(tmp_path / "a" / "b.txt", b"new")
    assert not files.write_new(tmp_path / "a" / "b.txt", b"other")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"new"
    assert [f.name for f in (tmp_path / "a").iterdir()] == ["b.txt"]
