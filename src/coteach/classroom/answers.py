"""`/c/api/answers`: a pupil's answers come in, once each, and go back to her own page only.

Acknowledged means stored: the reply is written after the commit. Who answers, in which class and
when is the server's word; a browser says only which question and what.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from coteach.classroom import allowed, late, media
from coteach.classroom.base import Handler
from coteach.classroom.guests import Pass
from coteach.classroom.lessons import Outlines
from coteach.classroom.shapes import bad, value_of
from coteach.errors import Conflict, Forbidden, TooMany, UserError
from coteach.i18n import gettext as _
from coteach.store import classes, events
from coteach.store.schema import ClassSession, Event

MOST_EVENTS = 100
MOST_EACH = 3000
"""Answers of one pupil in one class session."""

MOST_DRAWINGS = 300
"""Drawings among them; each may be thirty times as long as words."""

_CELL = re.compile(r"[\w.-]{1,64}", re.ASCII)


def _time(text: Any) -> datetime | None:
    """Return the device's time; a device without a sane clock has none."""
    try:
        at = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        return at.astimezone(UTC) if at.tzinfo and 2000 < at.year < 2200 else None
    except (ValueError, OverflowError):
        return None


def checked(raw: Any, actor: str, row: ClassSession) -> dict[str, Any]:
    """Return an event as it is stored.

    Parameters
    ----------
    raw
        What came from a browser or a file.
    actor
        Whose answer it is: the server's word.
    row
        The class session.

    Raises
    ------
    UserError
        It is not an answer to a question.
    """
    if not isinstance(raw, dict) or raw.get("verb") != "answered":
        raise bad("verb")
    try:
        event_id = str(UUID(str(raw.get("id"))))
    except ValueError:
        raise bad("id") from None
    cell, seq = raw.get("cell"), raw.get("client_seq")
    if not isinstance(cell, str) or not _CELL.fullmatch(cell):
        raise bad("cell")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 2**31:
        raise bad("client_seq")
    return {"id": event_id, "actor": actor, "session": row.id, "lesson": row.lesson,
            "lesson_version": row.lesson_version, "cell": cell, "verb": "answered",
            "value": value_of(raw.get("value")), "client_time": _time(raw.get("client_time")),
            "client_seq": seq, "demo": row.demo}


def pass_of(handler: Handler, pupil: Any) -> Pass:
    """Return the pass of a request whose page belongs to `pupil`.

    Raises
    ------
    UserError, Forbidden, Conflict
        There is no pass; or another pupil uses the device now.
    """
    return _same(handler, handler.late_guest, pupil)


def _same(handler: Handler, guest: Pass | None, pupil: Any) -> Pass:
    """Return a request's pass if its page belongs to `pupil`; raises as `pass_of` does."""
    if guest is None:
        raise UserError(_("You are not in a class on this device."),
                        hint=_("Enter the class code again."), status=401, code="no-pass")
    if pupil != guest.pupil:
        # Two pupils share the device: the page of the first one is still open. Her answers are
        # not the second one's to read; what she has not sent yet waits for her own card.
        refused = Forbidden if handler.request.method == "GET" else Conflict
        raise refused(_("Another name card is in use on this device now."),
                      hint=_("Choose your own card again to send your answers."),
                      code="other-pupil")
    return guest


async def sender_of(handler: Handler, pupil: Any) -> Pass:
    """Return the pass under which answers of `pupil` are taken.

    A pupil who came again, in a later opening of the lesson, has another name in her browser.
    What still waits there from the earlier one is hers: the card is the same.

    Raises
    ------
    UserError, Conflict
        There is no pass; or the answers are not of this card.
    """
    guest = handler.late_guest
    if guest is not None and pupil != guest.pupil:
        earlier = await handler.read(lambda s: late.earlier(s, guest, str(pupil)))
        if earlier is not None:
            return replace(guest, session=earlier)
    return _same(handler, guest, pupil)


class Answers(Handler):
    """A pupil's answers."""

    async def get(self) -> None:
        """Answer with the newest answer to each question, and what the class allows and shows."""
        guest = pass_of(self, self.get_query_argument("pupil", None))
        if self.guest is None:
            # The class is long over: the pass is only good for sending what still waits.
            self.finish({"told": {"photos": False, "polls": {}}, "events": [], "closed": True})
            return

        def ask(session: Session) -> tuple[list[Event], dict[str, Any], bool]:
            row = classes.get_session(session, guest.session)
            return (events.newest(session, guest.session, actor=guest.actor),
                    allowed.told(session, guest.session, guest.actor), not classes.is_open(row))
        async with self.room.turns.turn(guest.actor):
            rows, told, closed = await self.read(ask)
        self.finish({"told": told, "closed": closed, "events": [
            {"id": row.id, "cell": row.cell, "value": row.value, "client_seq": row.client_seq,
             "received": row.received.isoformat()} for row in rows]})

    async def post(self) -> None:
        """Store answers and acknowledge those that are on disk."""
        body = self._sent()
        guest = await sender_of(self, body.get("pupil"))
        raw = body.get("events")
        if not isinstance(raw, list) or not 0 < len(raw) <= MOST_EVENTS:
            raise bad("events")
        async with self.room.turns.turn(guest.actor):
            done = await self._take(guest, raw)
        for file in done.replaced:
            media.delete(self.room.settings.layout, guest.session, guest.actor, file)
        if not done.late:
            self.room.guests.hear(guest)
        self.room.live.changed(guest.session)
        self.finish({"stored": done.stored, **({"late": True} if done.late else {}),
                     **({"told": done.told} if done.told else {})})

    async def _take(self, guest: Pass, raw: list[Any]) -> _Done:
        """Check and store answers; only storing them holds the store against other pupils."""
        hours = self.room.settings.late_answer_hours
        wanted, photos = await self.read(
            lambda s: _checked(s, guest, raw, self.room.outlines, hours))
        stored, after = await self.change(lambda s: _store(s, guest, wanted, hours))
        kinds = {event["value"]["kind"] for event in wanted}

        if not photos and "poll" not in kinds:
            return _Done(stored, [], None, after)

        def look(session: Session) -> tuple[set[str], dict[str, Any] | None]:
            return (_photos(session, guest) if photos else set(),
                    allowed.told(session, guest.session, guest.actor) if "poll" in kinds else None)
        still, told = await self.read(look)
        return _Done(stored, sorted(photos - still), told, after)

    def _sent(self) -> dict[str, Any]:
        try:
            body = json.loads(self.body())
        except (ValueError, RecursionError):
            raise bad("JSON") from None
        if not isinstance(body, dict):
            raise bad("JSON")
        return body


