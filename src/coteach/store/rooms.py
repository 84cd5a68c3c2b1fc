"""Questions and changes about live rooms and who agreed to be recorded in them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from coteach.errors import NotFound
from coteach.i18n import gettext as _
from coteach.store import people
from coteach.store.schema import CohortMember, Consent, Person, Room, utcnow

OPEN_FOR = timedelta(minutes=1)


def own(session: Session, person: Person, module: str, kind: str = "practice") -> Room:
    """Return a person's own room of a module; made at the first time.

    A room of the kind ``check`` is for trying devices: nobody else sees it.
    """
    name = f"{kind}-{person.id.replace('-', '')[:8]}-{module}"[:80]
    room = session.get(Room, name)
    if room is None:
        cohorts = people.cohorts_of(session, person)
        mine = [c for c in cohorts if people.membership(session, c.id, person.id) == "teacher"]
        cohort = next((c.id for c in mine or cohorts), None) if kind == "practice" else None
        room = Room(name=name, kind=kind, owner_id=person.id, module=module, cohort_id=cohort)
        session.add(room)
        session.flush()
    if room.owner_id != person.id:
        raise NotFound(_("This room belongs to somebody else."))
    return room


def webcast(session: Session, person: Person, cohort_id: str) -> Room:
    """Return a trainer's own webcast of a cohort; made at the first time."""
    name = f"webcast-{person.id.replace('-', '')[:8]}-{cohort_id.replace('-', '')[:12]}"
    room = session.get(Room, name)
    if room is None:
        room = Room(name=name, kind="webcast", owner_id=person.id, cohort_id=cohort_id)
        session.add(room)
        session.flush()
    if room.owner_id != person.id or room.cohort_id != cohort_id:
        raise NotFound(_("This room belongs to somebody else."))
    return room


def get(session: Session, name: str) -> Room:
    """Return a room.

    Raises
    ------
    NotFound
        There is none of this name.
    """
    room = session.get(Room, name)
    if room is None:
        raise NotFound(_("There is no such room."), hint=_("Check the link that you were sent."))
    return room


def open_now(session: Session, person: Person, module: str | None = None) -> list[Room]:
    """Return the rooms with somebody in them that a person may join, her own first."""
    mine = select(CohortMember.cohort_id).where(CohortMember.person_id == person.id)
    query = select(Room).where(
        Room.last_seen > utcnow() - OPEN_FOR, Room.kind.in_(("practice", "webcast")),
        or_(Room.owner_id == person.id, Room.cohort_id.in_(mine)))
    if module:
        query = query.where(Room.module == module)
    found = list(session.scalars(query.order_by(Room.last_seen.desc())))
    return sorted(found, key=lambda room: room.owner_id != person.id)


def seen(session: Session, names: Iterable[str]) -> None:
    """Note that somebody is in these rooms now."""
    wanted = list(names)
    if wanted:
        session.execute(update(Room).where(Room.name.in_(wanted)).values(last_seen=utcnow()))


def answer_consent(session: Session, *, room: str, actor: str, purpose: str, given: bool,
                   language: str) -> Consent:
    """Keep a person's yes or no; the newest one counts."""
    consent = Consent(room=room, actor=actor, purpose=purpose, given=given, language=language)
    session.add(consent)
    session.flush()
    return consent


def consents(session: Session, room: str, *, since: datetime) -> dict[str, bool]:
    """Return what each person said last in a room since a moment."""
    return {c.actor: c.given for c in session.scalars(
        select(Consent).where(Consent.room == room, Consent.at >= since).order_by(Consent.at))}
