"""Keeping what happens on a room's floor: written at once, in order, by one writer a room."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from coteach.errors import NotFound
from coteach.live.acts import Happened
from coteach.live.floor import PRACTICE, Floor
from coteach.store import roomevents, rooms
from coteach.store.database import Database
from coteach.store.schema import utcnow

log = structlog.get_logger()

ONE_LESSON = timedelta(hours=12)
"""What happened longer ago belongs to another lesson: it is kept, but not shown again."""
MOST_WAITING = 5000
"""Events that wait for a store that can't write; the oldest are lost then."""
AGAIN = 1.0


class Keeper:
    """Writes what happens in one room.

    Parameters
    ----------
    room
        Its name.
    database
        The store.
    days
        How long events are kept.
    """

    def __init__(self, room: str, database: Database, days: int) -> None:
        self._room, self._database, self._days = room, database, days
        self._waiting: list[Happened] = []
        self._task: asyncio.Task[None] | None = None

    def load(self) -> Floor:
        """Return the floor as the lesson left it. Blocks."""
        with self._database.reading() as session:
            try:
                kind = rooms.get(session, self._room).kind
            except NotFound:
                kind = PRACTICE
            floor = Floor(kind)
            floor.replay(Happened(row.seat, row.verb, row.value, row.number, row.at.timestamp())
                         for row in roomevents.since(session, self._room, utcnow() - ONE_LESSON))
            floor.number = max(floor.number, roomevents.last_number(session, self._room))
        return floor

    def keep(self, events: list[Happened]) -> None:
        """Write soon: now, unless an earlier writing is under way."""
        if not events:
            return
        self._waiting.extend(events)
        del self._waiting[:-MOST_WAITING]
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write())

    @property
    def idle(self) -> bool:
        """Whether everything is written."""
        return not self._waiting

    async def _write(self) -> None:
        while self._waiting:
            now = list(self._waiting)
            try:
                await asyncio.to_thread(self._save, now)
            except Exception as error:  # a full store: the room goes on, and it is tried again
                log.warning("events not kept yet", room=self._room, error=repr(error))
                await asyncio.sleep(AGAIN)
                continue
            done = {event.number for event in now}
            self._waiting = [event for event in self._waiting if event.number not in done]

    def _save(self, events: list[Happened]) -> None:
        over = utcnow() + timedelta(days=self._days)
        with self._database.session() as session:
            roomevents.keep(session, [{
                "room": self._room, "number": e.number, "seat": e.seat, "verb": e.verb,
                "value": e.value, "at": datetime.fromtimestamp(e.at, UTC), "delete_after": over}
                for e in events])

    async def close(self) -> None:
        """Write what waits; give up after a moment when the store can't."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=3)
            self._task.cancel()
