"""One pupil's requests are done one after the other, so that she holds up nobody else.

Rule: who waits for a turn holds no thread. A device sends one thing after the other by itself; one
that does not is told to come again, and what it sent is not lost: it still has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from coteach.classroom.base import busy

MOST_WAITING = 8
"""Requests of one pupil that may be under way; two open tabs and a photo are fewer."""


class Turns:
    """The pupils whose requests are under way."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, int] = {}

    @asynccontextmanager
    async def turn(self, actor: str) -> AsyncIterator[None]:
        """Wait until a pupil's earlier requests are done.

        Raises
        ------
        UserError
            Too many of hers wait already.
        """
        if self._waiting.get(actor, 0) >= MOST_WAITING:
            raise busy()
        self._waiting[actor] = self._waiting.get(actor, 0) + 1
        try:
            async with self._locks.setdefault(actor, asyncio.Lock()):
                yield
        finally:
            self._waiting[actor] -= 1
            if not self._waiting[actor]:
                del self._waiting[actor], self._locks[actor]
