"""How a pupil enters: class code, name cards (`doors` opens one), class page and its files."""

from __future__ import annotations

from typing import Any

from tornado.web import StaticFileHandler

from coteach import lessonpack
from coteach.classroom.base import Handler, own
from coteach.classroom.framing import frame, voices
from coteach.classroom.guests import DOOR_COOKIE, PUPIL_COOKIE, Pass
from coteach.classroom.lessons import LessonHere
from coteach.classroom.pictures import known, pictures
from coteach.errors import Forbidden, NotFound, UserError
from coteach.i18n import gettext as _
from coteach.store import cards, classes
from coteach.store.schema import ClassSession, NameCard, SchoolClass


class EnterCode(Handler):
    """`/c/`: one field."""

    async def get(self) -> None:
        """Show the field, or go where a typed code leads."""
        typed = self.get_query_argument("code", "")
        guest = self.guest
        going = await self.read(lambda s: s.get(ClassSession, guest.session)) if guest else None
        if going is not None and not classes.is_open(going):
            going = None
        if not typed.strip():
            self.show("enter.html", typed="", error=None, going=going)
            return
        try:
            row, _school_class = await find(self, typed)
        except UserError as error:
            self.show("enter.html", error.status, typed=typed, error=error, going=going)
            return
        self.redirect(f"/c/{row.code}", status=303)


async def find(handler: Handler, typed: str) -> tuple[ClassSession, SchoolClass]:
    """Return the open session of a code and its class; wrong codes are counted.

    A device that is in this very class, or was until just now, comes in whatever others at the
    same address typed.
    """
    address, limits, guest = handler.address, handler.room.wrong_codes, handler.guest
    known = guest.session if guest else handler.room.guests.read_door(
        handler.get_cookie(DOOR_COOKIE))
    row, refusal = None, None
    try:
        row = await handler.read(lambda s: classes.by_code(s, typed))
    except UserError as error:
        refusal = error
    if row is None or known != row.id:
        limits.check(address)
    if row is None:
        if isinstance(refusal, NotFound):
            limits.wrong(address)
        raise refusal or NotFound(_("There is no such class."))
    limits.right(address)
    school_class = await handler.read(lambda s: classes.get(s, row.class_id))
    handler.use_language(school_class.language, pupil=True)
    return row, school_class


class ClassPage(Handler):
    """`/c/CODE`: the name cards; with a pass for this class, the class page."""

    async def get(self, code: str) -> None:
        """Show the one or the other."""
        guest = self.guest
        try:
            row, school_class = await find(self, code)
        except UserError as error:
            self.show("enter.html", error.status, typed=code.upper(), error=error, going=None)
            return
        if guest is None or guest.session != row.id:
            await self._cards(row, school_class)
            return
        try:
            card = await self.read(lambda s: classes.card_of(s, row, guest.card))
        except NotFound:
            await self._cards(row, school_class)
            return
        await self._lesson(row, guest, card)

    async def head(self, code: str) -> None:
        """Say whether the class is open, without opening its page."""
        await find(self, code)
        self.set_status(204)

    async def _cards(self, row: ClassSession, school_class: SchoolClass) -> None:
        found = await self.read(lambda s: classes.cards(s, row.class_id))
        here = self.room.guests.here(row.id)
        self.show("cards.html", row=row, school_class=school_class, words=pictures(), cards=[
            {"id": c.id, "nickname": c.nickname, "picture": known(c.picture),
             "here": c.pseudonym in here, "waits": school_class.secrets and cards.waits(c)}
            for c in found])

    async def _lesson(self, row: ClassSession, guest: Pass, card: NameCard) -> None:
        self.room.guests.hear(guest)
        self.room.live.changed(row.id)
        lesson = LessonHere.find(self.room.settings, row.lesson, self.language)
        if self.get_cookie(PUPIL_COOKIE) != guest.pupil:
            self.set_cookie(PUPIL_COOKIE, guest.pupil, path="/c/", samesite="Lax",
                            secure=self.room.secure)
        header, footer = frame(self, row, card, guest)
        base = f"/c/files/{row.id}/"
        kept = await self.room.states.of(self, row.id)
        page = lesson.page(
            header=header, footer=footer,
            stylesheets=(*self.room.styles, own("class_page.css")),
            asset_base=base, voices=voices(lesson, base, kept.language),
            data={"answers": "/c/api/answers", "pupil": guest.pupil, "state": "/c/api/state",
                  "whose": {"lesson": row.lesson, "version": row.lesson_version, "card": card.id,
                            "language": self.language, "nickname": card.nickname}})
        await self.room.pages.write_page(self, page, guest.visitor)


class Asset(Handler, StaticFileHandler):  # type: ignore[misc]
    """`/c/files/SESSION/…`: pictures and sounds of a lesson, for those in its class."""

    def initialize(self, room: Any) -> None:  # type: ignore[override]
        """Take the service's parts; the folder is known only with the session."""
        self.room = room
        StaticFileHandler.initialize(self, path="/nowhere")

    async def get(self, session_id: str, path: str, include_body: bool = True) -> None:  # type: ignore[override]
        """Serve a file of the lesson."""
        guest = self.guest
        if guest is None or guest.session != session_id:
            raise Forbidden(_("This belongs to another class."), code="not-yours")
        row = await self.read(lambda s: classes.get_session(s, session_id))
        lesson = LessonHere.find(self.room.settings, row.lesson, self.language).lesson
        self.root = str(lesson.assets)
        await StaticFileHandler.get(self, path, include_body)

    async def head(self, session_id: str, path: str) -> None:  # type: ignore[override]
        """Serve a file's headers."""
        await self.get(session_id, path, include_body=False)

    def get_content_type(self) -> str:
        """Return the type; voices have one that every browser plays."""
        ending = str(self.absolute_path).rpartition(".")[2]
        return lessonpack.VOICE_TYPES.get(ending) or StaticFileHandler.get_content_type(self)

    def set_extra_headers(self, path: str) -> None:
        """Let the browser keep it; it asks again by entity tag."""
        self.set_header("Cache-Control", "private, max-age=3600")
