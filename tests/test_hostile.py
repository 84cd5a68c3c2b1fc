"""Hostile submissions among honest ones: each ends as it should, and nobody else's mark moves."""

from __future__ import annotations

import re
from collections.abc import Iterator

import hostile_kinds as hostile
import nbformat
import pytest
from hostile_kinds import ASSIGNMENT, HONEST, NOTEBOOK, SECRET, Graded, Kind
from html_that_acts import acts

from coteach.errors import NotFound
from coteach.grading import gradebook, jobs

KINDS = hostile.kinds()
HONEST_ONES = hostile.honest_names(20)

NOT_YET: dict[str, str] = {}
"""Kinds that do not end as they should, with the reason; strict: one that does must leave."""


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    folder = tmp_path_factory.mktemp("hostile")
    folder.chmod(0o755)
    # Much of the time is waiting for cells that never end, so there are more than processors.
    yield hostile.grade(folder, [(k.student, k) for k in KINDS], HONEST_ONES, workers=4)


def of(batch: Graded, kind: Kind) -> list[dict]:
    return [line for (student, _name), line in batch.lines.items() if student == kind.student]


def test_the_batch_comes_to_its_end(batch: Graded):
    assert batch.code == 0, batch.said[-2000:]
    assert "Traceback" not in batch.said


def test_each_notebook_has_one_line(batch: Graded):
    expected = {(k.student, name) for k in KINDS for name in k.lines}
    expected |= {(student, NOTEBOOK) for student in HONEST_ONES}
    assert set(batch.lines) == expected
    assert batch.doubled == []


@pytest.mark.parametrize("kind", [
    pytest.param(k, id=k.name, marks=[pytest.mark.xfail(strict=True, reason=NOT_YET[k.name])]
                 if k.name in NOT_YET else []) for k in KINDS])
def test_a_kind_ends_as_it_should(batch: Graded, kind: Kind):
    lines = of(batch, kind)
    assert lines
    for line in lines:
        assert line["status"] in kind.statuses, line
        if line["status"] in ("failed", "rejected"):
            assert line["score"] is None and len(line["reason"]) > 10, line
        else:
            assert kind.least <= line["score"] <= kind.most, line


@pytest.mark.parametrize("student", HONEST_ONES)
def test_an_honest_one_has_its_points(batch: Graded, student: str):
    line = batch.lines[student, NOTEBOOK]
    assert (line["status"], line["score"]) == ("graded", HONEST[HONEST_ONES[student]][1]), line


def test_nothing_of_the_course_and_the_submissions_has_changed(batch: Graded):
    assert batch.changed == []


def test_nothing_is_written_elsewhere(batch: Graded):
    assert batch.written == []
    assert not batch.canary.exists()


def test_no_process_is_left(batch: Graded):
    assert batch.left == {}


def test_no_zero_by_accident_is_in_the_gradebook(batch: Graded):
    for (student, name), line in batch.lines.items():
        if line["status"] in ("failed", "rejected"):
            try:
                marks = gradebook.marks(batch.course, ASSIGNMENT, name, student)
            except NotFound:
                continue
            assert all(m.score is None for m in marks if not m.by_hand), (student, marks)


@pytest.mark.filterwarnings("ignore:Non-unique cell id")
def test_answers_have_found_no_tests_files_networks_or_rights(batch: Graded):
    for kind in KINDS:
        file = batch.course.autograded(kind.student, ASSIGNMENT) / f"{NOTEBOOK}.ipynb"
        if not file.is_file():
            continue
        for cell in nbformat.read(file, as_version=4).cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                continue
            said = "".join(str(o) for o in cell.get("outputs", ()))
            assert not re.search(f"{SECRET}|^FOUND|ATTACHED \\d|OPENED \\d|READ root|WRITTEN\\b",
                                 said), (kind.name, said[:500])
            for word in ("ENVIRON", "ARGV", "FILES", "PROC", "NETWORK"):
                assert not re.search(rf"'text': .*{word} \[[^\]]", said), (kind.name, said[:500])


def test_an_output_that_was_cut_says_so(batch: Graded):
    for student in ("output", "endless-output", "large-picture", "raw-descriptors"):
        file = batch.course.autograded(student, ASSIGNMENT) / f"{NOTEBOOK}.ipynb"
        assert file.stat().st_size < 2_000_000
    text = (batch.course.autograded("output", ASSIGNMENT) / f"{NOTEBOOK}.ipynb").read_text()
    assert "…" in text or "\\u2026" in text


def test_a_feedback_page_shows_no_secret_and_runs_nothing(batch: Graded):
    marked = [(k.student, NOTEBOOK) for k in KINDS
              if k.page and of(batch, k)[0]["status"] == "graded"]
    pages = jobs.feedback(batch.course, ASSIGNMENT, marked)
    assert set(pages) == set(marked)
    for (student, _name), file in pages.items():
        text = file.read_text(encoding="utf-8")
        assert SECRET not in text, student
        inside = re.search(r"<!--ct:begin-->(.*)<!--ct:end-->", text, re.S)
        assert inside, student
        assert acts(inside[1]) == [], student
