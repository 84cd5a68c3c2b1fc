"""Questions and changes about recordings, the remarks pinned to them and their marks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _
from coteach.store.schema import (
    CohortMember,
    Comment,
    Mark,
    Person,
    Recording,
    Room,
    utcnow,
)

MAX_COMMENT = 4000


def start(session: Session, room: Room, *, purpose: str, days: int) -> Recording:
    """Make the row of a recording that begins now, to be deleted after some days."""
    now = utcnow()
    recording = Recording(
        room=room.name, person_id=room.owner_id, cohort_id=room.cohort_id, module=room.module,
        purpose=purpose, started=now, delete_after=now + timedelta(days=days), tracks=[])
    session.add(recording)
    session.flush()
    return recording


def get(session: Session, recording_id: str) -> Recording:
    """Return a recording that was not deleted.

    Raises
    ------
    NotFound
        There is none, or it was deleted.
    """
    recording = session.get(Recording, recording_id)
    if recording is None or recording.status == "deleted":
        raise NotFound(_("There is no such recording."),
                       hint=_("It may have been deleted, by hand or after its time."))
    return recording


def set_tracks(session: Session, recording_id: str, tracks: list[dict[str, Any]]) -> None:
    """Note the files of a recording that is being written."""
    recording = get(session, recording_id)
    recording.tracks = [dict(track) for track in tracks]


def finish(session: Session, recording_id: str, *, status: str, duration: float | None,
           size: int | None, tracks: list[dict[str, Any]], reason: str = "",
           ended: datetime | None = None) -> Recording:
    """Note how a recording ended."""
    recording = session.get(Recording, recording_id)
    if recording is None:
        raise NotFound(_("There is no such recording."))
    recording.status, recording.reason = status, reason[:400]
    recording.duration, recording.bytes = duration, size
    recording.tracks = [dict(track) for track in tracks]
    recording.ended = ended or recording.ended or utcnow()
    session.flush()
    return recording


def reopen(session: Session, recording_id: str) -> Recording:
    """Go on with a recording that was cut off."""
    recording = get(session, recording_id)
    recording.status, recording.reason, recording.ended = "recording", "", None
    session.flush()
    return recording


def unfinished(session: Session) -> list[Recording]:
    """Return the recordings whose writer is gone or still at work."""
    return list(session.scalars(select(Recording).where(Recording.status == "recording")))


def newest_in(session: Session, room: str) -> Recording | None:
    """Return the newest recording of a room that was not deleted."""
    return session.scalar(select(Recording).where(
        Recording.room == room, Recording.status != "deleted"
    ).order_by(Recording.started.desc()).limit(1))


def expired(session: Session, now: datetime) -> list[Recording]:
    """Return the recordings whose time is over."""
    return list(session.scalars(select(Recording).where(
        Recording.status != "deleted", Recording.delete_after < now)))


def forget(session: Session, recording_id: str, reason: str) -> None:
    """Mark a recording as deleted: its remarks go, marks stay as part of the grade."""
    recording = session.get(Recording, recording_id)
    if recording is None:
        return
    recording.status, recording.reason = "deleted", reason[:400]
    recording.tracks, recording.bytes = [], 0
    recording.ended = recording.ended or utcnow()
    for comment in session.scalars(select(Comment).where(Comment.recording_id == recording_id)):
        comment.text, comment.removed = "", comment.removed or utcnow()


def visible(session: Session, person: Person, *, module: str | None = None,
            owner: str | None = None) -> list[Recording]:
    """Return the recordings that a person may watch, newest first: hers and her cohorts'."""
    coached = select(CohortMember.cohort_id).where(
        CohortMember.person_id == person.id, CohortMember.role == "trainer")
    query = select(Recording).where(
        Recording.status != "deleted",
        or_(Recording.person_id == person.id, Recording.cohort_id.in_(coached)))
    if module:
        query = query.where(Recording.module == module)
    if owner:
        query = query.where(Recording.person_id == owner)
    return list(session.scalars(query.order_by(Recording.started.desc())))


def comments(session: Session, recording_id: str) -> list[Comment]:
    """Return the remarks of a recording in the order of their moments."""
    return list(session.scalars(select(Comment).where(
        Comment.recording_id == recording_id, Comment.removed.is_(None)
    ).order_by(Comment.at, Comment.created)))


def add_comment(session: Session, recording: Recording, author: Person, *, at: float, text: str,
                rubric_line: str = "") -> Comment:
    """Pin a remark to a moment.

    Raises
    ------
    UserError
        It is empty, too long, or the moment is outside of the recording.
    """
    text = text.strip()
    if not text:
        raise UserError(_("The comment is empty."), hint=_("Write a sentence."),
                        code="empty-comment")
    if len(text) > MAX_COMMENT:
        raise UserError(_("The comment has {count} characters; {limit} fit.").format(
            count=len(text), limit=MAX_COMMENT), code="long-comment")
    if not 0 <= at <= (recording.duration or 0) + 1:
        raise UserError(_("The recording has no second {at}.").format(at=round(at, 1)),
                        code="bad-moment")
    comment = Comment(recording_id=recording.id, author_id=author.id, at=at, text=text,
                      rubric_line=rubric_line)
    session.add(comment)
    session.flush()
    return comment


def remove_comment(session: Session, recording: Recording, comment_id: str,
                   author: Person) -> None:
    """Take one's own remark back.

    Raises
    ------
    NotFound
        There is no such remark of this person.
    """
    comment = session.get(Comment, comment_id)
    if comment is None or comment.recording_id != recording.id or (
            comment.author_id != author.id or comment.removed is not None):
        raise NotFound(_("There is no such comment of yours."))
    comment.removed = utcnow()


def marks(session: Session, recording_id: str) -> list[Mark]:
    """Return each marker's newest level for each rubric line."""
    newest: dict[tuple[str, str], Mark] = {}
    for mark in session.scalars(select(Mark).where(
            Mark.recording_id == recording_id).order_by(Mark.created)):
        newest[(mark.author_id, mark.rubric_line)] = mark
    return list(newest.values())


def add_mark(session: Session, recording: Recording, author: Person, *, rubric_line: str,
             level: int, rubric_version: str) -> Mark:
    """Keep a level for a rubric line; earlier ones stay in the record."""
    mark = Mark(recording_id=recording.id, author_id=author.id, rubric_line=rubric_line,
                level=level, rubric_version=rubric_version)
    session.add(mark)
    session.flush()
    return mark


def names(session: Session, ids: set[str]) -> dict[str, str]:
    """Return the display names of people."""
    return {p.id: p.display_name for p in session.scalars(
        select(Person).where(Person.id.in_(ids)))}
