"""The classroom service: its parts, its routes, and how it starts and ends."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import tornado.web
from sqlalchemy.orm import Session
from tornado.web import Application, RequestHandler, StaticFileHandler

from coteach import ui
from coteach.classroom import answers, doors, entering, further, namecards, pacing, teaching
from coteach.classroom.base import BASE, STATIC, Handler, Health, Missing, own
from coteach.classroom.guests import COOKIE, Guests
from coteach.classroom.lessons import LessonHere, Outlines, page_of
from coteach.classroom.limits import WrongCodes, WrongSecrets
from coteach.classroom.live import Live
from coteach.classroom.turns import Turns
from coteach.errors import UserError
from coteach.hub.session import Sessions
from coteach.i18n import get_language
from coteach.lessonpack import get_lesson
from coteach.pages import ClassPages, Page, questions
from coteach.pages.files import own as page_file
from coteach.pages.shares import Shares
from coteach.settings import Settings
from coteach.store import Database, cards, classes
from coteach.store.schema import ClassSession, NameCard

T = TypeVar("T")
HERE = Path(__file__).parent

ID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
CODE = r"([A-Za-z]{4,8})"
ASK_EVERY = 3.0
"""Seconds for which the store's word that a class is open counts."""


def party(visitor: str) -> tuple[str, str]:
    """Return the class session and the card behind a visitor; see `Pass.visitor`."""
    session, actor, _nonce = visitor.split(":", 2)
    return session, actor


class Classroom:
    """The parts of the service that handlers share."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        with database.reading() as session:
            self.guests = Guests(settings, {
                **cards.rounds(session), **namecards.removed(session)})
        self.outlines = Outlines(settings)
        self.pages = ClassPages(settings, BASE, self.visitor_of, learnt=self.outlines.learnt,
                                serves=self.lesson_of, admits=self.admits,
                                shares=Shares(party))
        self._open: dict[str, float] = {}
        self._over: set[str] = set()
        self.sessions = Sessions(settings, database)
        self.wrong_codes = WrongCodes()
        self.wrong_secrets = WrongSecrets()
        self.live = Live()
        self.turns = Turns()
        self.writing = asyncio.Lock()
        self.states = pacing.States(self)
        self.templates = ui.environment(HERE / "templates", static=f"{BASE}static/")
        static: Any = self.templates.globals["static"]
        self.styles = (static("tokens.css"), static("base.css"))
        self.templates.globals.update(
            own=own, held_script=lambda: page_file(BASE, "waiting.js"),
            held_words=lambda: questions.phrases(get_language(), "waiting_page"))
        self.secure = settings.url.startswith("https")

    async def read(self, ask: Callable[[Session], T]) -> T:
        """Ask the store something."""
        def run() -> T:
            with self.database.reading() as session:
                return ask(session)
        return await asyncio.to_thread(run)

    def visitor_of(self, handler: RequestHandler) -> str | None:
        """Say whose kernels a request may reach, and note that her page is open."""
        guest = self.guests.read(handler.get_cookie(COOKIE))
        if guest is None:
            return None
        self.guests.hear(guest)
        return guest.visitor

    async def admits(self, handler: RequestHandler) -> None:
        """Do nothing while the class of a request's guest goes on.

        Raises
        ------
        Gone
            It is closed, though her pass is good for an hour more.
        """
        guest = self.guests.read(handler.get_cookie(COOKIE))
        if guest is None or self._open.get(guest.session, 0.0) > time.monotonic():
            return

        await self.read(lambda s: classes.require_open(classes.get_session(s, guest.session)))
        if guest.session not in self._over:
            self._open[guest.session] = time.monotonic() + ASK_EVERY

    async def lesson_of(self, handler: RequestHandler, digest: str) -> Page | None:
        """Return the lesson of a digest if the class of a request's guest shows it now."""
        guest = self.guests.read(handler.get_cookie(COOKIE))
        if guest is None:
            return None

        def find(session: Session) -> Page | None:
            row = session.get(ClassSession, guest.session)
            if row is None or not classes.is_open(row):
                return None
            classes.card_of(session, row, guest.card)
            return page_of(get_lesson(row.lesson, self.settings), digest)

        with contextlib.suppress(UserError):
            return await self.read(find)
        return None

    def warm(self, row: ClassSession, language: str, pupils: int) -> None:
        """Have the lesson of a class executed, and kernels ready, before its pupils open it."""
        lesson = LessonHere.find(self.settings, row.lesson, language)
        self.pages.warm(self.pages.add(lesson.page()), pupils)

    async def class_is_over(self, session_id: str) -> None:
        """End the kernels of a class that was closed, and tell its views."""
        self.states.forget(session_id)
        self._over.add(session_id)
        self._open.pop(session_id, None)
        await self.pages.kernels.close_all_of(f"{session_id}:")
        self.live.changed(session_id)

    async def signed_out(self, card: NameCard, sessions: Iterable[str]) -> None:
        """End what a card that was signed out has on its devices."""
        self.guests.sign_out(card)
        for session_id in sessions:
            await self.pages.kernels.close_all_of(f"{session_id}:{card.pseudonym}:")

    async def close(self) -> None:
        """End everything that was started."""
        self.live.end()
        await self.pages.close()
        await self.sessions.close()
        self.database.close()


