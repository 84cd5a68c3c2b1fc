"""`/c/api/answers`: a pupil's answers come in, once each, and go back to her own page only.

Acknowledged means stored: the reply is written after the commit. Who answers, in which class and
when is the server's word; a browser says only which question and what.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from coteach.classroom.base import Handler
from coteach.classroom.guests import Pass
from coteach.classroom.lessons import Outlines
from coteach.errors import Conflict, Forbidden, TooMany, UserError
from coteach.i18n import gettext as _
from coteach.store import classes, events
from coteach.store.schema import ClassSession, Event

MOST_EVENTS = 100
MOST_VALUE = 4000
MOST_EACH = 3000
"""Answers of one pupil in one class session."""

_CELL = re.compile(r"[\w.-]{1,64}", re.ASCII)
_KEY = re.compile(r"[\w.-]{0,40}")
_SHAPES: dict[str, dict[str, type]] = {
    "choice": {"choice": int, "text": str}, "number": {"number": float}, "text": {"text": str},
    "exit": {"feeling": int, "words": str}}


def _bad(reason: str) -> UserError:
    return UserError(_("This answer could not be taken: {reason}.").format(reason=reason),
                     hint=_("Load the page again."), code="bad-answer")


def _value(value: Any) -> dict[str, Any]:
    """Return an answer's value with what we know and nothing else."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in _SHAPES:
        raise _bad("kind")
    key, answer = value.get("key", ""), value.get("answer")
    if not isinstance(key, str) or not _KEY.fullmatch(key) or not isinstance(answer, dict):
        raise _bad("value")
    kept: dict[str, Any] = {}
    for name, shape in _SHAPES[kind].items():
        part = answer.get(name)
        if part is None:
            continue
        good = isinstance(part, (int, float) if shape is float else shape)
        if not good or isinstance(part, bool):
            raise _bad(name)
        # Compared first: isfinite can't make a float of an endless whole number.
        if isinstance(part, (int, float)) and not (abs(part) < 1e15 and math.isfinite(part)):
            raise _bad(name)
        if isinstance(part, str):
            # A NUL is no text for Postgres; other control characters are no words.
            part = "".join(c for c in part if c.isprintable() or c == "\n")
        kept[name] = part
    if not kept or len(json.dumps(kept, ensure_ascii=False)) > MOST_VALUE:
        raise _bad(_("it is empty or too long"))
    return {"kind": kind, "key": key, "answer": kept}


def _time(text: Any) -> datetime | None:
    """Return the device's time; a device without a sane clock has none."""
    try:
        at = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        return at.astimezone(UTC) if at.tzinfo and 2000 < at.year < 2200 else None
    except (ValueError, OverflowError):
        return None


def checked(raw: Any, guest: Pass, row: ClassSession) -> dict[str, Any]:
    """Return an event as it is stored.

    Raises
    ------
    UserError
        It is not an answer to a question.
    """
    if not isinstance(raw, dict) or raw.get("verb") != "answered":
        raise _bad("verb")
    try:
        event_id = str(UUID(str(raw.get("id"))))
    except ValueError:
        raise _bad("id") from None
    cell, seq = raw.get("cell"), raw.get("client_seq")
    if not isinstance(cell, str) or not _CELL.fullmatch(cell):
        raise _bad("cell")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 2**31:
        raise _bad("client_seq")
    return {"id": event_id, "actor": guest.actor, "session": row.id, "lesson": row.lesson,
            "lesson_version": row.lesson_version, "cell": cell, "verb": "answered",
            "value": _value(raw.get("value")), "client_time": _time(raw.get("client_time")),
            "client_seq": seq, "demo": row.demo}


class Answers(Handler):
    """A pupil's answers."""

    def _pass(self, pupil: Any) -> Pass:
        guest = self.guest
        if guest is None:
            raise UserError(_("You are not in a class on this device."),
                            hint=_("Enter the class code again."), status=401, code="no-pass")
        if pupil != guest.pupil:
            # Two pupils share the device: the page of the first one is still open.
            raise Conflict(_("Another name card is in use on this device now."),
                           hint=_("Choose your own card again to send your answers."),
                           code="other-pupil")
        return guest

    async def get(self) -> None:
        """Answer with the newest answer to each question."""
        guest = self._pass(self.get_query_argument("pupil", None))
        rows = await self.read(lambda s: events.read(
            s, session_id=guest.session, actor=guest.actor, verbs=["answered"]))
        newest = {(row.cell, (row.value or {}).get("key", "")): row for row in rows}
        self.finish({"events": [
            {"id": row.id, "cell": row.cell, "value": row.value, "client_seq": row.client_seq,
             "received": row.received.isoformat()} for row in newest.values()]})

    async def post(self) -> None:
        """Store answers and acknowledge those that are on disk."""
        body = self._sent()
        guest = self._pass(body.get("pupil"))
        raw = body.get("events")
        if not isinstance(raw, list) or not 0 < len(raw) <= MOST_EVENTS:
            raise _bad("events")
        stored = await self.change(lambda s: _store(s, guest, raw, self.room.outlines))
        self.room.guests.hear(guest)
        self.room.live.changed(guest.session)
        self.finish({"stored": stored})

    def _sent(self) -> dict[str, Any]:
        try:
            body = json.loads(self.body())
        except (ValueError, RecursionError):
            raise _bad("JSON") from None
        if not isinstance(body, dict):
            raise _bad("JSON")
        return body


def _store(session: Session, guest: Pass, raw: list[Any], outlines: Outlines) -> list[str]:
    row = classes.get_session(session, guest.session)
    classes.require_open(row)
    classes.card_of(session, row, guest.card)
    wanted = [checked(event, guest, row) for event in raw]
    asked = outlines.asked(row.lesson)
    if not all(asked is None or asked.takes(event["cell"], event["value"]) for event in wanted):
        raise UserError(_("This lesson does not ask that question."),
                        hint=_("Load the page again."), code="no-question")
    if len(events.read(session, session_id=row.id, actor=guest.actor)) > MOST_EACH:
        raise TooMany(_("That is more answers than one lesson needs."),
                      hint=_("Ask your teacher."), code="too-many-answers")
    events.append(session, wanted)
    ids = [event["id"] for event in wanted]
    # Only what is really there under this pupil's name: a foreign event's id is not acknowledged.
    mine = set(session.scalars(select(Event.id).where(
        Event.id.in_(ids), Event.actor == guest.actor, Event.session == row.id)))
    if not mine:
        raise Forbidden(_("These answers belong to somebody else."), code="not-yours")
    return [event_id for event_id in ids if event_id in mine]
