"""``python -m coteach.classroom``: the classroom service of a deployment."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

import structlog
from tornado.ioloop import PeriodicCallback

from coteach import sandbox
from coteach.classroom import media
from coteach.classroom.base import BASE
from coteach.classroom.service import create_application
from coteach.errors import UserError
from coteach.pages import serving
from coteach.settings import Settings, load
from coteach.store import Database

SWEEP_EVERY = 6 * 3600
"""Seconds between two looks for photos whose time is over."""


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    application = create_application(settings)
    # The proxy on this machine says who asks; nobody else reaches this port.
    server = serving.serve(application, xheaders=True, trusted_downstream=["127.0.0.1", "::1"])
    server.listen(settings.classroom_port, settings.bind_internal)
    structlog.get_logger("classroom").info("serving", at=settings.internal("classroom") + BASE)
    def sweep() -> None:
        media.sweep(settings.layout)

    sweeping = PeriodicCallback(sweep, SWEEP_EVERY * 1000)
    sweeping.start()
    preparing = asyncio.create_task(application.settings["room"].pages.start())
    over = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, over.set)
    await over.wait()
    preparing.cancel()
    server.stop()
    try:
        async with asyncio.timeout(4):
            await application.settings["room"].close()
    except TimeoutError:
        structlog.get_logger("classroom").warning("some kernels were not ended in time")


def main() -> int:
    """Serve; returns the exit code."""
    structlog.configure(processors=[
        structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])
    logging.basicConfig(level=logging.ERROR, stream=sys.stdout)
    try:
        settings = load()
        settings.layout.create()
        database = Database.of(settings)
        database.migrate()
        database.close()
        sandbox.sweep()
        media.sweep(settings.layout)
        asyncio.run(serve(settings))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"The classroom can't listen: {error.strerror or error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
