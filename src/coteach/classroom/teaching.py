"""The teacher's side, `/c/teach/…`: her classes, opening and closing, the live view, CSV.

Each handler asks `access` about the very class it touches.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

import segno
from markupsafe import Markup
from sqlalchemy.orm import Session

from coteach import access
from coteach.access import Action
from coteach.classroom import lessons, live, results
from coteach.classroom.base import Handler
from coteach.classroom.lessons import LessonHere
from coteach.classroom.pictures import pictures
from coteach.errors import NotFound, UserError
from coteach.hub.session import SESSION_COOKIE
from coteach.i18n import gettext as _
from coteach.store import classes, events
from coteach.store.schema import ClassSession, Person, SchoolClass


class TeacherHandler(Handler):
    """A handler for somebody who is signed in."""

    person: Person

    async def prepare(self) -> None:  # type: ignore[override]
        """Find the person; those who are not signed in go to sign in."""
        super().prepare()
        person = await self.room.sessions.person_of_cookie(self.get_cookie(SESSION_COOKIE))
        if person is None:
            accept = self.request.headers.get("Accept", "")
            if self.request.method == "GET" and "text/event-stream" not in accept:
                self.redirect("/login?next=" + quote(self.request.uri or "/c/teach/", safe="/"),
                              status=303)
                return
            raise UserError(_("You are not signed in."), hint=_("Sign in and try again."),
                            status=401, code="sign-in")
        self.person = person
        self.use_language(person.language)

    def show(self, template: str, status: int = 200, **context: Any) -> None:
        """Answer with a page in the person's time zone."""
        person = getattr(self, "person", None)
        super().show(template, status, **{
            "person": person, "time_zone": person.time_zone if person else "UTC",
            "home_url": "/", **context})

    def my_class(self, session: Session, class_id: str) -> SchoolClass:
        """Return a class of hers."""
        found = classes.get(session, class_id)
        access.require(session, self.person, Action.RUN_CLASS, found)
        return found

    def my_session(self, session: Session, session_id: str) -> ClassSession:
        """Return a session of a class of hers."""
        row = classes.get_session(session, session_id)
        access.require(session, self.person, Action.RUN_CLASS, row)
        return row

    async def tell(self, class_id: str) -> None:
        """Tell the open views of a class that something about it changed."""
        for row in await self.read(lambda s: classes.open_sessions(s, class_id)):
            self.room.live.changed(row.id)

    def address_of(self, row: ClassSession) -> tuple[str, bool]:
        """Return the address pupils open, and whether other devices can reach it."""
        base = self.room.settings.public_url.rstrip("/") or (
            f"{self.request.protocol}://{self.request.host}")
        host = urlsplit(base).hostname or ""
        return f"{base}/c/{row.code}", host not in ("localhost", "127.0.0.1", "::1")


class Classes(TeacherHandler):
    """`/c/teach/`."""

    async def get(self) -> None:
        """Show her classes, with what is open."""
        def ask(session: Session) -> list[dict[str, Any]]:
            return [{"row": c, "cards": len(classes.cards(session, c.id)),
                     "open": next(iter(classes.open_sessions(session, c.id)), None),
                     "past": classes.past_sessions(session, c.id, 5)}
                    for c in classes.of_teacher(session, self.person)]
        mine = await self.read(ask)
        choices = lessons.choices(self.room.settings, self.language)
        self.show("teach.html", classes=mine, lessons=choices,
                  titles={lesson: title for lesson, title, _summary in choices})


class Open(TeacherHandler):
    """`/c/teach/open`."""

    async def post(self) -> None:
        """Open a lesson for a class."""
        class_id = self.get_body_argument("class", "")
        here = LessonHere.find(self.room.settings, self.get_body_argument("lesson", ""),
                               self.language)

        def do(session: Session) -> tuple[ClassSession, SchoolClass, list[str], int]:
            school_class = self.my_class(session, class_id)
            earlier = [row.id for row in classes.open_sessions(session, school_class.id)]
            return classes.open_session(
                session, school_class, lesson=here.lesson.id, version=here.lesson.version,
                person=self.person,
                minutes=self.room.settings.class_code_minutes), school_class, earlier, len(
                    classes.cards(session, school_class.id))
        row, school_class, earlier, pupils = await self.change(do)
        for session_id in earlier:
            await self.room.class_is_over(session_id)
        self.room.warm(row, school_class.language, pupils)
        self.redirect(f"/c/teach/{row.id}", status=303)