class Files(StaticFileHandler):
    """Styles, scripts and pictures; their addresses change with their content."""

    def set_extra_headers(self, path: str) -> None:
        """Let browsers keep what is asked for by content."""
        if self.get_query_argument("v", None):
            self.set_header("Cache-Control", "public, max-age=31536000, immutable")


def create_application(settings: Settings, database: Database | None = None) -> Application:
    """Return the service as a tornado application; `application.settings["room"]` are its parts.

    Parameters
    ----------
    settings
        The deployment's settings.
    database
        Opened from the settings when not given; it must be migrated.
    """
    room = Classroom(settings, database or Database.of(settings))
    given: dict[str, Any] = {"room": room}

    def at(path: str, handler: type[Handler]) -> tuple[str, type[Handler], dict[str, Any]]:
        return (f"{BASE}{path}", handler, given)

    routes: list[Any] = [
        ("/c", tornado.web.RedirectHandler, {"url": BASE}),
        at("", entering.EnterCode), at("healthz", Health), at("leave", doors.Leave),
        (f"{BASE}static/room/(.*)", Files, {"path": str(STATIC)}),
        (f"{BASE}static/(.*)", Files, {"path": str(ui.STATIC)}),
        at("api/answers", answers.Answers), at("api/state", pacing.State),
        at(f"files/{ID}/(.+)", entering.Asset),
        at("teach/?", teaching.Classes), at("teach/open", teaching.Open),
        at(f"teach/class/{ID}", namecards.Cards),
        at(f"teach/class/{ID}/secrets", namecards.Secrets),
        at(f"teach/class/{ID}/card/{ID}", namecards.Card),
        at(f"teach/class/{ID}/card/{ID}/remove", namecards.Remove),
        at(f"teach/{ID}", teaching.Watch),
        at(f"teach/{ID}/board", teaching.Board), at(f"teach/{ID}/close", teaching.Close),
        at(f"teach/{ID}/control", pacing.Control), at(f"teach/{ID}/question", teaching.Present),
        at(f"teach/{ID}/events", teaching.Stream), at(f"teach/{ID}/answers.csv", teaching.Csv),
        *further.routes(at), *room.pages.handlers,
        at(CODE, entering.ClassPage), at(f"{CODE}/enter", doors.TakeCard),
    ]
    return Application(
        routes, room=room, compress_response=True, default_handler_class=Missing,
        default_handler_args=given, log_function=lambda handler: None, **room.pages.settings)