@dataclass(frozen=True)
class _Done:
    stored: list[str]
    replaced: list[str]
    """Photos that newer answers took the place of."""
    told: dict[str, Any] | None
    late: bool
    """Whether the class was closed before."""


def _checked(session: Session, guest: Pass, raw: list[Any], outlines: Outlines, hours: int
             ) -> tuple[list[dict[str, Any]], set[str]]:
    """Return the answers as they are stored, and her photos that count until then."""
    row = classes.get_session(session, guest.session)
    late.require_taking(row, hours)
    wanted = [checked(event, guest.actor, row) for event in raw]
    require_asked(wanted, outlines, row)
    kinds = {event["value"]["kind"] for event in wanted}
    if any(event["value"]["answer"].get("media") for event in wanted) and not allowed.photos(
            session, row.id):
        raise UserError(_("Your teacher has not switched on photos."), code="no-photos")
    if events.more_than(session, row.id, guest.actor, MOST_EACH) or ("draw" in kinds and (
            events.more_than(session, row.id, guest.actor, MOST_DRAWINGS, kind="draw"))):
        raise TooMany(_("That is more answers than one lesson needs."),
                      hint=_("Ask your teacher."), code="too-many-answers")
    return wanted, _photos(session, guest) if "photo" in kinds else set()


def _store(session: Session, guest: Pass, wanted: list[dict[str, Any]], hours: int
           ) -> tuple[list[str], bool]:
    """Store checked answers; return which are there, and whether the class was closed before."""
    row = classes.get_session(session, guest.session)
    after = late.require_taking(row, hours)
    classes.card_of(session, row, guest.card)
    events.append(session, wanted)
    ids = [event["id"] for event in wanted]
    # Only what is really there under this pupil's name: a foreign event's id is not acknowledged.
    there = set(session.scalars(select(Event.id).where(
        Event.id.in_(ids), Event.actor == guest.actor, Event.session == row.id)))
    if not there:
        raise Forbidden(_("These answers belong to somebody else."), code="not-yours")
    return [event_id for event_id in ids if event_id in there], after


def require_asked(wanted: list[dict[str, Any]], outlines: Outlines, row: ClassSession) -> None:
    """Do nothing if the session's lesson asks what was answered; raises UserError."""
    asked = outlines.asked(row.lesson)
    if not all(asked is None or asked.takes(event["cell"], event["value"]) for event in wanted):
        raise UserError(_("This lesson does not ask that question."),
                        hint=_("Load the page again."), code="no-question")


def _photos(session: Session, guest: Pass) -> set[str]:
    """Return the photos that count: the newest of each question."""
    found = {row.value["answer"].get("media", "")
             for row in events.newest(session, guest.session, actor=guest.actor, kind="photo")}
    return found - {""}


class Media(Handler):
    """`/c/api/media`: a pupil's photos, to herself."""

    async def get(self) -> None:
        """Answer with a photo of hers."""
        guest = pass_of(self, self.get_query_argument("pupil", None))
        name = self.get_query_argument("id", "")
        data = await asyncio.to_thread(
            media.read, self.room.settings.layout, guest.session, guest.actor, name)
        self.set_header("Content-Type", "image/jpeg")
        self.finish(data)

    async def post(self) -> None:
        """Keep a photo; the answer that names it comes after it."""
        guest = await sender_of(self, self.get_query_argument("pupil", None))
        name, data = self.get_query_argument("id", ""), self.body()

        def look(session: Session) -> bool:
            row = classes.get_session(session, guest.session)
            late.require_taking(row, self.room.settings.late_answer_hours)
            classes.card_of(session, row, guest.card)
            return allowed.photos(session, row.id)
        if not await self.read(look):
            raise UserError(_("Your teacher has not switched on photos."), code="no-photos")
        async with self.room.turns.turn(guest.actor):
            await asyncio.to_thread(
                media.keep, self.room.settings.layout, guest.session, guest.actor, name, data)
        self.finish({"kept": name})
