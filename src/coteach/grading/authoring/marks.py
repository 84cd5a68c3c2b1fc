"""Looking at what nbgrader notes about cells: ids, points, kinds, who may write in them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from coteach.grading.authoring.finding import FAILED, WARNING, Cell, Finding
from coteach.grading.inspect import SCHEMA
from coteach.i18n import gettext as _

_ASSERTS = re.compile(r"^\s*assert\b", re.M)


def marks(cells: list[Cell]) -> Iterator[Finding]:
    """Return what is wrong with the marking information of a source notebook."""
    yield from _ids(cells)
    for cell in cells:
        if cell.mark:
            yield from _schema(cell)
            yield from _kind(cell)
            yield from _points(cell)
        yield from _open_tests(cell)


def _ids(cells: list[Cell]) -> Iterator[Finding]:
    counted = Counter(c.grade_id for c in cells if c.grade_id)
    for cell in cells:
        if cell.grade_id and counted[cell.grade_id] > 1:
            yield cell.finding("grade-id", FAILED, _(
                "The grade_id {name} is used {n} times.").format(
                    name=cell.grade_id, n=counted[cell.grade_id]),
                _("Give each of these cells an id of its own; a copied cell keeps the old one."))
        elif not cell.grade_id and (cell.grade or cell.solution or cell.task
                                    or cell.mark.get("locked")):
            yield cell.finding("grade-id", FAILED, _(
                "The cell takes part in marking and has no grade_id."),
                _("Give it an id of its own in the assignment's side bar."))


def _schema(cell: Cell) -> Iterator[Finding]:
    version = cell.mark.get("schema_version", 0)
    if version != SCHEMA:
        yield cell.finding("schema", FAILED, _(
            "The cell has the marking format {found}; this course needs {expected}.").format(
                found=f"{version!r:.20}", expected=SCHEMA),
            _("Run nbgrader update on the notebook."))


def _kind(cell: Cell) -> Iterator[Finding]:
    if cell.task and (cell.code or cell.grade or cell.solution):
        yield cell.finding("kind", FAILED, _(
            "A task that a person marks must be a text cell, and nothing besides."),
            _("Make it a Markdown cell and choose its kind again."))
    elif not cell.code and not cell.task and cell.grade != cell.solution:
        yield cell.finding("kind", FAILED, _(
            "A text cell can't be a test, and an answer in text needs points."),
            _("Make it a code cell, or choose the kind for answers that a person marks."))


def _points(cell: Cell) -> Iterator[Finding]:
    if not cell.grade and not cell.task:
        return
    points: Any = cell.mark.get("points")
    if points is None:
        yield cell.finding("points", FAILED, _("The test has no points.") if cell.test else _(
            "The cell is to be marked and has no points."), _("Say how many points it is worth."))
    elif isinstance(points, bool) or not isinstance(points, int | float) or not math.isfinite(
            points):
        yield cell.finding("points", FAILED, _("Its points are no number: {points}.").format(
            points=f"{points!r:.40}"), _("Say how many points it is worth."))
    elif points < 0:
        yield cell.finding("points", FAILED, _(
            "Its points are below zero: {points}.").format(points=f"{points:g}"),
            _("Say how many points it is worth."))
    elif points == 0:
        yield cell.finding("points", WARNING, _("It is worth 0 points."),
                           _("Say how many points it is worth, or take its mark away."))


def _open_tests(cell: Cell) -> Iterator[Finding]:
    """Find tests in cells that students may write in."""
    if cell.test and not cell.mark.get("locked"):
        yield cell.finding("locked", WARNING, _(
            "The test is not marked as locked; nbgrader locks it when it is released, other "
            "tools may not."), _("Choose its kind, a test, again in the assignment's side bar."))
    elif cell.code and not cell.test and not cell.mark.get("locked") and _ASSERTS.search(
            _own(cell.source)) and (cell.grade or cell.solution):
        yield cell.finding("locked", FAILED if cell.grade else WARNING, _(
            "There are tests in a cell that students write in: they can change them, and only "
            "a person gives points for it.") if cell.grade else _(
            "There are tests in a cell that students write in: they can change them."),
            _("Move the tests into a test cell of their own."))


def _own(source: str) -> str:
    """Return what of an answer stays in the release; what a solution asserts is its own."""
    kept, inside, region = [], False, False
    for line in source.splitlines():
        if "BEGIN SOLUTION" in line:
            inside = region = True
        elif "END SOLUTION" in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept) if region else ""
