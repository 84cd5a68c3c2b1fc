"""Questions and changes about classes, name cards and class sessions with their codes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from coteach.errors import Conflict, Gone, NotFound, UserError
from coteach.i18n import gettext as _
from coteach.store.schema import ClassSession, NameCard, Person, SchoolClass, utcnow

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ"
"""Letters that a child can't take for one another or for a digit (no I, L, O)."""
CODE_LENGTH = 5
NOT_CODES = frozenset({"TEACH"})
"""Words that are addresses of their own under `/c/`."""
MOST_CARDS = 60
MOST_NICKNAME = 24
MOST_NAME = 60
MOST_CLASSES = 40


def of_teacher(session: Session, person: Person) -> list[SchoolClass]:
    """Return the classes of a teacher, by name."""
    return list(session.scalars(select(SchoolClass).where(SchoolClass.teacher_id == person.id)
                                .order_by(SchoolClass.name, SchoolClass.id)))


def add(session: Session, teacher: Person, *, name: str, language: str, secrets_on: bool
        ) -> SchoolClass:
    """Make a class of a teacher at her school.

    Raises
    ------
    UserError, Conflict
        The name is empty, too long or there already; she has no school; she has too many classes.
    """
    clean = " ".join(name.split())
    if not clean or len(clean) > MOST_NAME or not clean.isprintable():
        raise UserError(_("The name of a class has 1 to {limit} letters.").format(limit=MOST_NAME),
                        code="bad-class-name")
    if teacher.school_id is None:
        raise UserError(_("You belong to no school yet, and a class does."),
                        hint=_("Ask whoever runs coteach to say which school is yours."),
                        code="no-school")
    mine = of_teacher(session, teacher)
    if any(one.name.casefold() == clean.casefold() for one in mine):
        raise Conflict(_("You have a class with the name {name} already.").format(name=clean),
                       hint=_("Give this one another name."), code="same-class-name")
    if len(mine) >= MOST_CLASSES:
        raise Conflict(_("You have {limit} classes, which is as many as one person can have.")
                       .format(limit=MOST_CLASSES), code="too-many-classes")
    made = SchoolClass(name=clean, school_id=teacher.school_id, teacher_id=teacher.id,
                       language=language, secrets=secrets_on, demo=teacher.demo)
    session.add(made)
    session.flush()
    return made


def get(session: Session, class_id: str) -> SchoolClass:
    """Return a class.

    Raises
    ------
    NotFound
        There is none with this id.
    """
    found = session.get(SchoolClass, class_id)
    if found is None:
        raise NotFound(_("There is no such class."))
    return found


def cards(session: Session, class_id: str) -> list[NameCard]:
    """Return the name cards of a class, by nickname."""
    return list(session.scalars(select(NameCard).where(NameCard.class_id == class_id)
                                .order_by(NameCard.nickname, NameCard.id)))


def add_card(session: Session, school_class: SchoolClass, *, nickname: str, picture: str
             ) -> NameCard:
    """Make a name card.

    Raises
    ------
    UserError, Conflict
        The nickname is empty, too long or there already; or the class is full.
    """
    known = cards(session, school_class.id)
    name = _nickname(nickname, known)
    if len(known) >= MOST_CARDS:
        raise Conflict(_("This class is full: it has {limit} name cards.").format(
            limit=MOST_CARDS), hint=_("Make a second class."), code="class-full")
    card = NameCard(class_id=school_class.id, nickname=name, picture=picture)
    session.add(card)
    session.flush()
    return card


def rename_card(session: Session, card: NameCard, *, nickname: str, picture: str) -> None:
    """Give a card another nickname and picture; what was answered with it stays its own.

    Raises
    ------
    UserError, Conflict
        The nickname is empty, too long or there already.
    """
    others = [other for other in cards(session, card.class_id) if other.id != card.id]
    card.nickname, card.picture = _nickname(nickname, others), picture


def remove_card(session: Session, card: NameCard) -> None:
    """Remove a card; answers stay under its pseudonym, which leads to nobody from now on."""
    session.delete(card)


def _nickname(typed: str, others: Sequence[NameCard]) -> str:
    """Return a nickname that these others don't have."""
    name = " ".join(typed.split())
    if not name or len(name) > MOST_NICKNAME or not name.isprintable():
        raise UserError(_("A nickname has 1 to {limit} letters.").format(limit=MOST_NICKNAME),
                        code="bad-nickname")
    if any(card.nickname.casefold() == name.casefold() for card in others):
        raise Conflict(_("There is a card with the name {name} already.").format(name=name),
                       hint=_("Add a letter, so that both pupils know which is theirs."),
                       code="same-nickname")
    return name


