"""What marking found for one notebook of one student."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from coteach.grading.reason import Reason

STATUSES = ("graded", "needs_manual", "failed", "rejected")


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
    """

    grade_id: str
    score: float | None
    max_score: float
    message: str = ""
    manual: float | None = None
    comment: str = ""
    by_hand: bool = False
    unanswered: bool = False


@dataclass
class Result:
    """One line of results.

    Parameters
    ----------
    score
        The points there are so far. None for ``failed`` and ``rejected``, never a zero by
        accident; for ``needs_manual`` what the tests gave, without the cells still to be marked.
    """

    student: str
    assignment: str
    notebook: str
    status: str
    score: float | None
    max_score: float
    reason: Reason | None = None
    tests: list[CellMark] = field(default_factory=list)

    def line(self) -> str:
        """Return the JSON line of `coteach grade`."""
        return json.dumps({
            "student": self.student, "assignment": self.assignment, "notebook": self.notebook,
            "status": self.status, "score": self.score, "max_score": self.max_score,
            "reason": self.reason.sentence() if self.reason else None,
            "tests": [{"grade_id": t.grade_id, "score": t.score, "max_score": t.max_score,
                       "message": t.message} for t in self.tests],
        }, ensure_ascii=False)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for another process."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Result:
        """The inverse of `to_dict`."""
        reason = found["reason"]
        return cls(**{**found, "reason": Reason(**reason) if reason else None,
                      "tests": [CellMark(**t) for t in found["tests"]]})


def without_score(student: str, assignment: str, notebook: str, *, status: str, max_score: float,
                  reason: Reason) -> Result:
    """Return the result of a notebook that can't be scored honestly."""
    return Result(student, assignment, notebook, status, None, max_score, reason)
