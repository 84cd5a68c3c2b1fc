"""Marking with the real nbgrader and real kernels in the sandbox: honest, or not at all."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from grading_course import (  # noqa: F401
    ASSIGNMENT,
    answered,
    cell,
    released_course,
)

from coteach.errors import NotFound, UserError
from coteach.grading import CourseFolder, Job, grade, gradebook, jobs, layout, outputs
from coteach.grading.inspect import inspect


@pytest.fixture(scope="module")
def course(released_course, tmp_path_factory):  # noqa: F811
    root = tmp_path_factory.mktemp("course") / "c"
    shutil.copytree(released_course.root, root)
    return CourseFolder(root, released_course.course_id)


@pytest.fixture(scope="module")
def released(course):
    return nbformat.read(course.released(ASSIGNMENT) / "assignment.ipynb", as_version=4)


SPY = """
import glob, os, socket
seen = []
for top in ("/home", "/tmp", "/root", "/work", "/srv", os.getcwd()):
    for folder, names, files in os.walk(top):
        # What comes with the environment is everybody's to read; its course sources are hidden.
        names[:] = [n for n in names if n not in ("site-packages", "lessons", "reports", "modules", "bench")]
        for name in files:
            if name.endswith((".ipynb", ".db")):
                seen.append(os.path.join(folder, name))
            elif name.endswith((".py", ".toml", ".txt")):
                try:
                    if "SECRET-" "HIDDEN" in open(os.path.join(folder, name)).read(): seen.append(name)
                except Exception: pass
try:
    socket.create_connection(("127.0.0.1", 80), 1)
    seen.append("network")
except ConnectionRefusedError:
    pass
except OSError:
    pass
if len(socket.if_nameindex()) > 1: seen.append("interfaces")
seen += [k for k in os.environ if "TOKEN" in k or k.startswith("JUPYTERHUB")]
raise RuntimeError("SEEN " + repr(sorted(set(seen))[:5]))
"""


def cases(released):
    """What people hand in, by the student's name."""
    duplicated = answered(released)
    duplicated.cells.append(copy.deepcopy(cell(duplicated, "test-lux")))
    duplicated.cells[-1].id = "again"
    schema = answered(released)
    cell(schema, "test-lux").metadata.nbgrader["schema_version"] = 99
    missing = answered(released)
    missing.cells.remove(cell(missing, "test-zero"))
    bare = answered(released)
    for each in bare.cells:
        each.metadata.pop("nbgrader", None)
    changed = answered(released)
    cell(changed, "test-lux").metadata.nbgrader["grade"] = False
    easier = answered(released, code="def lux(lamps):\n    return 0")
    cell(easier, "test-lux").source = "pass"
    cell(easier, "test-lux").metadata.nbgrader["points"] = 200
    spy = answered(released, code="def lux(lamps):\n    return lamps * 100\n" + SPY)
    noisy = answered(released, code="def lux(lamps):\n    return lamps * 100\n"
                                    "print('x' * 30_000_000)")
    return {
        "good": answered(released), "wrong": answered(released, code="def lux(n): return 200"),
        "blank": released, "empty": b"", "broken": nbformat.writes(released).encode()[:300],
        "no-notebook": b'{"a": 1}', "duplicated": duplicated, "schema": schema,
        "missing": missing, "bare": bare, "changed": changed, "easier": easier, "spy": spy,
        "noisy": noisy, "exits": answered(released, code="import os\nos._exit(0)"),
        "greedy": answered(released, code="a = [bytearray(2**28) for _ in range(40)]"),
        "quits": answered(released, code="import sys\nsys.exit(0)"),
    }