class Watch(TeacherHandler):
    """`/c/teach/SESSION`: the code, and the class as it works."""

    async def get(self, session_id: str) -> None:
        """Show the live view."""
        row = await self.read(lambda s: self.my_session(s, session_id))
        school_class = await self.read(lambda s: classes.get(s, row.class_id))
        here = LessonHere.find(self.room.settings, row.lesson, self.language)
        state = await self.read(
            lambda s: live.state_of(s, self.room, session_id, self.language))
        address, reachable = self.address_of(row)
        self.show("watch.html", row=row, school_class=school_class, title=here.title, state=state,
                  address=address, reachable=reachable, qr=qr(address), words=pictures())


class Board(TeacherHandler):
    """`/c/teach/SESSION/board`: the code for the projector."""

    async def get(self, session_id: str) -> None:
        """Show the code as large as it gets."""
        row = await self.read(lambda s: self.my_session(s, session_id))
        here = LessonHere.find(self.room.settings, row.lesson, self.language)
        address, reachable = self.address_of(row)
        self.show("board.html", row=row, address=address, reachable=reachable, qr=qr(address),
                  title=here.title, open=classes.is_open(row),
                  plain=address.removeprefix("https://").removeprefix("http://")[:-len(row.code)])


class Present(TeacherHandler):
    """`/c/teach/SESSION/question?id=…`: what the class answered to one question, for the board."""

    async def get(self, session_id: str) -> None:
        """Show it without names; what is on the projector is seen by everybody."""
        row = await self.read(lambda s: self.my_session(s, session_id))
        state = await self.read(
            lambda s: live.state_of(s, self.room, session_id, self.language))
        wanted = self.get_query_argument("id", "")
        if not any(question["id"] == wanted for question in state["questions"]):
            raise NotFound(_("This lesson does not ask that question."))
        self.show("present.html", row=row, state=state, wanted=wanted, words=pictures())


class Stream(TeacherHandler):
    """`/c/teach/SESSION/events`."""

    async def get(self, session_id: str) -> None:
        """Send the class's state as it changes."""
        await self.read(lambda s: self.my_session(s, session_id))
        await live.stream(self, session_id)


class Close(TeacherHandler):
    """`/c/teach/SESSION/close`."""

    async def get(self, session_id: str) -> None:
        """Ask whether she is sure."""
        row = await self.read(lambda s: self.my_session(s, session_id))
        self.show("close.html", row=row, open=classes.is_open(row),
                  hours=self.room.settings.late_answer_hours,
                  here=len(self.room.guests.here(row.id)))

    async def post(self, session_id: str) -> None:
        """Close the class."""
        await self.change(lambda s: classes.close_session(self.my_session(s, session_id)))
        await self.room.class_is_over(session_id)
        self.redirect(f"/c/teach/{session_id}", status=303)


class Csv(TeacherHandler):
    """`/c/teach/SESSION/answers.csv`."""

    async def get(self, session_id: str) -> None:
        """Answer with the answers that count."""
        def ask(session: Session) -> tuple[bytes, str]:
            row = self.my_session(session, session_id)
            rows = events.newest(session, row.id)
            outline = live.outline_of(self.room, row, self.language)
            return results.as_csv(outline, rows, classes.cards(session, row.class_id),
                                  self.person.time_zone), f"{row.lesson}-{row.code}"
        text, name = await self.read(ask)
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        safe = re.sub(r"[^\w-]", "-", name)
        self.set_header("Content-Disposition", f'attachment; filename="{safe}.csv"')
        self.finish(text)


def qr(address: str) -> Markup:
    """Return an address as a QR code, an inline picture on white."""
    picture = segno.make(address, error="m").svg_inline(
        omitsize=True, border=3, light="#fff", dark="#000", svgclass="qr")
    return Markup(picture)  # noqa: S704 - drawn by us, holds no text
