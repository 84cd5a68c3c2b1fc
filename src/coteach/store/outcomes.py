"""What reports ask of the store: rows without names, read with few queries.

Rule: nobody is named. A person or a pupil is an id or a pseudonym that the caller counts and
forgets; what pupils wrote in their own words is never read here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coteach.store.events import is_emptied
from coteach.store.schema import (
    ClassSession,
    Cohort,
    CohortMember,
    Event,
    Grade,
    Mark,
    NameCard,
    Recording,
    SchoolClass,
    Submission,
)


@dataclass(frozen=True)
class Opened:
    """A lesson that a teacher of the cohort opened for a class."""

    id: str
    lesson: str
    lesson_version: str
    opened: datetime
    cards: int
    """How many pupils the class has."""


@dataclass(frozen=True)
class Answer:
    """A pupil's last answer to a question."""

    session: str
    actor: str
    lesson: str
    cell: str
    key: str
    kind: str
    answer: dict[str, Any]


def all_cohorts(session: Session) -> list[Cohort]:
    """Return every cohort, the newest first."""
    return list(session.scalars(select(Cohort).order_by(Cohort.starts.desc(), Cohort.id)))


def teachers(session: Session, cohort_id: str) -> list[str]:
    """Return the ids of those who learn in a cohort."""
    return list(session.scalars(select(CohortMember.person_id).where(
        CohortMember.cohort_id == cohort_id, CohortMember.role == "teacher")))


def class_sessions(session: Session, cohort: Cohort, ids: Iterable[str]) -> list[Opened]:
    """Return the lessons that these teachers opened for their classes since the cohort began."""
    size = (select(func.count(NameCard.id)).where(NameCard.class_id == ClassSession.class_id)
            .correlate(ClassSession).scalar_subquery())
    rows = session.execute(
        select(ClassSession.id, ClassSession.lesson, ClassSession.lesson_version,
               ClassSession.opened, size)
        .join(SchoolClass, SchoolClass.id == ClassSession.class_id)
        .where(SchoolClass.teacher_id.in_(list(ids)), ClassSession.opened >= cohort.starts)
        .order_by(ClassSession.opened))
    return [Opened(*row) for row in rows]


def present(session: Session, session_ids: Iterable[str]) -> set[tuple[str, str]]:
    """Return who entered which class session: (session, pseudonym)."""
    rows = session.execute(select(Event.session, Event.actor).where(
        Event.session.in_(list(session_ids)), Event.verb.in_(("entered", "answered"))).distinct())
    return {(row[0], row[1]) for row in rows}


def answers(session: Session, session_ids: Iterable[str]) -> list[Answer]:
    """Return each pupil's last answer to each question; words are left out."""
    rows = session.execute(
        select(Event.session, Event.actor, Event.lesson, Event.cell, Event.value)
        .where(Event.session.in_(list(session_ids)), Event.verb == "answered")
        .order_by(Event.received, Event.client_seq, Event.id))
    last: dict[tuple[str, str, str, str], Answer] = {}
    for place, actor, lesson, cell, value in rows:
        if not isinstance(value, dict) or not isinstance(value.get("answer"), dict):
            continue
        if is_emptied(value):
            last.pop((place, actor, cell, str(value.get("key") or "")), None)
            continue
        key, kind = str(value.get("key") or ""), str(value.get("kind") or "")
        kept = {name: value["answer"][name] for name in ("choice", "number", "feeling")
                if isinstance(value["answer"].get(name), (int, float))}
        last[(place, actor, cell, key)] = Answer(place, actor, lesson, cell, key, kind, kept)
    return list(last.values())


def recordings(session: Session, cohort_id: str) -> list[tuple[str, str, str, float]]:
    """Return the finished recordings of a cohort: (id, person, module, seconds)."""
    rows = session.execute(
        select(Recording.id, Recording.person_id, Recording.module, Recording.duration).where(
            Recording.cohort_id == cohort_id, Recording.status == "ready")
        .order_by(Recording.started))
    return [(row[0], row[1], row[2], float(row[3] or 0)) for row in rows]


def marks(session: Session, recording_ids: Iterable[str]) -> list[tuple[str, str, int]]:
    """Return each marker's newest level for each rubric line: (recording, line, level).

    What somebody thinks of her own recording is hers and not counted.
    """
    newest: dict[tuple[str, str, str], int] = {}
    rows = session.execute(
        select(Mark.recording_id, Mark.author_id, Mark.rubric_line, Mark.level)
        .join(Recording, Recording.id == Mark.recording_id)
        .where(Mark.recording_id.in_(list(recording_ids)), Mark.author_id != Recording.person_id)
        .order_by(Mark.created))
    for recording, author, line, level in rows:
        newest[(recording, author, line)] = level
    return [(recording, line, level) for (recording, _author, line), level in newest.items()]


def hand_ins(session: Session, cohort_id: str, ids: Iterable[str]
             ) -> list[tuple[Submission, Grade | None]]:
    """Return the newest hand-in of each person for each assignment, with its marks."""
    rows = session.execute(
        select(Submission, Grade).outerjoin(Grade, Grade.submission_id == Submission.id)
        .where(Submission.cohort_id == cohort_id, Submission.person_id.in_(list(ids)))
        .order_by(Submission.received))
    newest = {(s.person_id, s.assignment): (s, grade) for s, grade in rows}
    return list(newest.values())
