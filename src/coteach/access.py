"""Who may do what: the one place where the server decides. Deny by default.

Every service asks `require` with the person and the thing; a role or relation that is not named
here may do nothing. Pupils never appear here: a class guest's pass names one class session and
the classroom service opens nothing else for it.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy.orm import Session

from coteach.errors import Forbidden
from coteach.i18n import gettext as _
from coteach.store import people
from coteach.store.schema import (
    ClassSession,
    Cohort,
    Person,
    Recording,
    Room,
    SchoolClass,
    Submission,
)


class Action(StrEnum):
    """Something a grown-up may be allowed to do."""

    SEE_COHORT = "see-cohort"
    """The cohort exists and what its modules are: its teachers and trainers."""
    RUN_COHORT = "run-cohort"
    """Invite, grade, release, report: its trainers."""
    SEE_RECORDING = "see-recording"
    DELETE_RECORDING = "delete-recording"
    COMMENT_RECORDING = "comment-recording"
    MARK_RECORDING = "mark-recording"
    SEE_SUBMISSION = "see-submission"
    GRADE_SUBMISSION = "grade-submission"
    RUN_CLASS = "run-class"
    """Open, watch and close a class: its teacher."""
    JOIN_ROOM = "join-room"
    OWN_ROOM = "own-room"
    """Record, mute and close: whose room it is."""
    SEE_CLASS_SESSION = "see-class-session"


def _runs(session: Session, person: Person, cohort_id: str | None) -> bool:
    return cohort_id is not None and people.membership(session, cohort_id, person.id) == "trainer"


def allowed(session: Session, person: Person, action: Action, thing: object) -> bool:
    """Say whether a person may do this to that thing (a row of the store)."""
    if isinstance(thing, Cohort):
        role = people.membership(session, thing.id, person.id)
        if action is Action.SEE_COHORT:
            return role is not None or person.role == "admin"
        return action is Action.RUN_COHORT and (role == "trainer" or person.role == "admin")
    if isinstance(thing, Recording):
        mine = thing.person_id == person.id
        coach = _runs(session, person, thing.cohort_id)
        return {
            Action.SEE_RECORDING: mine or coach,
            Action.COMMENT_RECORDING: mine or coach,
            Action.MARK_RECORDING: mine or coach,
            Action.DELETE_RECORDING: mine or coach or person.role == "admin",
        }.get(action, False)
    if isinstance(thing, Room):
        mine = thing.owner_id == person.id
        if action is Action.OWN_ROOM:
            return mine
        if action is not Action.JOIN_ROOM:
            return False
        return mine or (thing.cohort_id is not None
                        and people.membership(session, thing.cohort_id, person.id) is not None)
    if isinstance(thing, Submission):
        coach = _runs(session, person, thing.cohort_id)
        return {
            Action.SEE_SUBMISSION: thing.person_id == person.id or coach,
            Action.GRADE_SUBMISSION: coach,
        }.get(action, False)
    if isinstance(thing, SchoolClass):
        return action is Action.RUN_CLASS and thing.teacher_id == person.id
    if isinstance(thing, ClassSession):
        school_class = session.get(SchoolClass, thing.class_id)
        mine = school_class is not None and school_class.teacher_id == person.id
        return mine and action in (Action.RUN_CLASS, Action.SEE_CLASS_SESSION)
    return False


def require(session: Session, person: Person, action: Action, thing: object) -> None:
    """Do nothing if it is allowed.

    Raises
    ------
    Forbidden
        It is not; the sentence does not say whether the thing exists.
    """
    if not allowed(session, person, action, thing):
        raise Forbidden(_("This page is not for you."),
                        hint=_("Ask your trainer if you think it should be."))
