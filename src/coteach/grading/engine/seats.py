"""Forked children that wait for work: one is made ahead while the one before runs.

Making one needs nothing of a submission, and takes a third of what a short notebook takes. A seat
is for one run and is left in the background, so nobody waits for processes to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from coteach.forkserver import Child, ForkFailed
from coteach.sandbox import Lease


@dataclass
class Seat:
    """A child inside its walls with a line to it.

    Parameters
    ----------
    lease
        Its user id, where it has one of its own.
    scratch
        Its folder where it has no walls.
    """

    child: Child
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    lease: Lease | None
    scratch: Path | None

    async def end(self) -> None:
        """End it with everything in it."""
        self.writer.close()
        self.child.kill()
        await self.child.wait()
        if self.lease is not None:
            self.lease.close()
        if self.scratch is not None:
            await asyncio.to_thread(shutil.rmtree, self.scratch, True)


class Seats:
    """Gives seats, for the event loop in which it is used first.

    Parameters
    ----------
    make
        Makes a new one.
    """

    def __init__(self, make: Callable[[], Awaitable[Seat]]) -> None:
        self._make = make
        self._next: asyncio.Task[Seat] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    async def take(self) -> Seat:
        """Return a seat and begin to make the next one.

        Raises
        ------
        ForkFailed, OSError
            None can be had.
        """
        task, self._next = self._next, None
        seat = await self._made(task) if task is not None else None
        if seat is None:
            seat = await self._make()
        if self._next is None:
            self._next = asyncio.ensure_future(self._make())
        return seat

    async def _made(self, task: asyncio.Task[Seat]) -> Seat | None:
        try:
            seat = await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(self._not_wanted)
            raise
        except (ForkFailed, OSError):
            return None
        if seat.child.poll() is None:
            return seat
        self.leave(seat)  # it did not live to see its work
        return None

    def _not_wanted(self, task: asyncio.Task[Seat]) -> None:
        if not task.cancelled() and task.exception() is None:
            self.leave(task.result())

    def leave(self, seat: Seat) -> None:
        """End a seat while the next run goes on."""
        task = asyncio.ensure_future(seat.end())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """End the one that waits, and wait until all have ended."""
        task, self._next = self._next, None
        if task is not None:
            with contextlib.suppress(ForkFailed, OSError):
                self.leave(await task)
        while self._leaving:
            await asyncio.gather(*self._leaving, return_exceptions=True)
