"""The gradebook of one batch: opened once, written by one process, one transaction a notebook.

The rows are what nbgrader's `Autograde`, `SaveAutoGrades` and `AssignLatePenalties` write, so its
other tools can't tell the difference; manual points and comments are never touched.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from nbgrader import utils
from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import select
from traitlets.config import Config

from coteach.grading.course import CourseFolder
from coteach.grading.form import Form
from coteach.grading.gradebook import score_of
from coteach.grading.points import Points
from coteach.grading.result import CellMark


class Book:
    """A gradebook that is open for a batch; not for two threads at once.

    Parameters
    ----------
    config
        The course's nbgrader configuration: it may name a rule for late hand-ins.
    """

    def __init__(self, course: CourseFolder, assignment: str, config: Config) -> None:
        self._gradebook = Gradebook(course.gradebook, course.course_id)
        self._db = self._gradebook.db
        self._assignment = assignment
        self._late = AssignLatePenalties(config=config)
        self._late.init_plugin()

    def close(self) -> None:
        """Close it."""
        self._gradebook.close()

    def save(self, form: Form, student: str, points: Points, *, timestamp: str,
             keep: Collection[str]) -> tuple[list[CellMark], bool]:
        """Keep what was found of a notebook.

        Parameters
        ----------
        timestamp
            When it was handed in, as nbgrader writes it; empty when nobody knows.
        keep
            Cells whose manual points were given for this very file, so they stand.

        Returns
        -------
        tuple
            The marks, and whether a person has to look at one of them.
        """
        try:
            submission, notebook = self._submission(form, student, timestamp)
            grades = {form.names[g.cell_id]: g for g in notebook.grades if g.cell_id in form.names}
            comments = {form.names[c.cell_id]: c for c in notebook.comments
                        if c.cell_id in form.names}
            for name, score in points.auto.items():
                grade = grades[name]
                grade.auto_score = score
                grade.needs_manual_grade = score is None or grade.manual_score is not None
            for name in keep:
                if name in grades and grades[name].manual_score is not None:
                    grades[name].needs_manual_grade = False
            for name, comment in points.comments.items():
                comments[name].auto_comment = comment
            self._db.flush()
            self._penalise(submission, notebook, student)
            marks = _marks(form, grades, comments)
            waits = any(g.needs_manual_grade for g in grades.values())
            self._db.commit()
        except BaseException:
            self._db.rollback()
            raise
        finally:
            self._db.expunge_all()  # so that memory stays flat
        return marks, waits

    def forget_tests(self, notebook: str, student: str) -> None:
        """Take back what tests gave, because nothing honest can be said about them."""
        try:
            found = self._gradebook.find_submission_notebook(notebook, self._assignment, student)
        except MissingEntry:
            return
        for grade in found.grades:
            grade.auto_score, grade.needs_manual_grade = None, True
        self._db.commit()
        self._db.expunge_all()

    def _submission(self, form: Form, student: str, timestamp: str
                    ) -> tuple[SubmittedAssignment, SubmittedNotebook]:
        if self._db.get(Student, student) is None:
            self._db.add(Student(id=student))
        found = self._db.scalars(
            select(SubmittedAssignment).join(Assignment).where(
                Assignment.name == self._assignment,
                SubmittedAssignment.student_id == student)).one_or_none()
        if found is None:
            found = self._new(student)
        if timestamp:
            found.timestamp = utils.parse_utc(timestamp)
        notebook = next(n for n in found.notebooks if n.notebook.name == form.notebook)
        return found, notebook

    def _new(self, student: str) -> SubmittedAssignment:
        """Make the rows of a first submission, those of its other notebooks too."""
        assignment = self._gradebook.find_assignment(self._assignment)
        made = SubmittedAssignment(assignment_id=assignment.id, student_id=student)
        self._db.add(made)
        for known in self._db.scalars(
                select(Notebook).where(Notebook.assignment_id == assignment.id)).all():
            notebook = SubmittedNotebook(notebook_id=known.id)
            made.notebooks.append(notebook)
            notebook.grades.extend(Grade(cell_id=c.id)
                                   for c in (*known.grade_cells, *known.task_cells))
            notebook.comments.extend(Comment(cell_id=c.id)
                                     for c in (*known.solution_cells, *known.task_cells))
        self._db.flush()
        return made

    def _penalise(self, submission: Any, notebook: Any, student: str) -> None:
        """As nbgrader's `AssignLatePenalties`, with the rule that the course has set."""
        notebook.late_submission_penalty = None
        late = submission.total_seconds_late
        if late <= 0:
            return
        score = self._db.scalar(
            select(SubmittedNotebook.score).where(SubmittedNotebook.id == notebook.id)) or 0.0
        penalty = self._late.plugin_inst.late_submission_penalty(student, score, late)
        if penalty is not None:
            notebook.late_submission_penalty = min(max(penalty, 0), score)


def _marks(form: Form, grades: dict[str, Any], comments: dict[str, Any]) -> list[CellMark]:
    found = []
    for cell in form.source_cells:
        grade, expected = grades.get(cell.name), form.expected.cells[cell.name]
        if grade is None:
            continue
        comment = comments.get(cell.name)
        found.append(CellMark(
            grade_id=cell.name, max_score=expected.max_score, manual=grade.manual_score,
            score=score_of(grade),
            comment=(comment.manual_comment or "") if comment is not None else "",
            by_hand=comment is not None))
    return found
