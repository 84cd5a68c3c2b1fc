"""``python -m coteach.live``: the live server of a deployment."""

from __future__ import annotations

import asyncio
import logging
import sys

import structlog
import uvicorn

from coteach.errors import UserError
from coteach.live.house import House
from coteach.live.service import create_application
from coteach.settings import Settings, load
from coteach.store.database import Database

MAX_FRAME = 256 << 10
"""What is longer is closed by the server's library; up to here a sentence says what is wrong."""


def _serve(settings: Settings, database: Database) -> int:
    house = House(settings, database)
    # Short pings: a browser that is gone without a word is noticed within 10 s.
    config = uvicorn.Config(
        create_application(settings, house=house), host=settings.bind_internal,
        port=settings.live_port, log_level="warning", access_log=False, ws_ping_interval=4,
        ws_ping_timeout=5, ws_max_size=MAX_FRAME, ws_max_queue=4, timeout_graceful_shutdown=2,
        lifespan="on")
    server = uvicorn.Server(config)

    async def run() -> None:
        # Before uvicorn, which would add a traceback to the sentence about a media port in use.
        await house.open()
        await server.serve()

    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(run())
    finally:
        database.close()
    return 0 if server.started else 1


def main() -> int:
    """Serve until SIGTERM; returns the exit code."""
    structlog.configure(processors=[
        structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout)
    try:
        settings = load()
        settings.layout.create()
        database = Database.of(settings)
        database.migrate()
        return _serve(settings, database)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
