"""Running the live server's web side with the house behind it, until a signal ends it."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable

import uvicorn

from coteach.live.house import House
from coteach.live.service import create_application
from coteach.settings import Settings
from coteach.store.database import Database

MAX_FRAME = 256 << 10
"""What is longer is closed by the server's library; up to here a sentence says what is wrong."""


class _Server(uvicorn.Server):
    """Says when it listens."""

    ready: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.ready is not None:
            self.ready()


def serve(settings: Settings, database: Database, ready: Callable[[], None] | None = None) -> bool:
    """Serve until SIGINT or SIGTERM.

    Parameters
    ----------
    settings, database
        Of the deployment; the database is closed at the end.
    ready
        Called when the server listens.

    Returns
    -------
    bool
        Whether it ever listened.

    Raises
    ------
    UserError
        The media port can't be used.
    """
    house = House(settings, database)
    # Short pings: a browser that is gone without a word is noticed within 10 s.
    config = uvicorn.Config(
        create_application(settings, house=house), host=settings.bind_internal,
        port=settings.live_port, log_level="warning", access_log=False, ws_ping_interval=4,
        ws_ping_timeout=5, ws_max_size=MAX_FRAME, ws_max_queue=4, timeout_graceful_shutdown=2,
        lifespan="on")
    server = _Server(config)
    server.ready = ready

    async def run() -> None:
        # Before uvicorn, which would add a traceback to the sentence about a media port in use.
        await house.open()
        # What is here now stays: looking through it for garbage would hold packets up.
        gc.collect()
        gc.freeze()
        # uvicorn ends by itself and then raises the signal again: all that comes after is ours.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_args: None)
        await server.serve()

    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(run())
    finally:
        database.close()
    return server.started
