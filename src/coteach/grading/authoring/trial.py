"""Releasing an assignment and marking two hand-ins of it: the empty form and the solution.

Rule: they go the same way as people's hand-ins, in a copy of the course that is gone afterwards,
so a test that only works in the author's JupyterLab is found.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

from coteach import sandbox
from coteach.errors import UserError
from coteach.grading import jobs, outputs
from coteach.grading.authoring.finding import FAILED, OK, WARNING, Cell, Finding, cells_of
from coteach.grading.authoring.leaks import leaks
from coteach.grading.authoring.markers import REGIONS
from coteach.grading.course import CourseFolder
from coteach.grading.jobs import Job
from coteach.grading.result import CellMark, Result
from coteach.i18n import gettext as _
from coteach.i18n import ngettext

EMPTY, SOLUTION = "empty", "solution"


@contextmanager
def a_copy(course: CourseFolder, assignment: str, notebooks: Mapping[str, Any]
           ) -> Iterator[CourseFolder]:
    """Give a course folder with one assignment in it and only these notebooks."""
    root = Path(tempfile.mkdtemp(prefix="coteach-check-"))
    try:
        sandbox.claim(root)
        made = CourseFolder(root / "course", course.course_id)
        target = made.source(assignment)
        shutil.copytree(course.source(assignment), target,
                        ignore=shutil.ignore_patterns("i18n", ".*", "__pycache__", "*.ipynb"))
        for name, content in notebooks.items():
            nbformat.write(content, target / f"{name}.ipynb")
        beside = [f for f in course.header.parent.iterdir() if f.is_file()]
        for file in [*beside, course.root / "nbgrader_config.py"]:
            if file.is_file():
                shutil.copyfile(file, made.root / file.relative_to(course.root))
        yield made
    finally:
        shutil.rmtree(root, ignore_errors=True)


def trial(course: CourseFolder, assignment: str, notebooks: Mapping[str, Any], *, run: bool,
          trust_local: bool = False) -> Iterator[Finding]:
    """Release notebooks, look at what came out and, with `run`, mark the two hand-ins."""
    ready = {name: _with_points(content) for name, content in notebooks.items()}
    with a_copy(course, assignment, ready) as made:
        try:
            jobs.release(made, assignment)
        except UserError as error:
            yield Finding("release", FAILED, error.message, error.hint)
            return
        todo: list[Job] = []
        for name, content in notebooks.items():
            released = nbformat.read(made.released(assignment) / f"{name}.ipynb", as_version=4)
            yield from leaks(name, cells_of(name, content), released, made.released(assignment))
            for student, notebook in ((EMPTY, released), (SOLUTION, solved(released, content))):
                file = made.root.parent / f"{student}-{len(todo)}.ipynb"
                nbformat.write(notebook, file)
                todo.append(Job(student, name, file))
        if run:
            results = jobs.grade(made, assignment, todo, workers=2, trust_local=trust_local,
                                 check_stable=True)
            for name, content in notebooks.items():
                empty, solution = (next(r for r in results if (r.student, r.notebook) == (
                    student, name)) for student in (EMPTY, SOLUTION))
                yield from _judged(made, assignment, cells_of(name, content), empty, solution)


def _with_points(content: Any) -> Any:
    """Return a notebook whose tests are worth something: nbgrader releases no others."""
    made = copy.deepcopy(content)
    for cell in cells_of("", made):
        points = cell.mark.get("points")
        if (cell.grade or cell.task) and not (isinstance(points, int | float) and points > 0):
            cell.mark["points"] = 1
    return made


def solved(released: Any, source: Any) -> Any:
    """Return a release with the author's solutions in it."""
    solutions = {c.grade_id: c.source for c in cells_of("", source) if c.solution}
    made = copy.deepcopy(released)
    markers = [m for region in REGIONS for m in (region.begin, region.end)]
    for cell in cells_of("", made):
        if cell.solution and cell.grade_id in solutions:
            cell.raw["source"] = "\n".join(
                line for line in solutions[cell.grade_id].splitlines()
                if not any(marker in line for marker in markers))
    return made


