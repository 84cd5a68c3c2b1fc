"""Kernels that are there before anybody wants one, so that thirty at the bell need not wait.

Rule: a spare is nobody's. No browser is told its id before a visitor gets it, it has its own key
and its own random numbers as any kernel, and it never takes a place or memory from somebody who
is there: spares are made one by one while nobody waits, out of a part of the free memory, and end
when their lesson has not been opened for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from coteach.errors import UserError
from coteach.pages.host import Host
from coteach.pages.line import Line
from coteach.pages.page import Page

OPENED_WITHIN = 600.0
"""Seconds after the last opening of its page at which a lesson's spares end."""
PAUSE = 0.25
"""Seconds between two looks; each spare is followed by a pause as long as it took, too."""
QUIET = 1.0
"""Seconds after somebody came or asked for a kernel before one is made ahead."""
MB_EACH = 32
PART = 4
"""Spares take at most this part of the memory that would be free without them."""

log = structlog.get_logger("pages")


@dataclass
class Spare:
    """A kernel that waits for a visitor."""

    kernel_id: str
    line: Line
    host: Host


@dataclass
class _Wanted:
    page: Page
    expected: int
    opened: float = field(default_factory=time.monotonic)
    there: list[Spare] = field(default_factory=list)


def _free_mb() -> int:
    """Return the memory that programs can still have."""
    with contextlib.suppress(OSError), open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) >> 10
    return 0


class Spares:
    """The spare kernels of a service.

    Parameters
    ----------
    make
        Makes a kernel of a lesson that belongs to nobody; None when its lesson can't be copied.
    end
        Ends one by its id.
    taken
        Returns how many kernels of a lesson (by its digest) are somebody's or on the way.
    free
        Returns how many kernels the pool has room for, spares not counted.
    most
        Spares of all lessons together.
    """

    def __init__(self, *, make: Callable[[Page], Awaitable[Spare | None]],
                 end: Callable[[str], Awaitable[None]], taken: Callable[[str], int],
                 free: Callable[[], int], most: int) -> None:
        self._make, self._end, self._taken, self._free = make, end, taken, free
        self.most = most
        self._wanted: dict[str, _Wanted] = {}
        self._asked = 0.0
        self._keeper: asyncio.Task[None] | None = None
        self._ends: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return sum(len(wanted.there) for wanted in self._wanted.values())

    def of(self, digest: str) -> int:
        """Return how many spares of a lesson there are."""
        wanted = self._wanted.get(digest)
        return len(wanted.there) if wanted is not None else 0

    def opened(self, page: Page, expected: int | None = None) -> None:
        """Note that a lesson's page was opened.

        Parameters
        ----------
        expected
            How many visitors may come; the setting's number, if it is not known.
        """
        number = self.most if expected is None else min(expected, self.most)
        found = self._wanted.get(page.digest)
        if found is not None:
            found.opened = time.monotonic()
            if expected is not None:
                found.expected = max(found.expected, number)
        elif number > 0:
            self._wanted[page.digest] = _Wanted(page, number)
        if self._keeper is None and self._wanted:
            self._keeper = asyncio.create_task(self._keep())
        self._asked = time.monotonic()

    def take(self, digest: str) -> Spare | None:
        """Give a spare of a lesson away; None when there is none."""
        self._asked = time.monotonic()
        wanted = self._wanted.get(digest)
        while wanted is not None and wanted.there:
            spare = wanted.there.pop(0)
            if not spare.line.ended.done():
                return spare
        if len(self) and self._free() <= len(self):
            self._give_up()  # the pool is full of what others may want later
        return None

    def _give_up(self) -> None:
        """End a spare of the lesson that was opened longest ago."""
        have = [wanted for wanted in self._wanted.values() if wanted.there]
        if have:
            self._let_go(min(have, key=lambda wanted: wanted.opened).there.pop())

    def _let_go(self, spare: Spare) -> None:
        task = asyncio.ensure_future(self._end(spare.kernel_id))
        self._ends.add(task)  # type: ignore[arg-type]
        task.add_done_callback(self._ends.discard)  # type: ignore[arg-type]

    def _next(self) -> _Wanted | None:
        """Return the lesson that gets the next spare, if the machine has room for one."""
        short = [wanted for digest, wanted in self._wanted.items()
                 if len(wanted.there) + self._taken(digest) < wanted.expected]
        number = len(self)
        if not short or number >= self.most or number >= self._free():
            return None
        if number + 1 > (_free_mb() + number * MB_EACH) // PART // MB_EACH:
            return None
        return max(short, key=lambda wanted: wanted.opened)

    def _sweep(self) -> None:
        """Let spares of old and replaced lessons go, and forget those that ended."""
        now = time.monotonic()
        for digest, wanted in list(self._wanted.items()):
            over = now - wanted.opened > OPENED_WITHIN
            for spare in list(wanted.there):
                if spare.line.ended.done():
                    wanted.there.remove(spare)
                elif over or spare.host.replaced:
                    wanted.there.remove(spare)
                    self._let_go(spare)
                    wanted.expected = 0
            if over:
                del self._wanted[digest]

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            self._sweep()
            if time.monotonic() - self._asked < QUIET:
                continue
            wanted = self._next()
            if wanted is None:
                continue
            begun = time.monotonic()
            try:
                spare = await self._make(wanted.page)
            except UserError:
                spare = None
            except Exception:
                log.exception("a spare kernel did not start", lesson=wanted.page.name)
                spare = None
            if spare is None:
                wanted.expected = 0
            elif self._wanted.get(wanted.page.digest) is wanted:
                wanted.there.append(spare)
            else:
                self._let_go(spare)
            await asyncio.sleep(time.monotonic() - begun)

    async def close(self) -> None:
        """End all."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        there = [spare for wanted in self._wanted.values() for spare in wanted.there]
        self._wanted.clear()
        await asyncio.gather(*(self._end(spare.kernel_id) for spare in there), *self._ends,
                             return_exceptions=True)
