"""``python -m coteach.portal``: the portal of a deployment."""

from __future__ import annotations

import logging
import sys

import structlog
import uvicorn

from coteach import sandbox
from coteach.errors import UserError
from coteach.portal.app import create_application
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
        sandbox.sweep()
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    try:
        server = uvicorn.Server(uvicorn.Config(
            create_application(settings, database), host=settings.bind_internal,
            port=settings.portal_port, log_level="warning", access_log=False, server_header=False,
            proxy_headers=True, timeout_graceful_shutdown=3, lifespan="on"))
        server.run()
    finally:
        database.close()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
