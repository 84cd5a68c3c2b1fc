"""What marking found for one notebook of one student."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from coteach.grading.reason import Reason

_NOT_IN_GRADEBOOK = ("message", "unanswered", "why", "beside", "unstable")
"""What running found of a test; the gradebook has no place for it."""


@dataclass
class CellMark:
    """The mark of one graded cell.

    Parameters
    ----------
    score
        None when nobody has scored it yet.
    message
        What the test said when it failed.
    manual
        The points a trainer gave; they win over what the tests found.
    by_hand
        Whether only a person can score it.
    unanswered
        Whether the test failed because the answer before it was still empty.
    why
        A stored `Reason`: why the test could not be judged, so that a person has to.
    beside
        Whether the test ran beside the student's live objects, where her code could reach it.
    unstable
        Whether a second run of the same test ended in another way.
    """

    grade_id: str
    score: float | None
    max_score: float
    message: str = ""
    manual: float | None = None
    comment: str = ""
    by_hand: bool = False
    unanswered: bool = False
    why: str = ""
    beside: bool = False
    unstable: bool = False

    def said(self) -> str:
        """Return what the test said, or why it said nothing, in the language in force."""
        reason = Reason.load(self.why)
        return reason.sentence() if reason else self.message

    def take_over(self, known: Mapping[str, Any]) -> None:
        """Take what the gradebook does not keep from an earlier mark of the cell."""
        for name in _NOT_IN_GRADEBOOK:
            if name in known:
                value = known[name]
                setattr(self, name, bool(value) if type(getattr(self, name)) is bool else value)

    def line(self) -> dict[str, Any]:
        """Return its part of a line of `coteach grade`."""
        found = {"grade_id": self.grade_id, "score": self.score, "max_score": self.max_score,
                 "message": self.said()}
        return found | {name: True for name in ("beside", "unstable") if getattr(self, name)}


@dataclass
class Result:
    """One line of results.

    Parameters
    ----------
    score
        The points there are so far. None for ``failed`` and ``rejected``, never a zero by
        accident; for ``needs_manual`` what the tests gave, without the cells still to be marked.
    reason
        Why there is no score, or why a test could not be judged.
    seconds, cpu_seconds
        What running it took.
    """

    student: str
    assignment: str
    notebook: str
    status: str
    score: float | None
    max_score: float
    reason: Reason | None = None
    tests: list[CellMark] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def note(self, grade_id: str) -> CellMark:
        """Return a new mark of a cell whose points are not known yet."""
        self.tests.append(CellMark(grade_id, None, 0.0))
        return self.tests[-1]

    def line(self) -> str:
        """Return the JSON line of `coteach grade`."""
        return json.dumps({
            "student": self.student, "assignment": self.assignment, "notebook": self.notebook,
            "status": self.status, "score": self.score, "max_score": self.max_score,
            "reason": self.reason.sentence() if self.reason else None,
            "tests": [t.line() for t in self.tests],
        }, ensure_ascii=False)


def without_score(student: str, assignment: str, notebook: str, *, status: str, max_score: float,
                  reason: Reason) -> Result:
    """Return the result of a notebook that can't be scored honestly."""
    return Result(student, assignment, notebook, status, None, max_score, reason)