@pytest.fixture(scope="module")
def results(course, released, tmp_path_factory):
    """Mark everything at once, as `coteach grade` does."""
    folder = tmp_path_factory.mktemp("submissions")
    for name, content in cases(released).items():
        place = folder / name / ASSIGNMENT
        place.mkdir(parents=True)
        raw = content if isinstance(content, bytes) else nbformat.writes(content).encode()
        (place / "assignment.ipynb").write_bytes(raw)
    (folder / "good" / ASSIGNMENT / "timestamp.txt").write_text("2026-01-05 10:00:00.0 UTC")
    (folder / "wrong" / ASSIGNMENT / "timestamp.txt").write_text("yesterday \x00 evening")
    (folder / "odd[1]" / ASSIGNMENT).mkdir(parents=True)
    (folder / "nothing" / ASSIGNMENT).mkdir(parents=True)
    (folder / "link" / ASSIGNMENT).mkdir(parents=True)
    (folder / "link" / ASSIGNMENT / "assignment.ipynb").symlink_to(
        course.source(ASSIGNMENT) / "assignment.ipynb")
    (folder / "pipe" / ASSIGNMENT).mkdir(parents=True)
    os.mkfifo(folder / "pipe" / ASSIGNMENT / "assignment.ipynb")
    extra = folder / "bad+ps1+notadate+zzz" / ASSIGNMENT
    extra.mkdir(parents=True)
    nbformat.write(answered(released), extra / "assignment.ipynb")
    nbformat.write(released, extra / "assignment (1).ipynb")
    (extra / "secret.txt").symlink_to(course.gradebook_file)
    todo = layout.jobs(course, ASSIGNMENT, folder)
    found = grade(course, ASSIGNMENT, todo, workers=2)
    assert len(found) == len(todo)
    return {(r.student, r.notebook): r for r in found}


def of(results, student):
    return json.loads(results[student, "assignment"].line())


def test_a_good_notebook_has_the_points_of_its_tests_and_waits_for_a_person(results):
    found = of(results, "good")
    assert (found["status"], found["score"], found["max_score"]) == ("needs_manual", 3.0, 8.0)
    assert found["reason"] is None
    assert found["tests"] == [
        {"grade_id": "test-lux", "score": 2.0, "max_score": 2.0, "message": ""},
        {"grade_id": "test-zero", "score": 1.0, "max_score": 1.0, "message": ""},
        {"grade_id": "why", "score": None, "max_score": 5.0, "message": ""}]


def test_a_wrong_answer_is_an_honest_zero_with_what_the_test_said(results):
    found = of(results, "wrong")
    assert found["status"] == "needs_manual"
    assert [t["score"] for t in found["tests"]] == [0.0, 0.0, None]
    assert found["tests"][1]["message"].startswith("AssertionError")
    blank = of(results, "blank")
    assert (blank["status"], blank["score"]) == ("graded", 0.0)


@pytest.mark.parametrize(("student", "status", "word"), [
    ("empty", "rejected", "empty"), ("broken", "rejected", "not JSON"),
    ("no-notebook", "rejected", "no valid notebook"),
    ("duplicated", "rejected", "more than once: test-lux"),
    ("schema", "rejected", "marking format"), ("missing", "rejected", "missing: test-zero"),
    ("bare", "rejected", "missing: lux"), ("changed", "rejected", "changed: test-lux"),
    ("exits", "failed", "ended its own Python"), ("greedy", "failed", "more memory"),
    ("nothing", "rejected", "was not handed in"), ("link", "rejected", "is a link"),
    ("pipe", "rejected", "is no file"), ("odd[1]", "rejected", "can't be marked")])
def test_what_cannot_be_scored_honestly_has_a_reason_and_no_score(results, student, status, word):
    found = of(results, student)
    assert (found["status"], found["score"]) == (status, None)
    assert word in found["reason"]
    assert found["max_score"] == 8.0


def test_no_zero_by_accident_stays_in_the_gradebook_either(course, results):
    for student in ("exits", "greedy"):
        for mark in gradebook.marks(course, ASSIGNMENT, "assignment", student):
            assert mark.score is None


def test_changed_tests_and_points_do_not_count(results):
    found = of(results, "easier")
    assert [t["score"] for t in found["tests"]] == [0.0, 1.0, None]


def test_code_sees_no_tests_no_gradebook_no_token_and_no_network(results, course):
    made = nbformat.read(course.autograded("spy", ASSIGNMENT) / "assignment.ipynb", 4)
    error = next(o for o in cell(made, "lux").outputs if o.output_type == "error")
    assert error.evalue == "SEEN []"
    assert of(results, "spy")["score"] == 3.0


