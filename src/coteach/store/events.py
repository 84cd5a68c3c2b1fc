"""Appending and reading events: answers, steps, practice. Sent again means stored once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from coteach.store.schema import Event, utcnow


def append(session: Session, events: Iterable[dict[str, Any]]) -> list[str]:
    """Store events that are not there yet and return the ids that were new.

    Parameters
    ----------
    events
        Columns of `Event`; `received` is set here. The first event with an id wins: what comes
        later under the same id is left out, so a client may send until it is acknowledged.
    """
    rows = {str(e["id"]): e for e in reversed(list(events))}
    if not rows:
        return []
    now = utcnow()
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
    fresh = set(session.scalars(
        dialect.insert(Event).on_conflict_do_nothing(index_elements=["id"]).returning(Event.id),
        [{**row, "received": now} for row in reversed(rows.values())]))
    return [key for key in reversed(rows) if key in fresh]


def read(session: Session, *, session_id: str | None = None, actor: str | None = None,
         verbs: Sequence[str] | None = None, lesson: str | None = None) -> list[Event]:
    """Return events in the order in which they count: by `received`, then `client_seq`."""
    query = select(Event).order_by(Event.received, Event.client_seq, Event.id)
    if session_id is not None:
        query = query.where(Event.session == session_id)
    if actor is not None:
        query = query.where(Event.actor == actor)
    if verbs is not None:
        query = query.where(Event.verb.in_(list(verbs)))
    if lesson is not None:
        query = query.where(Event.lesson == lesson)
    return list(session.scalars(query))


def newest(session: Session, session_id: str, *, actor: str | None = None,
           kind: str | None = None) -> list[Event]:
    """Return the answers that count in a session, in the order in which they count.

    The database finds the newest answer of each pupil to each question; the older ones, which may
    be many and long, are neither loaded nor decoded.

    Parameters
    ----------
    session_id
        The session.
    actor
        Only hers.
    kind
        Only answers to questions of this kind.
    """
    key = func.coalesce(Event.value["key"].as_string(), "")
    place = func.row_number().over(
        partition_by=(Event.actor, Event.cell, key),
        order_by=(Event.received.desc(), Event.client_seq.desc(), Event.id.desc()))
    ranked = select(Event.id, place.label("place")).where(
        Event.session == session_id, Event.verb == "answered")
    if actor is not None:
        ranked = ranked.where(Event.actor == actor)
    if kind is not None:
        ranked = ranked.where(Event.value["kind"].as_string() == kind)
    found = ranked.subquery()
    return list(session.scalars(
        select(Event).join(found, found.c.id == Event.id).where(found.c.place == 1)
        .order_by(Event.received, Event.client_seq, Event.id)))


FROM_FILE = "file"
"""What ``value["from"]`` says of an answer that a teacher took in from a file."""


def count(session: Session, session_id: str, actor: str, *, from_file: bool = False,
          kind: str | None = None) -> int:
    """Return how many answers somebody gave in a session, without loading them."""
    source = func.coalesce(Event.value["from"].as_string(), "")
    query = select(func.count()).where(
        Event.actor == actor, Event.session == session_id, Event.verb == "answered",
        source == FROM_FILE if from_file else source != FROM_FILE)
    if kind is not None:
        query = query.where(Event.value["kind"].as_string() == kind)
    return session.scalar(query) or 0


def more_than(session: Session, session_id: str, actor: str, most: int, *,
              from_file: bool = False, kind: str | None = None) -> bool:
    """Say whether `count` is more than a number; what the answers say is rarely read for it."""
    plain = session.scalar(select(func.count()).where(
        Event.actor == actor, Event.session == session_id, Event.verb == "answered")) or 0
    return plain > most and count(
        session, session_id, actor, from_file=from_file, kind=kind) > most


def is_emptied(value: Any) -> bool:
    """Say whether an answer says that there is none any more: nothing is ever deleted."""
    answer = value.get("answer") if isinstance(value, dict) else None
    if not isinstance(answer, dict):
        return False
    return answer.get("empty") is True or all(
        name in ("text", "words", "strokes", "media") and not part
        for name, part in answer.items())


def forget(session: Session, actor: str) -> None:
    """Delete everything that was done under a pseudonym: somebody asked for it."""
    session.execute(delete(Event).where(Event.actor == actor))


def sessions_of(session: Session, actor: str) -> dict[str, int]:
    """Return in which sessions somebody answered, with how many answers in each."""
    found = session.execute(select(Event.session, func.count()).where(
        Event.actor == actor, Event.verb == "answered").group_by(Event.session))
    return {str(name): int(count) for name, count in found}
