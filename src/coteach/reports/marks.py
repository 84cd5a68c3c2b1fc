"""What stands in a cohort's gradebook, as it leaves coteach: one row a teacher, a cell a task.

Rule: a result that is not there is None with a word for why, never a zero. A mark goes out when
its teacher may read it: a trainer who still thinks about it has not given it yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from coteach.store import assessment, people
from coteach.store.schema import Cohort, Grade, Person, Submission

STATES = ("graded", "needs_manual", "failed", "rejected", "waiting", "held", "missing")
"""``waiting``: handed in and not marked; ``held``: marked and not given back yet."""


@dataclass(frozen=True)
class Item:
    """An assignment."""

    id: str
    title: str
    due: datetime
    max_score: float | None = None
    """What it is worth, None while nobody's was marked."""


@dataclass(frozen=True)
class Result:
    """What one teacher has for one assignment."""

    state: str
    """One of `STATES`."""
    score: float | None = None
    max_score: float | None = None
    late: bool = False
    submission: str = ""
    at: datetime | None = None
    """When it was marked, else when it was handed in."""


@dataclass(frozen=True)
class Row:
    """A teacher with her results in the order of the items."""

    person: str
    name: str
    username: str
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Book:
    """A cohort's gradebook."""

    cohort: Cohort
    items: tuple[Item, ...]
    rows: tuple[Row, ...]


def book(session: Session, cohort: Cohort, items: Iterable[Item]) -> Book:
    """Return the gradebook of a cohort; the newest hand-in of each counts.

    Parameters
    ----------
    items
        The assignments, without what they are worth.
    """
    found, columns = [], []
    for item in items:
        column = {person.id: _result(submission, grade) for person, submission, grade
                  in assessment.newest(session, cohort.id, item.id)}
        worth = {r.max_score for r in column.values() if r.max_score is not None}
        found.append(Item(item.id, item.title, item.due, max(worth) if worth else None))
        columns.append(column)
    return Book(cohort, tuple(found), tuple(
        _row(person, columns) for person in people.members(session, cohort.id)))


def _row(person: Person, columns: list[dict[str, Result]]) -> Row:
    return Row(person.id, person.display_name, person.username,
               tuple(column.get(person.id, Result("missing")) for column in columns))


def _result(submission: Submission, grade: Grade | None) -> Result:
    late, found = submission.late, submission.id
    if grade is None:
        return Result("waiting", late=late, submission=found, at=submission.received)
    state, score = grade.status, grade.score
    if state == "graded" and (score is None or grade.released is None
                              or grade.graded > grade.released):
        state = "held"
    return Result(state, score if state == "graded" else None, grade.max_score, late, found,
                  grade.graded)
