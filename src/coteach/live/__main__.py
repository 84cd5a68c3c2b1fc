"""``python -m coteach.live``: the live server of a deployment."""

from __future__ import annotations

import logging
import sys

import structlog
import uvicorn

from coteach.errors import UserError
from coteach.live.service import create_application
from coteach.settings import load
from coteach.store.database import Database


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
        database.close()
        app = create_application(settings)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    # Short pings: a browser that is gone without a word is noticed within 10 s.
    server = uvicorn.Server(uvicorn.Config(
        app, host=settings.bind_internal, port=settings.live_port, log_level="warning",
        access_log=False, ws_ping_interval=4, ws_ping_timeout=5, ws_max_size=16384,
        timeout_graceful_shutdown=2, lifespan="on"))
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
