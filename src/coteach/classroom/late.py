"""Answers that a device held without a line come in after the class was closed.

Rule: for some hours (`late_answer_hours`), from a pupil who was in that very class, and answers
only: pages, kernels and what others answered stay closed. The teacher sees which came late.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from coteach.classroom.guests import Pass
from coteach.store import classes, events
from coteach.store.schema import ClassSession, utcnow


def require_taking(row: ClassSession, hours: int) -> bool:
    """Do nothing if answers are taken now; return whether the class was closed before.

    Raises
    ------
    Gone
        It was closed more than `hours` ago.
    """
    if classes.is_open(row):
        return False
    if utcnow() >= classes.ended(row) + timedelta(hours=hours):
        classes.require_open(row)
    return True


def earlier(session: Session, guest: Pass, pupil: str) -> str | None:
    """Return the closed session of her class in which a guest was `pupil`; None if there is none.

    She entered it herself: a card that only was in the class gave no answers to it.
    """
    now = session.get(ClassSession, guest.session)
    for row in classes.past_sessions(session, now.class_id) if now is not None else ():
        if replace(guest, session=row.id).pupil == pupil and events.read(
                session, session_id=row.id, actor=guest.actor, verbs=["entered"]):
            return row.id
    return None