def test_thirty_megabytes_of_output_are_cut(results, course):
    assert of(results, "noisy")["score"] == 3.0
    file = course.autograded("noisy", ASSIGNMENT) / "assignment.ipynb"
    assert file.stat().st_size < 200_000


def test_a_strange_folder_name_and_a_link_beside_the_notebook_harm_nothing(results, course):
    assert of(results, "bad+ps1+notadate+zzz")["score"] == 3.0
    unknown = results["bad+ps1+notadate+zzz", "assignment (1)"]
    assert (unknown.status, unknown.score) == ("rejected", None)
    files = {f.name for f in course.autograded("bad+ps1+notadate+zzz", ASSIGNMENT).iterdir()}
    assert "secret.txt" not in files


def test_nbgrader_itself_reads_what_was_found(course, results):
    from nbgrader.api import Gradebook

    with Gradebook(course.gradebook, course.course_id) as book:
        submission = book.find_submission(ASSIGNMENT, "good")
        assert submission.score == 3.0
        assert submission.needs_manual_grade
        assert submission.timestamp.isoformat() == "2026-01-05T10:00:00"


def test_manual_points_and_comments_stay_when_it_is_marked_again(course, results, released,
                                                                 tmp_path):
    gradebook.give(course, ASSIGNMENT, "assignment", "good", grade_id="why", points=4.0,
                   comment="Clear.")
    file = tmp_path / "assignment.ipynb"
    nbformat.write(answered(released), file)
    again = grade(course, ASSIGNMENT, [Job("good", "assignment", file, keep=["why"])])[0]
    assert (again.status, again.score) == ("graded", 7.0)
    assert again.tests[2].comment == "Clear."
    new = grade(course, ASSIGNMENT, [Job("good", "assignment", file)])[0]
    assert (new.status, new.score) == ("needs_manual", 7.0)
    row = next(r for r in gradebook.export(course) if r["student"] == "good")
    assert (row["score"], row["max_score"]) == (7.0, 8.0)


@pytest.mark.parametrize("points", [-1.0, 5.5])
def test_points_outside_of_what_an_answer_is_worth_are_refused(course, results, points):
    with pytest.raises(UserError, match="between 0 and 5"):
        gradebook.give(course, ASSIGNMENT, "assignment", "wrong", grade_id="why", points=points,
                       comment="")


def test_feedback_shows_comments_and_hides_hidden_tests(course, results):
    gradebook.give(course, ASSIGNMENT, "assignment", "wrong", grade_id="why", points=2.0,
                   comment="Look at shadows.")
    pages = jobs.feedback(course, ASSIGNMENT, [("wrong", "assignment"), ("nobody", "assignment")])
    assert list(pages) == [("wrong", "assignment")]
    text = pages["wrong", "assignment"].read_text()
    assert "Look at shadows." in text
    assert "### BEGIN HIDDEN" not in text
    assert "lux(7)" not in text


def test_a_comment_is_text_in_the_feedback_page(course, results):
    evil = "Well done. <script>alert(1)</script> <img src=x onerror=alert(2)> a < b & *c*"
    gradebook.give(course, ASSIGNMENT, "assignment", "wrong", grade_id="why", points=2.0,
                   comment=evil)
    page = jobs.feedback(course, ASSIGNMENT, [("wrong", "assignment")])["wrong", "assignment"]
    text = page.read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "&lt;img src=x" in text
    assert "<script>alert(1)" not in text and "<img src=x" not in text
    assert "a &lt; b &amp; <em>c</em>" in text


def test_a_notebook_that_runs_for_ever_is_stopped_and_the_next_one_is_marked(
        course, released, tmp_path, monkeypatch):
    scratch = Path(tempfile.mkdtemp(prefix="ct-t-"))
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    files = {}
    for name, code in (("loops", "while True:\n    try:\n        while True: pass\n"
                                 "    except BaseException: pass"),
                       ("after", "def lux(lamps): return lamps * 100")):
        files[name] = tmp_path / f"{name}.ipynb"
        nbformat.write(answered(released, code=code), files[name])
    found = grade(course, ASSIGNMENT, [Job(n, "assignment", f) for n, f in files.items()],
                  seconds=9)
    assert [(r.status, r.score) for r in found] == [("failed", None), ("needs_manual", 3.0)]
    assert "longer than 9 seconds" in found[0].reason.sentence()
    assert list(scratch.iterdir()) == []
    scratch.rmdir()


