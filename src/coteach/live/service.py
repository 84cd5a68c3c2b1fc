"""The live server's HTTP doors: WHIP to publish, WHEP to watch, and the events socket.

WHIP is RFC 9725 and WHEP its draft, without trickle and ICE restart: a client that lost its line
posts a new offer and gets its old seat.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from coteach.errors import NotFound, UserError
from coteach.i18n import LANGUAGE_COOKIE, negotiate, set_language
from coteach.i18n import gettext as _
from coteach.live import events, offers
from coteach.live.house import House
from coteach.live.seat import Pass
from coteach.settings import Settings, secrets_of
from coteach.store.database import Database
from coteach.tokens import TokenSigner

log = structlog.get_logger()

SDP = "application/sdp"
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Location, Link, ETag"}
# A page's own pass opens the door, never a cookie, so any origin may knock (RFC 9725, section 4.8).


@dataclass
class _Session:
    """What a Location URL stands for."""

    room: str
    seat: str
    source: str | None
    """None for a publisher, else the seat that is watched."""
    peer: object


class Doors:
    """The request handlers and the sessions they gave out.

    Parameters
    ----------
    house
        The rooms.
    signer
        Checks room passes.
    """

    def __init__(self, house: House, signer: TokenSigner) -> None:
        self.house, self.signer = house, signer
        self._sessions: dict[str, _Session] = {}

    def _pass(self, request: Request) -> Pass:
        scheme, _space, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UserError(_("A pass is needed to enter this room."),
                            hint=_("Open the room from your course."), status=401,
                            code="no-token")
        return events.read_pass(token.strip(), request.path_params["room"], self.signer)

    async def _offer(self, request: Request) -> str:
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != SDP:
            raise UserError(_("The offer must be sent as {kind}.").format(kind=SDP), status=415,
                            code="not-sdp")
        raw = bytearray()
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > offers.MAX_BYTES:
                break
        return offers.clean(bytes(raw))

    async def publish(self, request: Request) -> Response:
        """POST /live/ROOM/whip"""
        holder = self._pass(request)
        offer = await self._offer(request)
        room = self.house.room(holder.room)
        seat = await room.enter(holder.one_of_many() if holder.shared else holder)
        answer = await room.publish(seat, offer)
        return self._created(request, "whip", answer,
                             _Session(room.name, seat.id, None, seat.publisher))

    async def watch(self, request: Request) -> Response:
        """POST /live/ROOM/whep?source=SEAT"""
        holder = self._pass(request)
        offer = await self._offer(request)
        room = self.house.room(holder.room)
        wanted = request.query_params.get("source", "")
        source = room.seats.get(wanted) if wanted else next(
            (s for s in room.seats.values() if s.sources), None)
        if source is None:
            raise NotFound(_("Nobody can be seen here yet."), hint=_("Wait a moment."),
                           code="not-publishing")
        seat = await room.enter(holder.one_of_many() if holder.shared else holder)
        answer = await room.watch(seat, source, offer)
        return self._created(request, "whep", answer,
                             _Session(room.name, seat.id, source.id, seat.viewers[source.id]))

    def _created(self, request: Request, door: str, answer: str, session: _Session) -> Response:
        self._forget_the_gone()
        key = secrets.token_urlsafe(16)
        self._sessions[key] = session
        return Response(answer, status_code=201, media_type=SDP, headers={
            **CORS, "Location": f"/live/{session.room}/{door}/{key}", "ETag": f'"{key[:8]}"'})

    def _forget_the_gone(self) -> None:
        self._sessions = {k: s for k, s in self._sessions.items() if self._current(s)}

    def _current(self, session: _Session) -> bool:
        room = self.house.rooms.get(session.room)
        seat = room.seats.get(session.seat) if room else None
        if seat is None:
            return False
        now = seat.publisher if session.source is None else seat.viewers.get(session.source)
        return now is session.peer

    async def end(self, request: Request) -> Response:
        """DELETE /live/ROOM/whip|whep/KEY"""
        self._pass(request)
        session = self._sessions.pop(request.path_params["key"], None)
        if session is None or session.room != request.path_params["room"]:
            raise NotFound(_("This connection is over already."))
        if self._current(session):
            room = self.house.rooms[session.room]
            seat = room.seats[session.seat]
            if session.source is None:
                await room.unpublish(seat)
            else:
                await room.unwatch(seat, session.source)
        return Response(status_code=200, headers=CORS)

    async def options(self, request: Request) -> Response:
        """OPTIONS of a door"""
        return Response(status_code=204, headers={
            **CORS, "Accept-Post": SDP, "Access-Control-Allow-Methods": "POST, DELETE, OPTIONS",
            "Access-Control-Allow-Headers": "Authorization, Content-Type"})

    async def events(self, socket: WebSocket) -> None:
        """WebSocket /live/ROOM/events"""
        await events.serve(socket, self.house, self.signer)


async def healthz(request: Request) -> Response:
    """GET /live/healthz"""
    return JSONResponse({"ok": True})


def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    headers = dict(CORS)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": error.code, "message": error.message, "hint": error.hint},
                        status_code=error.status, headers=headers)


class _Language:
    """ASGI middleware: errors are written in the reader's language."""

    def __init__(self, app: Callable) -> None:
        self._app = app

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            set_language(negotiate(cookie=request.cookies.get(LANGUAGE_COOKIE),
                                   accept=request.headers.get("accept-language")))
        await self._app(scope, receive, send)


def create_application(settings: Settings, *, house: House | None = None) -> Starlette:
    """Return the live server.

    Parameters
    ----------
    settings
        Of the deployment.
    house
        The rooms, for tests; made from the settings when not given.
    """
    database = None
    if house is None:
        database = Database.of(settings)
        house = House(settings, database)
    rooms = house
    doors = Doors(rooms, TokenSigner(secrets_of(settings).get("live"), "live"))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            await rooms.open()
        except UserError as error:
            log.error("live can't start", error=str(error))
            raise
        try:
            yield
        finally:
            await rooms.close()
            if database is not None:
                database.close()

    app = Starlette(
        routes=[
            Route("/live/healthz", healthz),
            *(Route(f"/live/{{room}}/{door}", handler, methods=["POST"])
              for door, handler in (("whip", doors.publish), ("whep", doors.watch))),
            *(Route(f"/live/{{room}}/{door}", doors.options, methods=["OPTIONS"])
              for door in ("whip", "whep")),
            Route("/live/{room}/whip/{key}", doors.end, methods=["DELETE"]),
            Route("/live/{room}/whep/{key}", doors.end, methods=["DELETE"]),
            WebSocketRoute("/live/{room}/events", doors.events),
        ],
        exception_handlers={UserError: _error}, lifespan=lifespan)
    app.add_middleware(_Language)  # type: ignore[arg-type]
    app.state.house = rooms
    return app
