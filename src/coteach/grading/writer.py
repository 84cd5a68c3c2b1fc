"""Writes what was found of a submission: its notebook under autograded/, then the gradebook.

In that order, and the result is told last: a run that was killed between finds no result and does
the notebook again.
"""

from __future__ import annotations

import nbformat
from traitlets.config import Config

from coteach.grading import files
from coteach.grading.book import Book
from coteach.grading.course import CourseFolder
from coteach.grading.job import Job
from coteach.grading.marker import Outcome, gather
from coteach.grading.result import Result


class Writer:
    """The one writer of a batch; all its methods are called by one thread.

    Parameters
    ----------
    own
        The instructor's data files, as `CourseFolder.data_files` names them.
    """

    def __init__(self, course: CourseFolder, assignment: str, config: Config,
                 own: frozenset[str]) -> None:
        self.course, self.assignment, self.config = course, assignment, config
        self._own = own
        self._book: Book | None = None

    def open(self) -> None:
        """Open the gradebook."""
        self._book = Book(self.course, self.assignment, self.config)

    def close(self) -> None:
        """Close it."""
        if self._book is not None:
            self._book.close()

    def write(self, job: Job, outcome: Outcome) -> Result:
        """Write an outcome and return the result with points and comments."""
        assert self._book is not None
        result = outcome.result
        if outcome.notebook is None or outcome.form is None or outcome.points is None:
            if outcome.forget:
                self._book.forget_tests(job.notebook, job.student)
            return result
        self._files(job, outcome.notebook)
        marks, waits = self._book.save(outcome.form, job.student, outcome.points,
                                       timestamp=job.timestamp, keep=job.keep)
        known = {t.grade_id: t for t in result.tests}
        for mark in marks:
            if mark.grade_id in known:
                mark.take_over(vars(known[mark.grade_id]))
        result.tests = marks
        if result.status != "failed":
            result.status = "needs_manual" if waits else "graded"
            result.score = sum(t.score or 0.0 for t in marks)
        return result

    def _files(self, job: Job, notebook: nbformat.NotebookNode) -> None:
        place = self.course.autograded(job.student, self.assignment)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        gather(job, self._own, self.course.source(self.assignment), place)
        if job.timestamp:
            files.replace(place / "timestamp.txt", job.timestamp.encode("ascii", "replace"))
        files.replace(place / f"{job.notebook}.ipynb",
                      nbformat.v4.writes(notebook).encode())  # type: ignore[no-untyped-call]