def test_the_release_has_no_solutions_no_hidden_tests_and_the_header(released):
    text = nbformat.writes(released)
    assert "Header of the course" in text
    for secret in ("SECRET", "return lamps", "### BEGIN"):
        assert secret not in text


def test_an_unknown_assignment_is_named(course):
    with pytest.raises(NotFound, match="ps9"):
        jobs.release(course, "ps9")


def test_a_broken_source_is_named_and_nothing_is_released(tmp_path, released):
    course = CourseFolder(tmp_path, "c")
    course.source("bad").mkdir(parents=True)
    doubled = copy.deepcopy(released)
    doubled.cells.append(copy.deepcopy(cell(doubled, "why")))
    (course.source("bad") / "assignment.ipynb").write_text(
        json.dumps(doubled), encoding="utf-8")
    with pytest.raises(UserError, match=r"bad can't be released: .*Duplicate grade id: why"):
        jobs.release(course, "bad")
    assert not course.released("bad").exists()


@pytest.mark.parametrize("raw", [
    b"null", b"[]", b'"x"', b"\xff\xfe\x00", b"[" * 200_000, b'{"cells": [1], "nbformat": 4}',
    b'{"cells": [{"metadata": {"nbgrader": 3}}], "nbformat": 4}',
    b'{"cells": [{"metadata": {"nbgrader": {"grade_id": []}}}], "nbformat": 4}',
    b'{"cells": [], "nbformat": 99}', b'{"cells": [], "nbformat": "4"}'])
def test_odd_files_get_a_reason_and_no_exception(raw):
    assert inspect(raw) is not None


def test_the_command_writes_a_line_for_each_notebook(course, released, tmp_path):
    folder = tmp_path / "in" / "ana" / ASSIGNMENT
    folder.mkdir(parents=True)
    nbformat.write(answered(released), folder / "assignment.ipynb")
    (tmp_path / "in" / "ben" / ASSIGNMENT).mkdir(parents=True)
    out = tmp_path / "out.jsonl"
    command = [str(Path(sys.executable).with_name("coteach")), "grade", "--course", str(course.root),
               "--assignment", ASSIGNMENT, "--submissions", str(tmp_path / "in"),
               "--results", str(out), "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    lines = {line["student"]: line for line in map(json.loads, out.read_text().splitlines())}
    assert (lines["ana"]["score"], lines["ben"]["status"]) == (3.0, "rejected")
    assert set(lines["ana"]) == {"student", "assignment", "notebook", "status", "score",
                                 "max_score", "reason", "tests"}
    wrong = subprocess.run([*command[:5], "ps9", *command[6:]], capture_output=True, text=True,
                           cwd=tmp_path, check=False)
    assert wrong.returncode == 2
    assert "ps9" in wrong.stderr
    assert Path(course.gradebook_file).is_file()


@pytest.mark.parametrize(("message", "empty", "shown"), [
    ("NotImplementedError", False, "You have not answered this part yet."),
    ("NameError: name 'steps' is not defined", True, "You have not answered this part yet."),
    ("NameError: name 'stpes' is not defined", False,
     "Your code stopped here: NameError: name 'stpes' is not defined."),
    ("AssertionError: 4 ≠ 5", False, "4 ≠ 5"),
    ("AssertionError", False, "This part does not do yet what the task asks for."),
    ("only a warning", False, "only a warning"), ("", False, "")])
def test_what_a_test_said_is_shown_plainly(message, empty, shown):
    assert outputs.plain(message, empty) == shown


def test_an_answer_as_it_was_given_is_known_to_be_empty(released):
    assert outputs.unanswered(released) == {"test-lux", "test-zero"}
    assert outputs.unanswered(answered(released)) == set()
