"""Questions and changes about hand-ins and their marks; the newest hand-in is what counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from coteach.errors import NotFound
from coteach.i18n import gettext as _
from coteach.store.schema import Grade, Person, Submission, utcnow


def get(session: Session, submission_id: str) -> Submission:
    """Return a hand-in.

    Raises
    ------
    NotFound
        There is none with this id.
    """
    found = session.get(Submission, submission_id)
    if found is None:
        raise NotFound(_("There is no such hand-in."), code="no-submission")
    return found


def with_hash(session: Session, *, person_id: str, cohort_id: str, assignment: str,
              sha256: str) -> Submission | None:
    """Return the hand-in of exactly this file, if she handed it in before."""
    return session.scalar(select(Submission).where(
        Submission.person_id == person_id, Submission.cohort_id == cohort_id,
        Submission.assignment == assignment, Submission.sha256 == sha256))


def of_person(session: Session, person_id: str, *, cohort_id: str | None = None,
              assignment: str | None = None) -> list[tuple[Submission, Grade | None]]:
    """Return a person's hand-ins with their marks, newest first."""
    query = select(Submission, Grade).outerjoin(Grade).where(Submission.person_id == person_id)
    if cohort_id:
        query = query.where(Submission.cohort_id == cohort_id)
    if assignment:
        query = query.where(Submission.assignment == assignment)
    rows = session.execute(query.order_by(Submission.received.desc(), Submission.id))
    return [(submission, grade) for submission, grade in rows]


def newest(session: Session, cohort_id: str, assignment: str
           ) -> list[tuple[Person, Submission, Grade | None]]:
    """Return the hand-in of each person that counts, oldest first."""
    rows = session.execute(
        select(Person, Submission, Grade).join(Submission, Submission.person_id == Person.id)
        .outerjoin(Grade, Grade.submission_id == Submission.id)
        .where(Submission.cohort_id == cohort_id, Submission.assignment == assignment)
        .order_by(Submission.received))
    found = {person.id: (person, submission, grade) for person, submission, grade in rows}
    return sorted(found.values(), key=lambda row: row[1].received)


def grade_of(session: Session, submission_id: str) -> Grade | None:
    """Return the marks of a hand-in, or None."""
    return session.get(Grade, submission_id)


def keep_grade(session: Session, submission_id: str, *, status: str, score: float | None,
               max_score: float | None, reason: str, tests: list[dict[str, Any]],
               by: str | None) -> Grade:
    """Keep what marking found; what was released stays released.

    Marks that are the same as before keep their time too: what was given back needs no giving
    back again.
    """
    grade = session.get(Grade, submission_id)
    before = None if grade is None else _told(grade)
    if grade is None:
        grade = Grade(submission_id=submission_id, status=status)
        session.add(grade)
    grade.status, grade.score, grade.max_score = status, score, max_score
    grade.reason, grade.tests = reason[:2000], [dict(t) for t in tests]
    if _told(grade) != before:
        grade.graded, grade.graded_by = utcnow(), by
    session.flush()
    return grade


def _told(grade: Grade) -> tuple[Any, ...]:
    """Return what a teacher is told by her marks; what a test printed may differ at each run."""
    parts = [(t.get("grade_id"), t.get("score"), t.get("max_score"), t.get("comment") or "")
             for t in grade.tests]
    return grade.status, grade.score, grade.max_score, grade.reason, parts


def release(session: Session, submission_id: str, at: datetime | None = None) -> Grade:
    """Let the teacher read her marks.

    Raises
    ------
    NotFound
        It was not marked.
    """
    grade = session.get(Grade, submission_id)
    if grade is None:
        raise NotFound(_("This notebook has not been marked yet."), hint=_("Autograde it first."),
                       code="not-marked")
    grade.released = at or utcnow()
    session.flush()
    return grade
