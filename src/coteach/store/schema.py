"""The tables.

Times are timezone-aware UTC. Pupils have no row of personal data: a name card is a nickname and a
picture in a class, and everything they do is stored under the card's pseudonym.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, ForeignKey, Index, String, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def utcnow() -> datetime:
    """Return the time now, aware, in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return a random UUID as text."""
    return str(uuid.uuid4())


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time; SQLite forgets the zone, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone can't be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables; constraint names are fixed so that migrations can name them."""

    type_annotation_map: ClassVar = {
        datetime: UTCDateTime(), dict[str, Any]: JSON(), list[Any]: JSON()}


Base.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class School(Base):
    """A school of the alliance (OneRoster: org)."""

    __tablename__ = "school"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(35))
    country: Mapped[str] = mapped_column(String(2))
    """ISO 3166-1 alpha-2."""
    time_zone: Mapped[str] = mapped_column(String(64))
    demo: Mapped[bool] = mapped_column(default=False)


class Person(Base):
    """A grown-up with an account: a teacher or a trainer. Never a pupil."""

    __tablename__ = "person"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    """The name in JupyterHub, lower case."""
    display_name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(16))
    """``teacher``, ``trainer`` or ``admin``."""
    school_id: Mapped[str | None] = mapped_column(ForeignKey("school.id"))
    language: Mapped[str] = mapped_column(String(35), default="en")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    demo: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime] = mapped_column(default=utcnow)
    last_seen: Mapped[datetime | None]
    """When she last used coteach, to some minutes; never by what."""


class Invitation(Base):
    """A link that lets somebody make an account; only the token's SHA-256 is kept."""

    __tablename__ = "invitation"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    display_name: Mapped[str] = mapped_column(String(120), default="")
    school_id: Mapped[str | None] = mapped_column(ForeignKey("school.id"))
    cohort_id: Mapped[str | None] = mapped_column(ForeignKey("cohort.id"))
    language: Mapped[str] = mapped_column(String(35), default="en")
    created_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    created: Mapped[datetime] = mapped_column(default=utcnow)
    expires: Mapped[datetime]
    withdrawn: Mapped[datetime | None]
    redeemed: Mapped[datetime | None]
    redeemed_by: Mapped[str | None] = mapped_column(String(64))


class Cohort(Base):
    """A group of teachers who take a course together."""

    __tablename__ = "cohort"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    course: Mapped[str] = mapped_column(String(80))
    """The folder's name under `courses/`, also nbgrader's course id."""
    starts: Mapped[datetime]
    ends: Mapped[datetime]
    demo: Mapped[bool] = mapped_column(default=False)


class CohortMember(Base):
    """Who is in a cohort, as what."""

    __tablename__ = "cohort_member"
    cohort_id: Mapped[str] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    """``teacher`` (learns) or ``trainer`` (runs it)."""


class SchoolClass(Base):
    """A class of pupils at a school (OneRoster: class)."""

    __tablename__ = "school_class"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(120))
    school_id: Mapped[str] = mapped_column(ForeignKey("school.id"))
    teacher_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    language: Mapped[str] = mapped_column(String(35), default="en")
    secrets: Mapped[bool] = mapped_column(default=True)
    """Whether a pupil shows three pictures of her own before her card opens."""
    demo: Mapped[bool] = mapped_column(default=False)


class NameCard(Base):
    """What a pupil picks instead of an account: a nickname and a picture."""

    __tablename__ = "name_card"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    class_id: Mapped[str] = mapped_column(ForeignKey("school_class.id"), index=True)
    nickname: Mapped[str] = mapped_column(String(40))
    picture: Mapped[str] = mapped_column(String(32))
    """Name of a picture of the card set, for example ``crab``."""
    pseudonym: Mapped[str] = mapped_column(String(36), unique=True, default=new_id)
    """The `actor` of this pupil's events."""
    secret: Mapped[str] = mapped_column(String(200), default="")
    """A salted slow hash of her three pictures; empty until she chose them."""
    tries: Mapped[int] = mapped_column(default=0)
    """Wrong pictures since the last right ones."""
    round: Mapped[int] = mapped_column(default=0)
    """Passes of earlier rounds are over: the teacher signed the card out of its devices."""


class ClassSession(Base):
    """One opening of a lesson for a class, with its code."""

    __tablename__ = "class_session"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    class_id: Mapped[str] = mapped_column(ForeignKey("school_class.id"), index=True)
    lesson: Mapped[str] = mapped_column(String(120))
    lesson_version: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(12), index=True)
    """Upper case, without letters that look alike; unique among the open ones."""
    opened: Mapped[datetime] = mapped_column(default=utcnow)
    opened_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    closes: Mapped[datetime]
    closed: Mapped[datetime | None]
    upto: Mapped[str] = mapped_column(String(64), default="")
    """The cell whose section is the last that pupils see; empty when they read as they like."""
    paused: Mapped[bool] = mapped_column(default=False)
    show: Mapped[str] = mapped_column(String(64), default="")
    """The cell whose section the teacher shows to everybody; empty when none."""
    shown: Mapped[int] = mapped_column(default=0)
    """How often she showed something: pages tell by it that she shows the same one again."""
    demo: Mapped[bool] = mapped_column(default=False)


