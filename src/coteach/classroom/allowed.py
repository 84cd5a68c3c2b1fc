"""What a teacher switched on for a class session: photos, and the results of polls.

Rule: off until she says otherwise, since pupils are children. Her decisions are events like
everything else; the newest one about a thing counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from coteach.classroom.results import newest
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.store import events
from coteach.store.schema import ClassSession, Event

VERB = "allowed"
PHOTOS = "photos"
POLL = "poll"
"""A thing is ``photos`` or ``poll:CELL#KEY``."""


def switches(rows: Iterable[Event]) -> dict[str, bool]:
    """Return what is on and off by thing; `rows` are in the order they count."""
    return {str(row.value["thing"]): bool(row.value["on"]) for row in rows
            if row.verb == VERB and isinstance(row.value, dict)}


def decisions(session: Session, session_id: str) -> list[Event]:
    """Return the teacher's decisions in the order they count.

    Their number changes when a switch does; a page then asks again.
    """
    return events.read(session, session_id=session_id, verbs=[VERB])


def read(session: Session, session_id: str) -> dict[str, bool]:
    """Return what is on and off in a class session."""
    return switches(decisions(session, session_id))


def photos(session: Session, session_id: str) -> bool:
    """Say whether pupils may send photos."""
    return read(session, session_id).get(PHOTOS, False)


def switch(session: Session, row: ClassSession, actor: str, thing: str, on: bool) -> None:
    """Store a decision.

    Raises
    ------
    UserError
        There is no such thing.
    """
    if thing != PHOTOS and not (thing.startswith(f"{POLL}:") and len(thing) < 120):
        raise UserError(_("There is nothing to switch here."), code="no-switch")
    events.append(session, [{
        "id": str(uuid.uuid4()), "actor": actor, "session": row.id, "lesson": row.lesson,
        "lesson_version": row.lesson_version, "cell": "", "verb": VERB,
        "value": {"thing": thing, "on": on}, "client_time": None, "client_seq": 0,
        "demo": row.demo}])


@dataclass(frozen=True)
class Shown:
    """A poll whose result the class may see."""

    counts: list[int]
    actors: frozenset[str]
    """Who has answered it; nobody else sees the counts."""


def shown_polls(session: Session, session_id: str, on: dict[str, bool]) -> dict[str, Shown]:
    """Return the polls that the teacher shows, by ``CELL#KEY``; `on` is what `read` returns."""
    shown = {thing.removeprefix(f"{POLL}:") for thing, yes in on.items()
             if yes and thing.startswith(f"{POLL}:")}
    polls: dict[str, Shown] = {}
    rows = events.newest(session, session_id, kind="poll") if shown else []
    for (cell, key), answers in newest(rows).items():
        name = f"{cell}#{key}" if key else cell
        if name in shown:
            # What says nothing is no vote, least of all one for the first option.
            chosen = {actor: place for actor, row in answers.items()
                      if isinstance(place := row.value["answer"].get("choice"), int)}
            places = list(chosen.values())
            polls[name] = Shown([places.count(place) for place in range(
                max(places, default=-1) + 1)], frozenset(chosen))
    return polls


def seen_by(polls: dict[str, Shown], actor: str) -> dict[str, list[int]]:
    """Return the counts that a pupil may see: those of the polls she has answered."""
    return {name: poll.counts for name, poll in polls.items() if actor in poll.actors}


def told(session: Session, session_id: str, actor: str) -> dict[str, Any]:
    """Return what a pupil's page is told: may she send photos, and the polls she may see."""
    on = read(session, session_id)
    return {"photos": on.get(PHOTOS, False),
            "polls": seen_by(shown_polls(session, session_id, on), actor)}
