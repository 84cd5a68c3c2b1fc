"""The teacher's live view: when something changed in a class, every open view hears of it.

One process serves a class, so that a change is told at once; a view also looks by itself every few
seconds, which shows who went away.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session
from tornado.iostream import StreamClosedError

from coteach import lessonpack
from coteach.classroom import allowed
from coteach.classroom.lessons import LessonHere
from coteach.classroom.pictures import known
from coteach.classroom.results import newest, summary
from coteach.errors import NotFound, UserError
from coteach.i18n import LANGUAGES
from coteach.store import classes, events
from coteach.store.cards import waits
from coteach.store.schema import ClassSession, Event

if TYPE_CHECKING:
    from coteach.classroom.service import Classroom
    from coteach.classroom.teaching import TeacherHandler

LOOK_EVERY = 4.0
KEEP_ALIVE = 20.0
SOONEST = 1.0
"""Seconds between two looks at a class: thirty answers in a second are told once."""


@dataclass
class _Look:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    at: float = -SOONEST
    """When it began."""
    text: str = ""


class Live:
    """Tells open views that a class changed."""

    def __init__(self) -> None:
        self._views: dict[str, set[asyncio.Event]] = {}
        self._looks: dict[tuple[str, str], _Look] = {}
        self.ending = False

    def changed(self, session_id: str) -> None:
        """Wake the views of a class."""
        for view in self._views.get(session_id, ()):
            view.set()

    def end(self) -> None:
        """End all views; the service stops."""
        self.ending = True
        for session_id in list(self._views):
            self.changed(session_id)

    def watch(self, session_id: str) -> asyncio.Event:
        """Return what is set at each change; give it back with `unwatch`."""
        view = asyncio.Event()
        self._views.setdefault(session_id, set()).add(view)
        return view

    def unwatch(self, session_id: str, view: asyncio.Event) -> None:
        """Forget a view."""
        views = self._views.get(session_id, set())
        views.discard(view)
        if not views:
            self._views.pop(session_id, None)
            for name in [name for name in self._looks if name[0] == session_id]:
                del self._looks[name]

    async def text(self, session_id: str, language: str, make: Callable[[], Awaitable[str]]
                   ) -> str:
        """Return the state of a class as it is now; all its views share one look.

        Parameters
        ----------
        session_id, language
            Which class, and in which language its views read.
        make
            Looks; called once in `SOONEST` seconds at most.
        """
        asked = time.monotonic()
        look = self._looks.setdefault((session_id, language), _Look())
        async with look.lock:
            if look.at < asked:
                await asyncio.sleep(max(0.0, look.at + SOONEST - asked))
                look.at = time.monotonic()
                look.text = await make()
            return look.text


def state_of(session: Session, room: Classroom, session_id: str, language: str) -> dict[str, Any]:
    """Return what the view of a class shows."""
    row = classes.get_session(session, session_id)
    cards = classes.cards(session, row.class_id)
    rows = events.newest(session, row.id)
    entered = {event.actor for event in rows} | {event.actor for event in events.read(
        session, session_id=row.id, verbs=["entered"])}
    here = room.guests.here(row.id)
    outline = outline_of(room, row, language)
    secrets = classes.get(session, row.class_id).secrets
    return {
        "open": classes.is_open(row),
        "cards": [{"id": c.id, "name": c.nickname, "picture": known(c.picture),
                   "waits": secrets and waits(c),
                   "state": ("here" if c.pseudonym in here else
                             "away" if c.pseudonym in entered else "not-yet")} for c in cards],
        "paused": row.paused, "upto": row.upto, "show": row.show,
        "outline": marked(room.states.sections(row.lesson, language), rows),
        "problems": problems(room, row, language),
        "allowed": allowed.read(session, session_id),
        "questions": summary(outline, rows, cards, f"/c/teach/{session_id}/photos/",
                             classes.ended(row)),
    }


def problems(room: Classroom, row: ClassSession, language: str) -> list[dict[str, str]]:
    """Return what a teacher should know of her lesson as it was executed, each thing once."""
    titles = {cell: section.title for section in room.states.sections(row.lesson, language)
              for cell in section.cells}
    found: dict[tuple[str, str], dict[str, str]] = {}
    for tag in dict.fromkeys((language, *LANGUAGES)):
        with suppress(NotFound):
            for problem in room.pages.problems(room.states.digest(row.lesson, tag)):
                # In a cell once, in whichever language; of the whole lesson each thing once.
                found.setdefault((problem.cell, "" if problem.cell else problem.message), {
                    "part": titles.get(problem.cell, ""), "message": problem.message,
                    "hint": problem.hint})
    return list(found.values())


def marked(outline: Iterable[lessonpack.Section], rows: Iterable[Event]) -> list[dict[str, Any]]:
    """Return the sections of a lesson, each with how many did not understand something in it.

    Counts and no names: who said so is nowhere in what a view gets.
    """
    lost: Counter[str] = Counter()
    for (cell, _key), answers in newest(rows).items():
        lost[cell] += sum(row.value.get("kind") == "understood"
                          and row.value.get("answer", {}).get("understood") is False
                          for row in answers.values())
    return [{"cell": section.cell, "level": section.level, "title": section.title,
             "marks": sum(lost[cell] for cell in section.cells)} for section in outline]


def outline_of(room: Classroom, row: ClassSession, language: str) -> list[dict[str, Any]]:
    """Return the questions of a session's lesson; none for a lesson that is gone."""
    try:
        return room.outlines.of(LessonHere.find(room.settings, row.lesson, language))
    except UserError:
        return []


async def stream(handler: TeacherHandler, session_id: str) -> None:
    """Send the state of a class as server-sent events until the view is closed."""
    room, language = handler.room, handler.language
    handler.set_header("Content-Type", "text/event-stream; charset=utf-8")
    handler.set_header("X-Accel-Buffering", "no")
    view = room.live.watch(session_id)
    last, quiet = "", 0.0

    def state(session: Session) -> str:
        return json.dumps(state_of(session, room, session_id, language), ensure_ascii=False)

    async def make() -> str:
        return await handler.read(state)
    try:
        while not room.live.ending:
            view.clear()
            text = await room.live.text(session_id, language, make)
            if text != last or quiet >= KEEP_ALIVE:
                handler.write(f"data: {text}\n\n" if text != last else ": still here\n\n")
                await handler.flush()
                last, quiet = text, 0.0
            try:
                await asyncio.wait_for(view.wait(), LOOK_EVERY)
            except TimeoutError:
                quiet += LOOK_EVERY
    except StreamClosedError:
        pass
    finally:
        room.live.unwatch(session_id, view)