class Event(Base):
    """Something that happened: an answer, a step done, a minute of practice. Never changed.

    `id` is made by the client; the same event sent again is stored once. Order is by `received`
    and `client_seq`, never by the device's clock.
    """

    __tablename__ = "event"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    actor: Mapped[str] = mapped_column(String(64))
    """A name card's pseudonym or a person's id."""
    session: Mapped[str] = mapped_column(String(64), default="")
    """A class session's id, a cohort's id or a live room's name."""
    lesson: Mapped[str] = mapped_column(String(120), default="")
    """A lesson's or a course module's id."""
    lesson_version: Mapped[str] = mapped_column(String(40), default="")
    cell: Mapped[str] = mapped_column(String(64), default="")
    """nbformat cell id, or a step's id in a course module."""
    verb: Mapped[str] = mapped_column(String(40))
    value: Mapped[Any] = mapped_column(JSON, nullable=True)
    client_time: Mapped[datetime | None]
    client_seq: Mapped[int] = mapped_column(default=0)
    received: Mapped[datetime] = mapped_column(default=utcnow)
    demo: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index("ix_event_session_received", "session", "received"),
        Index("ix_event_actor_received", "actor", "received"),
    )


class Room(Base):
    """A live room that somebody owns; peers of the cohort may join it."""

    __tablename__ = "room"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), default="practice")
    owner_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    cohort_id: Mapped[str | None] = mapped_column(ForeignKey("cohort.id"), index=True)
    module: Mapped[str] = mapped_column(String(120), default="")
    created: Mapped[datetime] = mapped_column(default=utcnow)
    last_seen: Mapped[datetime | None]
    """When the live server last saw somebody in it; "open now" when under a minute ago."""


class Recording(Base):
    """A recording of a practice session; its media lie in the blob folder under its id."""

    __tablename__ = "recording"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    room: Mapped[str] = mapped_column(String(80), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    """Whose practice it is."""
    cohort_id: Mapped[str | None] = mapped_column(ForeignKey("cohort.id"))
    module: Mapped[str] = mapped_column(String(120), default="")
    purpose: Mapped[str] = mapped_column(String(200))
    started: Mapped[datetime] = mapped_column(default=utcnow)
    ended: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(16), default="recording")
    """``recording``, ``ready``, ``broken``, ``deleted``."""
    reason: Mapped[str] = mapped_column(String(400), default="")
    duration: Mapped[float | None]
    """Seconds."""
    bytes: Mapped[int | None]
    tracks: Mapped[list[Any]] = mapped_column(default=list)
    """One object a track: ``{"person", "name", "file", "kind", "offset"}``; offset in seconds."""
    delete_after: Mapped[datetime]


class Consent(Base):
    """A person's yes or no to be recorded, for one room and purpose."""

    __tablename__ = "consent"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    room: Mapped[str] = mapped_column(String(80), index=True)
    actor: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(200))
    given: Mapped[bool]
    language: Mapped[str] = mapped_column(String(35))
    at: Mapped[datetime] = mapped_column(default=utcnow)


class Comment(Base):
    """A remark pinned to a moment of a recording."""

    __tablename__ = "comment"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[float]
    """Seconds from the start of the recording."""
    text: Mapped[str] = mapped_column(String(4000))
    rubric_line: Mapped[str] = mapped_column(String(64), default="")
    created: Mapped[datetime] = mapped_column(default=utcnow)
    removed: Mapped[datetime | None]


class Mark(Base):
    """A marker's level for one rubric line of a recording; the newest one counts."""

    __tablename__ = "mark"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    rubric_line: Mapped[str] = mapped_column(String(64))
    level: Mapped[int]
    rubric_version: Mapped[str] = mapped_column(String(40))
    created: Mapped[datetime] = mapped_column(default=utcnow)


class Submission(Base):
    """One hand-in of an assignment: the receipt. The files lie in the blob folder under its id."""

    __tablename__ = "submission"
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    cohort_id: Mapped[str] = mapped_column(ForeignKey("cohort.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    course: Mapped[str] = mapped_column(String(80))
    assignment: Mapped[str] = mapped_column(String(120))
    notebook: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    language: Mapped[str] = mapped_column(String(35), default="en")
    received: Mapped[datetime] = mapped_column(default=utcnow)
    deadline: Mapped[datetime | None]
    late: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        UniqueConstraint("person_id", "cohort_id", "assignment", "sha256"),
    )


class Grade(Base):
    """What marking found for one submission; a missing score is None, never zero."""

    __tablename__ = "grade"
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    """``graded``, ``needs_manual``, ``failed``, ``rejected`` (as `coteach grade` writes)."""
    score: Mapped[float | None]
    max_score: Mapped[float | None]
    reason: Mapped[str] = mapped_column(String(2000), default="")
    tests: Mapped[list[Any]] = mapped_column(default=list)
    """One object a graded cell: ``{"grade_id", "score", "max_score", "message", "manual"}``."""
    graded: Mapped[datetime] = mapped_column(default=utcnow)
    graded_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    released: Mapped[datetime | None]
    """When the teacher may read it."""


class RoomEvent(Base):
    """Something that happened in a live room besides media: a hand, a message, an answer.

    Rooms are built again from these when the live server starts. A message that the teacher took
    away keeps its row without its text.
    """

    __tablename__ = "room_event"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    room: Mapped[str] = mapped_column(String(80))
    number: Mapped[int]
    """Counted in its room; the order in which things happened, whatever a clock says."""
    seat: Mapped[str] = mapped_column(String(12))
    """Whose act it was: a person's place in the room, not the person."""
    verb: Mapped[str] = mapped_column(String(24))
    value: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(default=utcnow)
    delete_after: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("room", "number"),
        Index("ix_room_event_delete_after", "delete_after"),
    )