def open_sessions(session: Session, class_id: str) -> list[ClassSession]:
    """Return the sessions of a class that pupils can be in now, newest first."""
    return list(session.scalars(select(ClassSession).where(
        ClassSession.class_id == class_id, ClassSession.closed.is_(None),
        ClassSession.closes > utcnow()).order_by(ClassSession.opened.desc())))


def open_now(session: Session) -> list[str]:
    """Return the ids of all sessions that pupils can be in now."""
    return list(session.scalars(select(ClassSession.id).where(
        ClassSession.closed.is_(None), ClassSession.closes > utcnow())))


def past_sessions(session: Session, class_id: str, limit: int = 20) -> list[ClassSession]:
    """Return the sessions of a class that are over, newest first."""
    now = utcnow()
    found = session.scalars(select(ClassSession).where(ClassSession.class_id == class_id)
                            .order_by(ClassSession.opened.desc()).limit(limit + 10))
    return [row for row in found if not is_open(row, now)][:limit]


def is_open(row: ClassSession, now: object = None) -> bool:
    """Say whether pupils can be in a session now."""
    return row.closed is None and row.closes > (now or utcnow())  # type: ignore[operator]


def ended(row: ClassSession) -> datetime:
    """Return when a session was over, or will be."""
    return min(row.closed or row.closes, row.closes)


def open_session(session: Session, school_class: SchoolClass, *, lesson: str, version: str,
                 person: Person, minutes: int) -> ClassSession:
    """Open a lesson for a class; sessions of the class that are still open are closed."""
    now = utcnow()
    for earlier in open_sessions(session, school_class.id):
        earlier.closed = now
    row = ClassSession(
        class_id=school_class.id, lesson=lesson, lesson_version=version, code=_fresh_code(session),
        opened=now, opened_by=person.id, closes=now + timedelta(minutes=minutes),
        demo=school_class.demo)
    session.add(row)
    session.flush()
    return row


def _fresh_code(session: Session) -> str:
    for _try in range(100):
        code = "".join(secrets.choice(ALPHABET) for _letter in range(CODE_LENGTH))
        # A code of an earlier session is not given again: an old poster must not lead elsewhere.
        used = session.scalar(select(ClassSession.id).where(ClassSession.code == code))
        if used is None and code not in NOT_CODES:
            return code
    raise UserError(_("No class code is free."), status=503, code="no-code")


def clean_code(typed: str) -> str:
    """Return a class code as it is stored, from how somebody typed it."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())[:12]


def by_code(session: Session, typed: str) -> ClassSession:
    """Return the open session of a class code.

    Raises
    ------
    NotFound, Gone
        There is no such code; or the class is closed.
    """
    row = session.scalar(select(ClassSession).where(ClassSession.code == clean_code(typed))
                         .order_by(ClassSession.opened.desc()).limit(1))
    if row is None:
        raise NotFound(_("No class has the code {code}.").format(code=clean_code(typed) or "–"),
                       hint=_("Look at the board again and type the letters you see."),
                       code="no-class")
    require_open(row)
    return row


def require_open(row: ClassSession) -> None:
    """Do nothing if pupils can be in this session.

    Raises
    ------
    Gone
        It was closed, or its time is over.
    """
    if row.closed is not None:
        raise Gone(_("Your teacher has closed this class."),
                   hint=_("Ask your teacher for a new code."), code="class-closed")
    if not is_open(row):
        raise Gone(_("The time of this class is over."),
                   hint=_("Ask your teacher for a new code."), code="class-over")


def get_session(session: Session, session_id: str) -> ClassSession:
    """Return a class session.

    Raises
    ------
    NotFound
        There is none with this id.
    """
    row = session.get(ClassSession, session_id)
    if row is None:
        raise NotFound(_("There is no such class."))
    return row


def close_session(row: ClassSession) -> None:
    """Close a class for good."""
    row.closed = row.closed or utcnow()


def card_of(session: Session, row: ClassSession, card_id: str) -> NameCard:
    """Return a name card of the class of a session; raises NotFound."""
    return card_in(session, row.class_id, card_id)


def card_in(session: Session, class_id: str, card_id: str) -> NameCard:
    """Return a name card of a class.

    Raises
    ------
    NotFound
        The class has no such card.
    """
    card = session.get(NameCard, card_id)
    if card is None or card.class_id != class_id:
        raise NotFound(_("This class has no such name card."),
                       hint=_("Choose your card again."), code="no-card")
    return card