def _judged(course: CourseFolder, assignment: str, cells: list[Cell], empty: Result,
            solution: Result) -> Iterator[Finding]:
    known = {c.grade_id: c for c in cells if c.grade_id}
    name = empty.notebook
    before = []
    if solution.score is None and solution.reason is not None:
        before.append(Finding("solution", FAILED, _(
            "{notebook}: the author's solution could not be marked. {reason}").format(
                notebook=f"{name}.ipynb", reason=solution.reason.sentence()),
            _("Run it from top to bottom in JupyterLab."), name))
    else:
        before += list(_stops(course, assignment, solution))
        before += [f for t in _scored(solution) if t.grade_id in known
                   for f in (*_not_all(known[t.grade_id], t), *_odd(known[t.grade_id], t))]
    if empty.score is None and empty.reason is not None:
        before.append(Finding("empty", FAILED, _(
            "{notebook}: the empty release could not be marked. {reason}").format(
                notebook=f"{name}.ipynb", reason=empty.reason.sentence()),
            _("Look at the cells that everybody is given."), name))
    else:
        before += [f for t in _scored(empty) if t.grade_id in known and t.score
                   for f in _for_nothing(known[t.grade_id], t)]
    yield from before
    if not any(f.state == FAILED for f in before):
        yield Finding("solution", OK, _all_well(name, sum(t.max_score for t in _scored(solution))),
                      notebook=name)


def _all_well(name: str, points: float) -> str:
    if not points:
        return _("{notebook}: it runs; there is no test in it.").format(notebook=f"{name}.ipynb")
    return ngettext(
        "{notebook}: the author's solution gets {points} point of tests, the empty release none.",
        "{notebook}: the author's solution gets all {points} points of tests, the empty release "
        "none.", 1 if points == 1 else 2).format(notebook=f"{name}.ipynb", points=f"{points:g}")


def _scored(result: Result) -> list[CellMark]:
    return [t for t in result.tests if not t.by_hand]


def _not_all(cell: Cell, test: CellMark) -> Iterator[Finding]:
    if test.score is not None and test.score >= test.max_score:
        return
    said = outputs.plain(test.said()).rstrip(".") or _("no message")
    if not test.score:
        sentence = _("The author's own solution fails this test: {message}.")
    else:
        sentence = _("The author's own solution gets {score} of {top} points here: {message}.")
    yield cell.finding("solution", FAILED, sentence.format(
        message=said[:200], score=f"{test.score or 0:g}", top=f"{test.max_score:g}"),
        _("Correct the test or the solution."))


def _odd(cell: Cell, test: CellMark) -> Iterator[Finding]:
    if test.unstable:
        yield cell.finding("unstable", WARNING, _(
            "The test said something else when it ran a second time with your own solution."),
            _("Give random numbers a seed, and use neither the clock nor the order of a set."))
    if test.beside:
        yield cell.finding("beside", WARNING, _(
            "The test looks inside the answer's own objects, so it runs beside them, where an "
            "answer could change what it says."),
            _("Test what the answer gives for some values instead."))


def _for_nothing(cell: Cell, test: CellMark) -> Iterator[Finding]:
    yield cell.finding("empty", FAILED, ngettext(
        "This test gives {score} point for the empty release, so nothing is to be done for it.",
        "This test gives {score} points for the empty release, so nothing is to be done for it.",
        1 if test.score == 1 else 2).format(score=f"{test.score:g}"),
        _("Test what only an answer can do."))


def _stops(course: CourseFolder, assignment: str, solution: Result) -> Iterator[Finding]:
    """Find other cells that stop with an error although every answer is right."""
    file = course.autograded(solution.student, assignment) / f"{solution.notebook}.ipynb"
    if not file.is_file():
        return
    for cell in cells_of(solution.notebook, nbformat.read(file, as_version=4)):
        wanted = "raises-exception" in cell.raw["metadata"].get("tags", ())
        if not cell.code or cell.test or wanted:
            continue
        for output in cell.raw.get("outputs", ()):
            if output.get("output_type") == "error":
                yield cell.finding("solution", WARNING if not cell.solution else FAILED, _(
                    "This cell stops with the author's own solution: {error}.").format(
                        error=f"{output.ename}: {output.evalue}"[:200].rstrip(".: ")),
                    _("Correct it; a cell that is meant to stop gets the tag raises-exception."))
                break
