"""The live server: the doors for media, the events socket, and the house behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from coteach.errors import UserError
from coteach.i18n import LANGUAGE_COOKIE, negotiate, set_language
from coteach.live import events
from coteach.live.doors import Doors, error
from coteach.live.house import House
from coteach.settings import Settings, secrets_of
from coteach.store.database import Database
from coteach.tokens import TokenSigner

log = structlog.get_logger()

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
"""The doors answer all of them themselves, those that mean nothing with 405."""


async def healthz(request: Request) -> Response:
    """GET /live/healthz"""
    return JSONResponse({"ok": True})


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

    async def room_events(socket: WebSocket) -> None:
        await events.serve(socket, rooms, doors.signer)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            await rooms.open()
        except UserError as problem:
            log.error("live can't start", error=str(problem))
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
            *(Route(f"/live/{{room}}/{name}", doors.door, methods=METHODS)
              for name in ("whip", "whep")),
            *(Route(f"/live/{{room}}/{name}/{{key}}", doors.session, methods=METHODS)
              for name in ("whip", "whep")),
            WebSocketRoute("/live/{room}/events", room_events),
        ],
        exception_handlers={UserError: error}, lifespan=lifespan)
    app.add_middleware(_Language)  # type: ignore[arg-type]
    app.state.house = rooms
    return app
