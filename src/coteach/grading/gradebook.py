"""nbgrader's gradebook: reading what was found, keeping what a person gave.

Manual points and comments lie in nbgrader's own columns, so formgrader and feedback see them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from coteach.errors import NotFound, UserError
from coteach.grading.course import CourseFolder
from coteach.grading.form import Form, form_of
from coteach.grading.result import CellMark
from coteach.i18n import gettext as _
from coteach.i18n import ngettext


@contextmanager
def opened(course: CourseFolder) -> Iterator[Gradebook]:
    """Open the gradebook of a course; it is made when it is missing."""
    with Gradebook(course.gradebook, course.course_id) as book:
        yield book


def forms(course: CourseFolder, assignment: str) -> dict[str, Form]:
    """Return the released notebooks of an assignment by name; none when it is not released."""
    with opened(course) as book:
        try:
            found = book.find_assignment(assignment)
        except MissingEntry:
            return {}
        return {nb.name: form_of(nb) for nb in found.notebooks}


def set_deadline(course: CourseFolder, assignment: str, deadline: datetime | None) -> None:
    """Tell nbgrader when an assignment is due."""
    with opened(course) as book:
        due = deadline.astimezone(UTC).replace(tzinfo=None) if deadline else None
        book.update_or_create_assignment(assignment, duedate=due)


def marks(course: CourseFolder, assignment: str, notebook: str, student: str) -> list[CellMark]:
    """Return the marks of a submitted notebook in the order of its cells.

    Raises
    ------
    NotFound
        It was never marked.
    """
    with opened(course) as book:
        try:
            found = book.find_submission_notebook(notebook, assignment, student)
            order = [c.name for c in book.find_notebook(notebook, assignment).source_cells]
        except MissingEntry:
            raise _not_marked() from None
        comments = {c.name: c.manual_comment or "" for c in found.comments}
        made = [CellMark(
            grade_id=g.name, score=score_of(g), max_score=float(g.max_score), manual=g.manual_score,
            comment=comments.get(g.name, ""), by_hand=_by_hand(g)) for g in found.grades]
    return sorted(made, key=lambda m: order.index(m.grade_id) if m.grade_id in order else 999)


def waiting(course: CourseFolder, assignment: str, notebook: str, student: str) -> list[str]:
    """Return the cells that a person has to look at, as nbgrader has it."""
    with opened(course) as book:
        found = book.find_submission_notebook(notebook, assignment, student)
        return [g.name for g in found.grades if g.needs_manual_grade]


def _by_hand(grade: Any) -> bool:
    # Solution and task cells have a comment, tests have none.
    return grade.name in {c.name for c in grade.notebook.comments}


def score_of(grade: Any) -> float | None:
    """Return the points of one of nbgrader's grades: a person's win over what tests found."""
    base = grade.manual_score if grade.manual_score is not None else grade.auto_score
    return None if base is None else float(base) + float(grade.extra_credit or 0)


def give(course: CourseFolder, assignment: str, notebook: str, student: str, *, grade_id: str,
         points: float | None, comment: str) -> None:
    """Keep a person's points and comment for a cell.

    Parameters
    ----------
    points
        None takes them back.

    Raises
    ------
    NotFound
        There is no such cell, or the notebook was never marked.
    UserError
        The points are not between zero and what the cell is worth.
    """
    with opened(course) as book:
        try:
            grade = book.find_grade(grade_id, notebook, assignment, student)
        except MissingEntry:
            raise _not_marked() from None
        top = float(grade.max_score)
        if points is not None and not 0 <= points <= top:
            raise UserError(
                ngettext("{points} point can't be given; this answer is worth {top}.",
                         "{points} points can't be given; this answer is worth {top}.",
                         1 if points == 1 else 2).format(points=f"{points:g}", top=f"{top:g}"),
                hint=ngettext("Give between 0 and {top} point.", "Give between 0 and {top} points.",
                              1 if top == 1 else 2).format(top=f"{top:g}"),
                code="bad-points")
        grade.manual_score = points
        grade.needs_manual_grade = points is None and grade.auto_score is None
        try:
            book.find_comment(grade_id, notebook, assignment, student).manual_comment = (
                comment or None)
        except MissingEntry:
            if comment:
                raise UserError(_("A test has no place for a comment."),
                                code="no-comment") from None
        book.db.commit()


def export(course: CourseFolder) -> list[dict[str, Any]]:
    """Return the marks of all assignments, one row a student, as nbgrader counts them."""
    with opened(course) as book:
        rows = []
        for assignment in book.assignments:
            for row in book.submission_dicts(assignment.name):
                rows.append({"assignment": assignment.name, "student": row["student"],
                             "score": row["score"], "max_score": row["max_score"],
                             "needs_manual": bool(row["needs_manual_grade"])})
    return sorted(rows, key=lambda r: (r["assignment"], r["student"]))


def all_marks(course: CourseFolder, assignment: str) -> dict[str, tuple[Any, ...]]:
    """Return what stands in the gradebook about each graded cell of each student.

    By ``student/notebook/cell``: automatic points, manual points, whether a person has to look,
    and nbgrader's own comment; by ``student``: the score as nbgrader counts it.
    """
    found: dict[str, tuple[Any, ...]] = {}
    with opened(course) as book:
        for submission in book.assignment_submissions(assignment):
            student = submission.student.id
            found[student] = (submission.score, submission.needs_manual_grade,
                              submission.timestamp)
            for notebook in submission.notebooks:
                said = {c.name: c.auto_comment for c in notebook.comments}
                for grade in notebook.grades:
                    found[f"{student}/{notebook.name}/{grade.name}"] = (
                        grade.auto_score, grade.manual_score, grade.needs_manual_grade,
                        said.get(grade.name))
    return found


def _not_marked() -> NotFound:
    return NotFound(_("This notebook has not been marked yet."), hint=_("Autograde it first."),
                    code="not-marked")
