"""Questions and changes about invitations that are out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from coteach.errors import NotFound
from coteach.i18n import gettext as _
from coteach.store.schema import Cohort, Invitation, Person, School, utcnow


@dataclass(frozen=True)
class Shown:
    """Who invites whom to what, for the page that an invitation link opens."""

    invitation: Invitation
    inviter: Person | None
    cohort: Cohort | None
    school: School | None


def described(session: Session, invitation: Invitation) -> Shown:
    """Return an invitation with the names that belong to it."""
    def row(table, key):  # type: ignore[no-untyped-def]
        return session.get(table, key) if key else None

    return Shown(invitation, row(Person, invitation.created_by), row(Cohort, invitation.cohort_id),
                 row(School, invitation.school_id))


def open_ones(session: Session, cohort_id: str) -> list[Invitation]:
    """Return a cohort's invitations that can still be used, newest first."""
    return list(session.scalars(
        select(Invitation).where(
            Invitation.cohort_id == cohort_id, Invitation.redeemed.is_(None),
            Invitation.withdrawn.is_(None), Invitation.expires > utcnow())
        .order_by(Invitation.created.desc())))


def of_cohort(session: Session, cohort_id: str, invitation_id: str) -> Invitation:
    """Return an invitation of a cohort.

    Raises
    ------
    NotFound
        The cohort has none with this id.
    """
    found = session.get(Invitation, invitation_id)
    if found is None or found.cohort_id != cohort_id:
        raise NotFound(_("There is no such invitation."), code="no-invitation")
    return found


def withdraw(session: Session, invitation: Invitation) -> None:
    """Make a link that was not used worthless; one that was used stays as it is."""
    if invitation.redeemed is None and invitation.withdrawn is None:
        invitation.withdrawn = utcnow()


def schools(session: Session) -> list[School]:
    """Return all schools by name."""
    return list(session.scalars(select(School).order_by(School.name)))
