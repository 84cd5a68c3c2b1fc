"""``python -m coteach.live``: the live server of a deployment."""

from __future__ import annotations

import logging
import sys

import structlog

from coteach.errors import UserError
from coteach.live.serve import serve
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
        return 0 if serve(settings, database) else 1
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
