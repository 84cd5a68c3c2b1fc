"""Questions and changes about people, schools, invitations and cohorts."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from datetime import timedelta
from zoneinfo import available_timezones

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from coteach.errors import Gone, NotFound, UserError
from coteach.i18n import gettext as _
from coteach.store.database import Database
from coteach.store.schema import Cohort, CohortMember, Invitation, Person, School, utcnow


def by_username(session: Session, username: str) -> Person | None:
    """Return the person with this JupyterHub name, or None."""
    return session.scalar(select(Person).where(Person.username == username.lower()))


def get(session: Session, person_id: str) -> Person:
    """Return a person.

    Raises
    ------
    NotFound
        Nobody has this id.
    """
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound(_("There is nobody with this id."))
    return person


def cohorts_of(session: Session, person: Person) -> list[Cohort]:
    """Return the cohorts that a person is in, newest first; an admin's are all of them."""
    query = select(Cohort).order_by(Cohort.starts.desc(), Cohort.id)
    if person.role != "admin":
        query = query.join(CohortMember, CohortMember.cohort_id == Cohort.id).where(
            CohortMember.person_id == person.id)
    return list(session.scalars(query))


def members(session: Session, cohort_id: str, role: str = "teacher") -> list[Person]:
    """Return a cohort's members of one role, by name."""
    return list(session.scalars(
        select(Person).join(CohortMember, CohortMember.person_id == Person.id)
        .where(CohortMember.cohort_id == cohort_id, CohortMember.role == role)
        .order_by(Person.display_name)))


def membership(session: Session, cohort_id: str, person_id: str) -> str | None:
    """Return the role of a person in a cohort: ``teacher``, ``trainer`` or None."""
    member = session.get(CohortMember, (cohort_id, person_id))
    return member.role if member else None


def share_a_cohort(session: Session, trainer_id: str, person_id: str) -> bool:
    """Say whether the first is a trainer of a cohort in which the second learns."""
    mine = select(CohortMember.cohort_id).where(
        CohortMember.person_id == trainer_id, CohortMember.role == "trainer")
    return session.scalar(select(CohortMember.cohort_id).where(
        CohortMember.person_id == person_id, CohortMember.cohort_id.in_(mine)).limit(1)) is not None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def invite(session: Session, *, role: str, school: School | None = None,
           cohort: Cohort | None = None, language: str = "en", display_name: str = "",
           created_by: Person | None = None, days: float = 14) -> tuple[Invitation, str]:
    """Make an invitation and return it with its token, which is shown once and not kept."""
    token = secrets.token_urlsafe(24)
    invitation = Invitation(
        token_hash=_hash(token), role=role, school_id=school.id if school else None,
        cohort_id=cohort.id if cohort else None, language=language, display_name=display_name,
        created_by=created_by.id if created_by else None, expires=utcnow() + timedelta(days=days))
    session.add(invitation)
    session.flush()
    return invitation, token


def invitation(session: Session, token: str) -> Invitation:
    """Return the invitation of a token that can still be used.

    Raises
    ------
    NotFound, Gone
        There is none; or it expired, was withdrawn or was used.
    """
    found = session.scalar(select(Invitation).where(Invitation.token_hash == _hash(token)))
    if found is None:
        raise NotFound(_("This invitation does not exist."),
                       hint=_("Check that the whole link was copied, or ask your trainer."),
                       code="no-invitation")
    if found.redeemed is not None:
        raise Gone(_("This invitation was used already."),
                   hint=_("Sign in with the name you chose, or ask your trainer for a new one."),
                   code="invitation-used")
    if found.withdrawn is not None:
        raise Gone(_("This invitation was withdrawn."), hint=_("Ask your trainer for a new one."),
                   code="invitation-withdrawn")
    if found.expires < utcnow():
        raise Gone(_("This invitation has expired."), hint=_("Ask your trainer for a new one."),
                   code="invitation-expired")
    return found


def redeem(session: Session, token: str, *, username: str, display_name: str,
           language: str | None = None, time_zone: str = "") -> Person:
    """Use an invitation once: make the person and put her into the cohort.

    Raises
    ------
    NotFound, Gone
        As `invitation`.
    """
    found = invitation(session, token)
    school = session.get(School, found.school_id) if found.school_id else None
    person = Person(
        username=username.lower(), display_name=display_name or found.display_name or username,
        role=found.role, school_id=found.school_id, language=language or found.language,
        time_zone=school.time_zone if school else known_zone(time_zone))
    session.add(person)
    session.flush()
    if found.cohort_id:
        session.add(CohortMember(
            cohort_id=found.cohort_id, person_id=person.id,
            role="trainer" if found.role == "trainer" else "teacher"))
    found.redeemed = utcnow()
    found.redeemed_by = person.username
    session.flush()
    return person


def known_zone(name: str) -> str:
    """Return an IANA time zone's name, or ``UTC`` when there is no such zone."""
    return name if name in available_timezones() else "UTC"


SEEN_EVERY = timedelta(minutes=5)
"""How exactly it is kept when somebody was last here."""


def seen(database: Database, person: Person) -> None:
    """Keep that a person is here now, unless that was kept some minutes ago.

    Nothing depends on it, so a database that can't be written to does not turn her away.
    """
    now = utcnow()
    if person.last_seen is not None and now - person.last_seen < SEEN_EVERY:
        return
    with contextlib.suppress(SQLAlchemyError, UserError), database.session() as session:
        session.execute(update(Person).where(Person.id == person.id).values(last_seen=now))
