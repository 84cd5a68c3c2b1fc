"""A batch: parts that can't be judged, being stopped and killed, and files other tools read."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from grading_course import ASSIGNMENT, answered, cell, released_course  # noqa: F401
from traitlets.config import Config

from coteach.bench import cohort
from coteach.errors import Conflict
from coteach.grading import CourseFolder, Job, Reason, Result, gradebook, jobs, outputs
from coteach.grading.book import Book
from coteach.grading.journal import Journal
from coteach.grading.points import Points, points_of
from coteach.grading.result import CellMark

BIN = Path(sys.executable).parent
LOOP = "while True:\n    pass"
STUBBORN = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"


@pytest.fixture(scope="module")
def lessons(tmp_path_factory):
    """The course of the benchmark, released: five tests of four parts and a written answer."""
    root = tmp_path_factory.mktemp("lessons")
    cohort.write_source(root)
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.Execute.timeout = 2\n")
    course = CourseFolder(root, "")
    jobs.release(course, cohort.ASSIGNMENT)
    return course


def hand_in(course, folder, name, **answers):
    """Write what somebody hands in: a right notebook with some other answers."""
    made = cohort.answered(nbformat.read(
        course.released(cohort.ASSIGNMENT) / f"{cohort.NOTEBOOK}.ipynb", 4), 0)
    cell(made, "why").source = "Because."
    for grade_id, source in answers.items():
        cell(made, grade_id).source = source
    file = folder / f"{name}.ipynb"
    nbformat.write(made, file)
    return Job(name, cohort.NOTEBOOK, file)


@pytest.fixture(scope="module")
def found(lessons, tmp_path_factory):
    """All in one batch, each test run twice."""
    folder = tmp_path_factory.mktemp("in")
    todo = [
        hand_in(lessons, folder, "right"),
        hand_in(lessons, folder, "loops", longest=LOOP),
        hand_in(lessons, folder, "stubborn", longest=STUBBORN),
        hand_in(lessons, folder, "ends", totals="import os\nos._exit(0)"),
        hand_in(lessons, folder, "call", share=f"def share(table, school):\n    {LOOP[:11]} pass"),
        hand_in(lessons, folder, "shaky", rounded="import random\ndef rounded(values):\n"
                "    return [round(v, 1 if random.random() < 0.5 else 2) for v in values]"),
        hand_in(lessons, folder, "loud", longest="print('x' * 3_000_000)\n"
                "def longest(table):\n    return table.loc[table['minutes'].idxmax(), 'school']"),
    ]
    results = jobs.grade(lessons, cohort.ASSIGNMENT, todo, workers=2, check_stable=True)
    return {r.student: r for r in results}


def scores(result):
    return {t.grade_id: t.score for t in result.tests}


ALL = {"longest-test": 2.0, "totals-test": 2.0, "share-test": 2.0, "rounded-test": 1.0,
       "rounded-parts": 3.0, "why": None}


@pytest.mark.parametrize(("student", "part", "said"), [
    ("loops", "longest-test", "longer than 2 seconds"),
    ("stubborn", "longest-test", "longer than 2 seconds"),
    ("ends", "totals-test", "ended its own Python"),
    ("call", "share-test", "longer than 2 seconds")])
def test_a_part_that_can_not_be_judged_costs_the_others_nothing(found, student, part, said):
    result = found[student]
    assert scores(result) == {**ALL, part: None}
    assert result.status == "needs_manual"
    assert result.score == sum(v for k, v in ALL.items() if v and k != part)
    assert said in result.reason.sentence()
    assert said in next(t for t in result.tests if t.grade_id == part).said()


def test_what_is_right_has_all_points_and_a_part_of_them_by_its_last_expression(found):
    assert scores(found["right"]) == ALL
    assert found["right"].reason is None


def test_a_test_that_ends_in_another_way_each_time_is_flagged(found):
    line = json.loads(found["shaky"].line())
    flagged = [t["grade_id"] for t in line["tests"] if t.get("unstable")]
    assert flagged and set(flagged) <= {"rounded-test", "rounded-parts"}
    for name in ("right", "loops"):
        assert not any(t.unstable for t in found[name].tests if t.score is not None)


def test_output_that_is_cut_says_so_and_costs_nothing(found, lessons):
    assert scores(found["loud"])["longest-test"] == 2.0
    made = nbformat.read(lessons.autograded("loud", cohort.ASSIGNMENT) /
                         f"{cohort.NOTEBOOK}.ipynb", 4)
    texts = [o.text for o in cell(made, "longest").outputs]
    assert "cut" in texts[-1] and sum(map(len, texts)) < 40_000


def test_code_whose_test_could_not_be_judged_is_read_by_a_person(found, lessons):
    file = lessons.autograded("loops", cohort.ASSIGNMENT) / f"{cohort.NOTEBOOK}.ipynb"
    read = outputs.answers(file, {"longest-test": "It was stopped."})
    assert [(a.grade_id, a.text) for a in read] == [("longest-test", LOOP), ("why", "Because.")]
    gradebook.give(lessons, cohort.ASSIGNMENT, cohort.NOTEBOOK, "loops", grade_id="longest-test",
                   points=1.0, comment="")
    assert scores_in_book(lessons, "loops")["longest-test"] == 1.0


def scores_in_book(course, student):
    return {m.grade_id: m.score for m in gradebook.marks(
        course, cohort.ASSIGNMENT, cohort.NOTEBOOK, student)}


def test_nbgraders_own_commands_read_what_was_written(found, lessons):
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    for command in (["export"], ["generate_feedback", cohort.ASSIGNMENT, "--student=right"]):
        done = subprocess.run([str(BIN / "nbgrader"), *command], cwd=lessons.root, text=True,
                              capture_output=True, env={**os.environ, "PATH": path}, check=False)
        assert done.returncode == 0, done.stderr
    rows = (lessons.root / "grades.csv").read_text().splitlines()
    row = dict(zip(rows[0].split(","), next(r for r in rows if ",right," in r).split(","),
                   strict=True))
    assert (row["score"], row["max_score"]) == ("10.0", "12.0")
    page = lessons.root / "feedback" / "right" / cohort.ASSIGNMENT / f"{cohort.NOTEBOOK}.html"
    assert "10.0 / 12.0" in page.read_text()


def test_a_second_batch_on_one_gradebook_waits_for_nobody_and_says_so(lessons, tmp_path):
    with jobs._alone(lessons), pytest.raises(Conflict, match="being marked already"):
        jobs.grade(lessons, cohort.ASSIGNMENT, [])


def test_a_test_without_an_output_to_go_by_never_has_full_points():
    made = cohort.source()
    place = next(n for n, c in enumerate(made.cells) if c.id == "totals-test")
    points = points_of(made, {place: "error"}, {})
    assert points.auto["totals-test"] is None and "totals-test" in points.unsure
    assert points.auto["longest-test"] == 2.0


# -- being stopped ----------------------------------------------------------------------------


@pytest.fixture
def journal(tmp_path, released_course):  # noqa: F811
    def open_again(**change):
        return Journal(tmp_path / "out.jsonl", released_course, ASSIGNMENT, **change)
    return open_again


def job(folder, name, text="{}"):
    file = folder / f"{name}.ipynb"
    file.write_text(text)
    return Job(name, "assignment", file)


def result(name):
    return Result(name, ASSIGNMENT, "assignment", "graded", 1.0, 1.0, Reason("empty"),
                  [CellMark("a", 1.0, 1.0)])


def test_what_was_done_is_taken_over_and_half_a_line_is_not(tmp_path, journal):
    todo = [job(tmp_path, name) for name in ("a", "b", "c")]
    first = journal()
    for each in todo[:2]:
        first.add(each, result(each.student))
    first.close()
    with first.part.open("a") as file:
        file.write('{"student": "c", "notebook": "assignm')
    second = journal()
    assert [j.student for j in second.rest(todo)] == ["c"]
    second.add(todo[2], result("c"))
    assert [line["student"] for line in second.finish(todo)] == ["a", "b", "c"]
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["student"] for line in lines] == ["a", "b", "c"]
    assert not second.part.exists()


def test_a_submission_or_a_source_that_changed_is_done_again(tmp_path, journal, released_course):  # noqa: F811
    first = journal()
    first.add(job(tmp_path, "a"), result("a"))
    first.close()
    assert journal().rest([job(tmp_path, "a")]) == []
    assert journal().rest([job(tmp_path, "a", "{ }")]) != []
    assert journal(fresh=True).rest([job(tmp_path, "a")]) != []


def test_a_command_that_is_killed_and_stopped_goes_on_where_it_was(tmp_path, released_course):  # noqa: F811
    root = tmp_path / "c"
    shutil.copytree(released_course.root, root)
    released = nbformat.read(root / "release" / ASSIGNMENT / "assignment.ipynb", 4)
    names = [f"s{n}" for n in range(9)]
    for name in names:
        place = tmp_path / "in" / name / ASSIGNMENT
        place.mkdir(parents=True)
        nbformat.write(answered(released, code="import time\ntime.sleep(0.7)\n"
                                "def lux(lamps):\n    return lamps * 100"),
                       place / "assignment.ipynb")
    out, part = tmp_path / "out.jsonl", tmp_path / "out.jsonl.part"
    command = [str(BIN / "coteach"), "grade", "--course", str(root), "--assignment", ASSIGNMENT,
               "--submissions", str(tmp_path / "in"), "--results", str(out)]

    def done():
        return part.read_text().count("\n") - 1 if part.exists() else 0

    def cut_off(after, how):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
        until = time.monotonic() + 90
        while done() < after:
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(how)
        return process.communicate(timeout=60)[1], process.returncode

    cut_off(2, signal.SIGKILL)
    assert 2 <= done() < 9 and not out.exists()
    said, code = cut_off(done() + 2, signal.SIGINT)
    assert code == 1 and "Give the same command to go on" in said, said
    before = done()
    assert before < 9
    last = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert last.returncode == 0, last.stderr
    assert f"{before} notebooks were marked before" in last.stderr
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(line["student"], line["score"]) for line in lines] == [(n, 3.0) for n in names]
    assert not part.exists()
    assert {row["student"] for row in gradebook.export(CourseFolder(root, "c"))} == set(names)


def test_files_beside_a_notebook_are_there_and_the_instructors_stay_hers(tmp_path):
    root = tmp_path / "c"
    source = root / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    (source / "data.csv").write_text("1\n2\n")
    (source / "helper.py").write_text("WANTED = 3\n")
    made = cohort.source()
    made.cells = [c for c in made.cells if c.id in ("longest", "longest-test")]
    made.cells[0].source = ("### BEGIN SOLUTION\nrows = [int(n) for n in open('data.csv')]\n"
                            "mine = open('mine.txt').read() if True else ''\n### END SOLUTION")
    made.cells[1].source = "from helper import WANTED\nassert sum(rows) == WANTED\nassert mine == 'm'"
    nbformat.write(made, source / "assignment.ipynb")
    course = CourseFolder(root, "c")
    jobs.release(course, ASSIGNMENT)
    place = tmp_path / "in"
    place.mkdir()
    nbformat.write(made, place / "assignment.ipynb")
    for name, text in (("data.csv", "100\n"), ("helper.py", "WANTED = 100\n"), ("mine.txt", "m")):
        (place / name).write_text(text)
    found = jobs.grade(course, ASSIGNMENT, [Job("ana", "assignment", place / "assignment.ipynb",
                                                extras=place)])[0]
    assert (found.status, found.score) == ("graded", 2.0), found
    kept = course.autograded("ana", ASSIGNMENT)
    assert (kept / "data.csv").read_text() == "1\n2\n" and (kept / "mine.txt").read_text() == "m"


def test_the_courses_rule_for_late_hand_ins_is_nbgraders_own(lessons):
    form = gradebook.forms(lessons, cohort.ASSIGNMENT)[cohort.NOTEBOOK]
    gradebook.set_deadline(lessons, cohort.ASSIGNMENT, datetime(2026, 1, 5, tzinfo=UTC))
    config = Config()
    config.LateSubmissionPlugin.penalty_method = "zero"
    book = Book(lessons, cohort.ASSIGNMENT, config)
    points = Points(auto={"totals-test": 2.0, "share-test": 2.0, "why": None})
    for student, day in (("early", 4), ("late", 6)):
        book.save(form, student, points, timestamp=f"2026-01-0{day} 10:00:00.0 UTC", keep=[])
    book.close()
    gradebook.set_deadline(lessons, cohort.ASSIGNMENT, None)
    with gradebook.opened(lessons) as read:
        penalties = {name: read.find_submission(cohort.ASSIGNMENT, name).late_submission_penalty
                     for name in ("early", "late")}
    assert penalties == {"early": 0.0, "late": 4.0}
