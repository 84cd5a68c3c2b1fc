"""All rooms of the live server, and the work that comes round: ticks, last-seen, the sweep."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

import structlog

from coteach.live import retention
from coteach.live.finishing import finish_leftovers
from coteach.live.room import Room
from coteach.live.udp import MediaPort
from coteach.ports import MEDIA_MOVES
from coteach.settings import Settings
from coteach.store import rooms
from coteach.store.database import Database

log = structlog.get_logger()

SEEN_EVERY = 15.0
SWEEP_EVERY = 3600.0


class House:
    """The rooms.

    Parameters
    ----------
    settings, database
        Of the deployment.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database = settings, database
        self.port = MediaPort(settings.bind, settings.media_host, settings.media_port,
                              may_move=os.environ.get(MEDIA_MOVES) == "1")
        self.rooms: dict[str, Room] = {}
        self._task: asyncio.Task[None] | None = None
        self._seen = self._swept = float("-inf")

    async def open(self) -> None:
        """Bind the media port and finish what an earlier run left; once."""
        if self._task is not None:
            return
        self.settings.layout.create()
        await self.port.open()
        left = await asyncio.to_thread(finish_leftovers, self.database, self.settings.layout)
        log.info("live open", media_port=self.port.port, finished=len(left))
        self._task = asyncio.create_task(self._run())

    def room(self, name: str) -> Room:
        """Return a room that a valid pass names; it comes to be with its first visitor."""
        if name not in self.rooms:
            self.rooms[name] = Room(name, self.port, self.database, self.settings)
        return self.rooms[name]

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(1)
            try:
                await self._tick()
            except Exception:  # one room's trouble must not end the others' clock
                log.exception("tick failed")

    async def _tick(self) -> None:
        for name, room in list(self.rooms.items()):
            await room.tick()
            if room.empty:
                self.rooms.pop(name, None)
        now = time.monotonic()
        busy = [name for name, room in self.rooms.items() if room.busy]
        if busy and now - self._seen > SEEN_EVERY:
            await self.seen(busy)
        if now - self._swept > SWEEP_EVERY:
            self._swept = now
            await asyncio.to_thread(retention.sweep, self.database, self.settings.layout)

    async def seen(self, names: list[str]) -> None:
        """Note in the store that these rooms are open."""
        self._seen = time.monotonic()

        def save() -> None:
            with self.database.session() as session:
                rooms.seen(session, names)

        await asyncio.to_thread(save)

    async def close(self) -> None:
        """Finish the recordings and close every room and the port."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await asyncio.gather(*(room.close() for room in self.rooms.values()),
                             return_exceptions=True)
        self.port.close()
