"""How far a class reads, its pause, and what its teacher shows: for pupils' pages and for her.

Rule: this is pacing and no secret; a page holds the whole lesson and hides what comes later.
Answers are taken whatever the pace is. Pupils' pages ask every few seconds, so what they get is
read from the store at most once in `KEPT` seconds for all of them together.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from coteach import lessonpack
from coteach.classroom import allowed
from coteach.classroom.allowed import Shown
from coteach.classroom.base import Handler
from coteach.classroom.lessons import LessonHere
from coteach.classroom.teaching import TeacherHandler
from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _
from coteach.store import classes
from coteach.store.schema import ClassSession

if TYPE_CHECKING:
    from coteach.classroom.service import Classroom

KEPT = 2.0


@dataclass(frozen=True)
class Kept:
    """A class session as it was at a moment."""

    row: ClassSession
    language: str
    """The class's."""
    allowed: str
    """Another one when the teacher switched something on or off."""
    polls: dict[str, Shown]
    """The polls whose counts the class may see."""
    at: float


class States:
    """The open class sessions that pupils' pages ask about, and the outlines of their lessons.

    Parameters
    ----------
    room
        The service's parts.
    """

    def __init__(self, room: Classroom) -> None:
        self._room = room
        self._kept: dict[str, Kept] = {}
        self._sections: dict[tuple[str, str], tuple[str, list[lessonpack.Section]]] = {}
        self._digests: dict[tuple[str, str], tuple[float, str]] = {}

    async def of(self, handler: Handler, session_id: str) -> Kept:
        """Return a class session, at most some seconds old."""
        kept = self._kept.get(session_id)
        now = time.monotonic()
        if kept is None or now - kept.at > KEPT:
            kept = self._kept[session_id] = await handler.read(
                lambda s: _kept(s, session_id, now))
            for name in [n for n, old in self._kept.items() if now - old.at > 60]:
                del self._kept[name]
        return kept

    def forget(self, session_id: str) -> None:
        """Read a class session anew when it is next asked for."""
        self._kept.pop(session_id, None)

    def sections(self, lesson_id: str, language: str) -> list[lessonpack.Section]:
        """Return the outline of a lesson in a language; none for a lesson that is gone."""
        now = self.digest(lesson_id, language)
        before, found = self._sections.get((lesson_id, language), ("", []))
        if before != now:
            try:
                here = LessonHere.find(self._room.settings, lesson_id, language)
                found = lessonpack.sections(here.lesson.notebook_in(here.language))
            except (UserError, OSError):
                found = []
            self._sections[lesson_id, language] = (now, found)
        return found

    def digest(self, lesson_id: str, language: str) -> str:
        """Return the version of a lesson that is there now, at most some seconds old."""
        at, found = self._digests.get((lesson_id, language), (0.0, ""))
        now = time.monotonic()
        if not found or now - at > KEPT:
            try:
                found = LessonHere.find(self._room.settings, lesson_id, language).digest
            except (UserError, OSError):
                found = ""
            self._digests[lesson_id, language] = (now, found)
        return found

    def told(self, row: ClassSession, language: str) -> dict[str, Any]:
        """Return what a pupil's page needs to know of her class."""
        beyond = after(self.sections(row.lesson, language), row.upto) if row.upto else None
        return {"open": classes.is_open(row), "lesson": self.digest(row.lesson, language),
                "paused": row.paused, "upto": row.upto or None, "beyond": beyond,
                "show": row.show or None, "shown": row.shown}


def after(outline: list[lessonpack.Section], cell: str) -> str | None:
    """Return the cell with which the part beyond a section begins; None when nothing is beyond."""
    names = [section.cell for section in outline]
    return names[names.index(cell) + 1] if cell in names[:-1] else None


def _kept(session: Session, session_id: str, now: float) -> Kept:
    row = classes.get_session(session, session_id)
    language = classes.get(session, row.class_id).language
    decided = allowed.decisions(session, session_id)
    polls = allowed.shown_polls(session, session_id, allowed.switches(decided))
    return Kept(row, language, str(len(decided)), polls, now)


class State(Handler):
    """`/c/api/state`: what a pupil's page asks every few seconds."""

    async def get(self) -> None:
        """Answer; nothing but a header when nothing changed."""
        guest = self.guest
        if guest is None:
            raise UserError(_("You are not in a class on this device."),
                            hint=_("Enter the class code again."), status=401, code="no-pass")
        kept = await self.room.states.of(self, guest.session)
        classes.require_open(kept.row)
        self.use_language(kept.language, pupil=True)
        self.room.guests.hear(guest)
        # The browser keeps it and asks with its tag; a device that changed hands asks as well.
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Vary", "Cookie")
        self.finish({**self.room.states.told(kept.row, self.language), "allowed": kept.allowed,
                     "polls": allowed.seen_by(kept.polls, guest.actor), "pupil": guest.pupil})


class Control(TeacherHandler):
    """`/c/teach/SESSION/control`: the teacher's buttons."""

    async def post(self, session_id: str) -> None:
        """Do what the button says; each is undone by one other."""
        what, _colon, cell = str(self.get_body_argument("do", "")).partition(":")

        def do(session: Session) -> None:
            row = self.my_session(session, session_id)
            classes.require_open(row)
            order = [s.cell for s in self.room.states.sections(row.lesson, self.language)]
            if what in ("upto", "show") and cell not in order:
                raise NotFound(_("This lesson has no such part."))
            turn(row, what, cell, order)
        await self.change(do)
        self.room.states.forget(session_id)
        self.room.live.changed(session_id)
        self.redirect(f"/c/teach/{session_id}#lesson", status=303)


def turn(row: ClassSession, what: str, cell: str, order: list[str]) -> None:
    """Change the pace, the pause or what is shown.

    Raises
    ------
    UserError
        There is no such button.
    """
    if what == "pause":
        row.paused = True
    elif what == "go-on":
        row.paused = False
    elif what == "upto":
        row.upto = cell
        # What is hidden now is shown no longer.
        if row.show in order and order.index(cell) < order.index(row.show):
            row.show = ""
    elif what == "free":
        row.upto = ""
    elif what == "show":
        row.show, row.shown = cell, row.shown + 1
        # Nobody can look at what is still hidden.
        if row.upto in order and order.index(row.upto) < order.index(cell):
            row.upto = cell
    elif what == "hide":
        row.show = ""
    else:
        raise UserError(_("This request could not be understood."))
