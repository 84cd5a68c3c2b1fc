"""Handing in, marking and giving back, through the portal as teachers and trainers use it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
import time
from datetime import timedelta

import httpx
import nbformat
import pytest
from grading_course import (  # noqa: F401
    ASSIGNMENT,
    answered,
    cell,
    make_courses,
    released_course,
)
from portal_site import MODULE, Alliance
from sqlalchemy import select

from coteach.grading import cohort as cohorts
from coteach.grading import handin
from coteach.hub.session import SESSION_COOKIE
from coteach.lessonpack import find
from coteach.store import Database, events, people
from coteach.store.schema import Cohort, Grade, Submission

SAME = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def alliance(settings, tmp_path, monkeypatch):
    courses = make_courses(tmp_path / "courses")
    monkeypatch.setattr(find, "shared", lambda _name: courses)
    database = Database(settings.store_url)
    database.migrate()
    yield Alliance(settings, database)
    database.close()


def client(alliance, name):
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(alliance.app), base_url="http://test",
        cookies={SESSION_COOKIE: alliance.cookie(name)}, headers=SAME, timeout=60)


def task_of(alliance):
    return cohorts.task(alliance.settings, alliance.cohort, ASSIGNMENT)


@pytest.fixture
def released(alliance, released_course):  # noqa: F811
    folder = task_of(alliance).folder.root
    shutil.copytree(released_course.root, folder)
    return nbformat.read(cohorts.release(task_of(alliance)), as_version=4)


def raw(notebook):
    return nbformat.writes(notebook).encode()


async def hand_in(alliance, name, content, **fields):
    async with client(alliance, name) as http:
        return await http.post("/api/v1/submissions",
                               data={"assignment": ASSIGNMENT, **fields},
                               files={"notebook": ("assignment.ipynb", content)})


PLAIN = raw(nbformat.v4.new_notebook())


async def test_a_receipt_names_the_hash_of_exactly_the_file_that_is_kept(alliance):
    answer = await hand_in(alliance, "amina", PLAIN)
    assert answer.status_code == 201
    receipt = answer.json()["receipt"]
    assert receipt["sha256"] == hashlib.sha256(PLAIN).hexdigest()
    assert receipt["late"] is False
    kept = handin.file_of(alliance.settings, receipt["id"])
    assert kept.read_bytes() == PLAIN
    folder = task_of(alliance).folder.submitted("amina", ASSIGNMENT)
    assert (folder / "assignment.ipynb").read_bytes() == PLAIN
    assert (folder / "timestamp.txt").read_text().endswith(" UTC")
    with alliance.database.reading() as session:
        assert [e.verb for e in events.read(session, actor=alliance.id("amina"))] == ["submitted"]


async def test_the_same_file_twice_gives_the_same_receipt(alliance):
    first = await hand_in(alliance, "amina", PLAIN)
    again = await hand_in(alliance, "amina", PLAIN)
    assert again.status_code == 200
    assert again.json()["receipt"]["id"] == first.json()["receipt"]["id"]
    assert len(list(alliance.settings.layout.submissions.iterdir())) == 1


async def test_a_file_lost_from_the_disk_comes_back_when_it_is_handed_in_again(alliance):
    found = (await hand_in(alliance, "amina", PLAIN)).json()["receipt"]["id"]
    handin.file_of(alliance.settings, found).unlink()
    await hand_in(alliance, "amina", PLAIN)
    assert handin.file_of(alliance.settings, found).read_bytes() == PLAIN


async def test_after_the_deadline_it_is_kept_and_marked_late(alliance):
    with alliance.database.session() as session:
        session.get_one(Cohort, alliance.cohort.id).starts -= timedelta(days=30)
    answer = await hand_in(alliance, "amina", PLAIN)
    assert answer.status_code == 201
    assert answer.json()["receipt"]["late"] is True


async def test_a_lab_server_hands_in_with_its_token_and_json(alliance):
    transport = httpx.ASGITransport(alliance.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        answer = await http.post("/api/v1/submissions", headers={
            "Authorization": "Bearer token-bruno"}, json={
                "assignment": ASSIGNMENT, "notebook": PLAIN.decode()})
    assert answer.status_code == 201
    assert answer.json()["receipt"]["sha256"] == hashlib.sha256(PLAIN).hexdigest()


@pytest.mark.parametrize(("content", "status", "code"), [
    (b"", 422, "empty"), (b"{not json", 422, "not-json"), (b"[1, 2]", 422, "not-notebook"),
    (b'{"cells": 3}', 422, "not-notebook"), (b"[" * 100_000, 422, "not-json"),
    (b" " * (handin.MAX_BYTES + 1), 413, "too-large")])
async def test_what_is_no_notebook_is_refused_with_a_sentence(alliance, content, status, code):
    answer = await hand_in(alliance, "amina", content)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message"]
    assert list(alliance.settings.layout.submissions.iterdir()) == []


async def test_other_kinds_of_request_are_refused_clearly(alliance):
    async with client(alliance, "amina") as http:
        for kind, body, status in (("text/plain", b"x", 415), ("application/json", b"{", 422),
                                   ("application/json", b"{}", 422),
                                   ("multipart/form-data; boundary=x", b"--y", 422)):
            answer = await http.post("/api/v1/submissions", content=body,
                                     headers={"content-type": kind})
            assert answer.status_code == status, (kind, answer.text)
    unknown = await hand_in(alliance, "amina", PLAIN, assignment="ps9")
    assert unknown.status_code == 404
    assert (await hand_in(alliance, "trainer", PLAIN)).status_code == 404


async def test_a_full_disk_is_said_and_gives_no_receipt(alliance, monkeypatch):
    import errno
    import os

    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    answer = await hand_in(alliance, "amina", PLAIN)
    monkeypatch.undo()
    assert answer.status_code == 507
    assert "disk is full" in answer.json()["error"]["message"]
    with alliance.database.reading() as session:
        assert session.scalars(select(Submission)).all() == []


async def test_nobody_else_sees_a_hand_in(alliance):
    found = (await hand_in(alliance, "amina", PLAIN)).json()["receipt"]["id"]
    for path in (f"/submissions/{found}", f"/api/v1/submissions/{found}",
                 f"/api/v1/submissions/{found}/notebook",
                 f"/api/v1/submissions/{found}/feedback"):
        for name, status in (("bruno", 403), ("other", 403), ("zoe", 403)):
            async with client(alliance, name) as http:
                assert (await http.get(path)).status_code == status, (path, name)
    async with client(alliance, "trainer") as http:
        assert (await http.get(f"/api/v1/submissions/{found}/notebook")).content == PLAIN
    async with client(alliance, "bruno") as http:
        here = f"/cohorts/{alliance.cohort.id}/assignments/{ASSIGNMENT}"
        for path in (here, f"{here}/answers", f"{here}/release", f"/api/v1{here}/marks.csv"):
            assert (await http.get(path)).status_code == 403
        for path in (f"{here}/autograde", f"{here}/release", f"/api/v1{here}/autograde"):
            assert (await http.post(path)).status_code == 403
        marks = await http.put(f"/api/v1/submissions/{found}/marks",
                               json={"grade_id": "why", "points": 5})
        assert marks.status_code == 403


async def test_module_files_come_in_her_language_without_solutions(alliance, released):
    async with client(alliance, "amina") as http:
        http.cookies.set("coteach_lang", "vi")
        answer = await http.get(f"/api/v1/modules/{MODULE}/files")
        assert (await http.get("/api/v1/modules/m9/files")).status_code == 404
    found = answer.json()
    files = {f["path"]: f["content"] for f in found["files"]}
    assert set(files) == {"module.ipynb", "assignment.ipynb", "assets/light.svg"}
    assert found["folder"] == f"teaching-at-a-distance/{MODULE}"
    assert "Ánh sáng" in files["assignment.ipynb"]
    assert "Header of the course" in files["assignment.ipynb"]
    for secret in ("SECRET-HIDDEN", "SECRET-GUIDE", "return lamps"):
        assert secret not in files["assignment.ipynb"]


async def test_an_assignment_that_is_not_released_yet_is_pending(alliance):
    async with client(alliance, "amina") as http:
        first = (await http.get(f"/api/v1/modules/{MODULE}/files")).json()
        assert first["pending"] == ["assignment.ipynb"]
        assert "module.ipynb" in [f["path"] for f in first["files"]]
        until = time.monotonic() + 60
        while (await http.get(f"/api/v1/modules/{MODULE}/files")).json()["pending"]:
            assert time.monotonic() < until
            await asyncio.sleep(0.3)


async def finished(http, here):
    until = time.monotonic() + 90
    while True:
        run = (await http.get(f"/api/v1{here}/autograde")).json()["run"]
        if run["state"] not in ("waiting", "running"):
            assert run["state"] == "done", run
            return run
        assert time.monotonic() < until
        await asyncio.sleep(0.3)


def seen_in(page):
    return re.search('name="seen" value="([^"]+)"', page)[1]


async def score(http, here, name):
    rows = (await http.get(f"/api/v1{here}/submissions")).json()["submissions"]
    return next(row["score"] for row in rows if row["name"] == name)


async def test_from_hand_in_to_feedback(alliance, released):
    here = f"/cohorts/{alliance.cohort.id}/assignments/{ASSIGNMENT}"
    good = raw(answered(released))
    found = (await hand_in(alliance, "amina", good)).json()["receipt"]
    assert found["warning"] == ""
    copied = answered(released)
    copied.cells.append(dict(cell(copied, "why"), id="copy"))
    doubled = (await hand_in(alliance, "bruno", raw(nbformat.from_dict(copied)))).json()["receipt"]
    assert "more than once: why" in doubled["warning"]

    async with client(alliance, "trainer") as trainer:
        page = (await trainer.get(here)).text
        assert "2 notebooks are not marked yet" in page
        started = await trainer.post(f"{here}/autograde")
        assert started.status_code == 303
        run = await finished(trainer, here)
        assert (run["done"], run["total"]) == (2, 2)
        rows = {r["name"]: r for r in
                (await trainer.get(f"/api/v1{here}/submissions")).json()["submissions"]}
        assert (rows["Amina"]["state"], rows["Amina"]["score"]) == ("needs_manual", 3.0)
        assert (rows["Bruno"]["state"], rows["Bruno"]["score"]) == ("rejected", None)
        assert "more than once" in rows["Bruno"]["reason"]

        answer = (await trainer.get(f"{here}/answers")).text
        assert "So that pupils see my mouth." in answer
        assert "Why does light come from the front?" in answer
        key = f"{found['id']}:why"
        wrong = await trainer.post(f"{here}/answers", data={"at": key, "points": "6"})
        assert wrong.status_code == 400
        field = wrong.text.partition('<input id="points"')[2].partition("</div>")[0]
        assert "6 points can&#39;t be given" in field and 'value="6"' in field
        given = await trainer.post(f"{here}/answers", data={
            "at": key, "points": "4,5", "comment": "Good. <b>And the eyes?</b>"})
        assert given.headers["location"].endswith("/answers?at=end")
        # A second trainer had the page open all the while.
        stale = {"at": key, "points": "2", "comment": "Too short.", "seen": seen_in(answer)}
        both = await trainer.post(f"{here}/answers", data=stale)
        assert both.status_code == 409 and "Somebody else marked this answer" in both.text
        assert "4.5 of 5 points" in both.text and "Good. &lt;b&gt;" in both.text
        assert 'value="2"' in both.text and "Too short." in both.text
        assert (await trainer.post(f"{here}/answers", data={
            "at": key, "points": "2"})).status_code == 409  # a page that says nothing saw nothing
        assert (await score(trainer, here, "Amina")) == 7.5
        decided = await trainer.post(f"{here}/answers", data={**stale, "seen": seen_in(both.text)})
        assert decided.status_code == 303 and (await score(trainer, here, "Amina")) == 5.0
        back = (await trainer.get(f"{here}/answers", params={"at": key})).text
        given = await trainer.post(f"{here}/answers", data={
            "at": key, "points": "4,5", "comment": "Good. <b>And the eyes?</b>",
            "seen": seen_in(back)})
        assert given.status_code == 303

        async with client(alliance, "amina") as amina:
            before = (await amina.get(f"/submissions/{found['id']}")).text
            assert "And the eyes" not in before
            assert (await amina.get(
                f"/api/v1/submissions/{found['id']}/feedback")).status_code == 404

        assert (await trainer.post(f"{here}/autograde")).status_code == 303
        await finished(trainer, here)
        rows = {r["name"]: r for r in
                (await trainer.get(f"/api/v1{here}/submissions")).json()["submissions"]}
        assert (rows["Amina"]["state"], rows["Amina"]["score"]) == ("graded", 7.5)

        assert "Give the feedback to 2 teachers?" in (await trainer.get(f"{here}/release")).text
        nobody = await trainer.post(f"{here}/release", data={"choose": "1"})
        assert nobody.status_code == 409
        assert (await trainer.post(f"{here}/release", data={
            "choose": "1", "chosen": found["id"]})).status_code == 303
        await finished(trainer, here)
        states = {r["name"]: r["state"] for r in
                  (await trainer.get(f"/api/v1{here}/submissions")).json()["submissions"]}
        assert states == {"Amina": "released", "Bruno": "rejected"}
        assert (await trainer.post(f"{here}/release")).status_code == 303
        await finished(trainer, here)
        csv = (await trainer.get(f"/api/v1{here}/marks.csv")).text
        assert "Amina,amina,Set up the online classroom," in csv
        assert ",7.5,8.0," in csv and "needs_manual" not in csv and "True" not in csv
        with alliance.database.session() as session:
            people.get(session, alliance.id("trainer")).time_zone = "Asia/Ho_Chi_Minh"
        there = (await trainer.get(f"/api/v1{here}/marks.csv?lang=vi")).text.splitlines()
        assert "TP Hồ Chí Minh" in there[0] and "received" not in there[0]
        late, state = there[1].split(",")[4:6]
        assert late == "không" and state not in ("released", "True", "False")

    async with client(alliance, "amina") as amina:
        page = (await amina.get(f"/submissions/{found['id']}")).text
        assert "7.5 of 8 points" in page
        assert "Good. &lt;b&gt;And the eyes?&lt;/b&gt;" in page
        feedback = await amina.get(f"/api/v1/submissions/{found['id']}/feedback")
        assert feedback.status_code == 200
        assert "And the eyes?" in feedback.text
        assert "SECRET-HIDDEN" not in feedback.text
        assert "sandbox" in feedback.headers["content-security-policy"]
        for said in ("Your answer", "4.5 of 5 points", "7.5 of 8 points", 'name="viewport"',
                     f'href="/submissions/{found["id"]}"', "So that pupils see my mouth."):
            assert said in feedback.text, said
        for raw_words in ("Test cell", "Student's answer", "¶", "ct:", "Score:"):
            assert raw_words not in feedback.text, raw_words
        translated = await amina.get(f"/api/v1/submissions/{found['id']}/feedback?lang=vi")
        assert "Vì sao ánh sáng từ phía trước?" in translated.text
        assert "Your answer" not in translated.text
    async with client(alliance, "bruno") as bruno:
        page = (await bruno.get(f"/submissions/{doubled['id']}")).text
        assert "more than once" in page
    with alliance.database.reading() as session:
        verbs = [e.verb for e in events.read(session, actor=alliance.id("amina"))]
        assert verbs == ["submitted", "graded", "graded", "released", "feedback-read"]
        grade = session.get_one(Grade, found["id"])
        assert json.loads(json.dumps(grade.tests))[2]["manual"] == 4.5


async def test_an_untouched_answer_is_not_answered_in_whatever_language_it_was_given(
        alliance, released):
    here = f"/cohorts/{alliance.cohort.id}/assignments/{ASSIGNMENT}"
    form = cohorts.forms(task_of(alliance))[1]
    assert cell(form, "why").source == "Viết câu trả lời ở đây"
    cell(form, "lux").source = "def lux(lamps):\n    return lamps * 100"
    found = (await hand_in(alliance, "amina", raw(form))).json()["receipt"]["id"]
    async with client(alliance, "trainer") as trainer:
        await trainer.post(f"{here}/autograde")
        await finished(trainer, here)
        page = (await trainer.get(f"{here}/answers", params={"at": f"{found}:why"})).text
        assert "Not answered." in page and "Viết câu" not in page
        row = (await trainer.get(f"/api/v1{here}/submissions")).json()["submissions"][0]
        assert (row["state"], row["score"]) == ("graded", 3.0)
        part = (await trainer.get(f"/submissions/{found}", params={"lang": "vi"})).text
        assert "Vì sao ánh sáng từ phía trước?" in part and "No response" not in part
        assert handin.file_of(alliance.settings, found).read_bytes() == raw(form)

        await trainer.post(f"{here}/release")
        await finished(trainer, here)
        await hand_in(alliance, "bruno", raw(answered(released)))
        await trainer.post(f"{here}/autograde")
        await finished(trainer, here)
        states = {r["name"]: r["state"] for r in
                  (await trainer.get(f"/api/v1{here}/submissions")).json()["submissions"]}
        assert states == {"Amina": "released", "Bruno": "needs_manual"}

        given = {"grade_id": "why", "points": 0, "comment": "Tell me more."}
        assert (await trainer.put(f"/api/v1/submissions/{found}/marks", json=given)).is_success
        states = {r["name"]: r["state"] for r in
                  (await trainer.get(f"/api/v1{here}/submissions")).json()["submissions"]}
        assert states["Amina"] == "graded"


async def test_the_marking_guide_stands_beside_the_answer_for_trainers_in_their_language(
        alliance, released):
    here = f"/cohorts/{alliance.cohort.id}/assignments/{ASSIGNMENT}"
    found = (await hand_in(alliance, "amina", raw(answered(released)))).json()["receipt"]["id"]
    async with client(alliance, "trainer") as trainer:
        await trainer.post(f"{here}/autograde")
        await finished(trainer, here)
        english = (await trainer.get(f"{here}/answers")).text
        assert "SECRET-GUIDE: the face is not dark." in english and "BEGIN" not in english
        assert "Why does light come from the front?" in english
        other = (await trainer.get(f"{here}/answers", params={"lang": "vi"})).text
        assert "SECRET-GUIDE: khuôn mặt không tối." in other
        assert "Vì sao ánh sáng từ phía trước?" in other
        await trainer.put(f"/api/v1/submissions/{found}/marks",
                          json={"grade_id": "why", "points": 4})
        await trainer.post(f"{here}/release")
        await finished(trainer, here)
    async with client(alliance, "amina") as amina:
        assert (await amina.get(f"{here}/answers")).status_code == 403
        for path in (f"/submissions/{found}", f"/api/v1/submissions/{found}",
                     f"/api/v1/submissions/{found}/feedback", "/api/v1/submissions"):
            answer = await amina.get(path)
            assert answer.status_code == 200 and "SECRET" not in answer.text, path


async def test_before_it_is_sent_a_notebook_is_looked_at_and_nothing_is_kept(alliance, released):
    empty = await hand_in(alliance, "amina", raw(released), check="1")
    assert empty.status_code == 200
    assert empty.json()["check"] == {
        "warning": "", "odd": ["You have answered nothing yet: this is the empty form."]}
    half = answered(released)
    cell(half, "why").source = cell(released, "why").source
    found = (await hand_in(alliance, "amina", raw(half), check="1")).json()["check"]["odd"]
    assert found == ["1 part is not answered yet: “Why does light come from the front?”."]
    turned = answered(released)
    cell(turned, "lux").cell_type = "markdown"
    for key in ("outputs", "execution_count"):
        cell(turned, "lux").pop(key)
    found = (await hand_in(alliance, "amina", raw(turned), check="1")).json()["check"]
    assert "1 answer cell is no longer a code cell" in found["odd"][0]
    good = await hand_in(alliance, "amina", raw(answered(released)), check="1")
    assert good.json()["check"] == {"warning": "", "odd": []}
    refused = await hand_in(alliance, "amina", b"{", check="1")
    assert refused.status_code == 422
    assert list(alliance.settings.layout.submissions.iterdir()) == []


async def test_the_empty_form_in_another_language_is_empty_too(alliance, released):
    async with client(alliance, "amina") as http:
        http.cookies.set("coteach_lang", "vi")
        files = (await http.get(f"/api/v1/modules/{MODULE}/files")).json()["files"]
    form = next(f["content"] for f in files if f["path"] == "assignment.ipynb")
    receipt = (await hand_in(alliance, "amina", form.encode())).json()["receipt"]
    assert receipt["warning"] == "" and len(receipt["odd"]) == 1


async def test_a_trainer_is_told_of_code_that_looks_at_how_it_is_marked(alliance):
    code = nbformat.v4.new_code_cell("get_ipython().ast_transformers.append(all_right)")
    sly = (await hand_in(alliance, "amina", raw(nbformat.v4.new_notebook(cells=[code])))
           ).json()["receipt"]["id"]
    plain = (await hand_in(alliance, "bruno", PLAIN)).json()["receipt"]["id"]
    said = "Its code looks at how it is marked: read it yourself."
    async with client(alliance, "trainer") as trainer:
        listed = (await trainer.get(
            f"/cohorts/{alliance.cohort.id}/assignments/{ASSIGNMENT}")).text
        assert listed.count(said) == 1
        assert said in (await trainer.get(f"/submissions/{sly}")).text
        assert said not in (await trainer.get(f"/submissions/{plain}")).text
    async with client(alliance, "amina") as amina:
        assert said not in (await amina.get(f"/submissions/{sly}")).text


async def test_a_trainer_reaches_earlier_hand_ins_from_the_newest(alliance):
    first = (await hand_in(alliance, "amina", PLAIN)).json()["receipt"]["id"]
    second = (await hand_in(alliance, "amina", PLAIN + b"\n")).json()["receipt"]["id"]
    async with client(alliance, "trainer") as http:
        page = (await http.get(f"/submissions/{second}")).text
        assert "Earlier hand-ins" in page and f'href="/submissions/{first}"' in page
        older = (await http.get(f"/submissions/{first}")).text
        assert "There is a newer hand-in" in older and f'href="/submissions/{second}"' in older
        assert "Earlier hand-ins" not in older
