"""Lesson hosts, one for each version of a lesson in a language.

A host starts when its lesson is first wanted, is started again when it dies, stays as long as it
has visitors when its lesson was replaced, and ends when nobody wants it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from coteach.errors import UserError
from coteach.pages.executed import CellError, Executed
from coteach.pages.host import Host, HostFailed, costly
from coteach.pages.line import Line, LineBroken
from coteach.pages.page import Page
from coteach.pages.starting import Starter
from coteach.settings import Settings

IDLE_AFTER = 900.0
"""Seconds after which a host without visitors ends."""
REPLACED_AFTER = 30.0
MOST_IDLE = 12
"""Hosts without visitors that are kept; the one that was used last stays longest."""

log = structlog.get_logger("pages")


class Hosts:
    """The hosts of a service.

    Parameters
    ----------
    settings
        The deployment's settings.
    learnt
        Called with a digest and what was executed, whenever a host has done so.
    """

    def __init__(self, settings: Settings, learnt: Callable[[str, Executed], None]) -> None:
        self.settings = settings
        self.starter = Starter(settings)
        self._learnt = learnt
        self._hosts: dict[str, Host] = {}
        self._alone: set[Host] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None

    def host(self, page: Page) -> Host:
        """Return the host of a lesson, a fresh one where there is none or it died."""
        digest = page.digest
        found = self._hosts.get(digest)
        skip: tuple[CellError, ...] = ()
        if found is not None and found.dead and not self._unforkable(found):
            skip = found.costly
            self._spawn(found.end())
            found = None
        if found is None:
            for other in self._hosts.values():
                if page.name and other.page.name == page.name and other.digest != digest:
                    other.replaced = True
            found = self._hosts[digest] = Host(page, self.settings, self.starter, skip=skip)
            self._spawn(self._tell(found))
            if self._watch is None:
                self._watch = asyncio.create_task(self._watch_over())
        found.used = time.monotonic()
        return found

    @staticmethod
    def _unforkable(host: Host) -> bool:
        """Say whether a host ended as it should, because nothing can be forked from it."""
        return (host.ready.done() and not host.ready.cancelled()
                and host.ready.exception() is None and not host.ready.result().forkable)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, host: Host) -> None:
        with contextlib.suppress(UserError, asyncio.CancelledError):
            self._learnt(host.digest, await asyncio.shield(host.ready))

    async def kernel(self, page: Page, key: str, *, ahead: bool = False) -> tuple[Line, Host]:
        """Return a new kernel of a lesson: forked, or a process of its own.

        `ahead`: nobody waits for it; it may take its time now to be quicker later.

        Raises
        ------
        UserError
            There is none to be had.
        """
        request: dict[str, object] = {"key": key, "ahead": ahead}
        for attempt in range(3):
            host = self.host(page)
            found = await asyncio.shield(host.ready)
            try:
                if found.forkable:
                    return await host.connect(request), host
                return await self._on_its_own(page, request, found)
            except LineBroken as error:
                log.warning("a visitor's kernel did not start", lesson=page.name,
                            error=str(error), attempt=attempt, words=host.last_words())
                # It may be about to end; one that lives and answers nobody is ended.
                if not await host.ended(2.0) and not host.lines:
                    await host.end()
        raise HostFailed

    async def _on_its_own(self, page: Page, request: dict[str, object], found: Executed
                          ) -> tuple[Line, Host]:
        skip = tuple(error for error in found.errors if costly(error))
        host = Host(page, self.settings, self.starter, alone=True, skip=skip)
        self._alone.add(host)
        try:
            line = await host.connect(request)
        except BaseException:
            self._alone.discard(host)
            await host.end()
            raise
        line.ended.add_done_callback(lambda _done: self._over(host))
        return line, host

    def _over(self, host: Host) -> None:
        self._alone.discard(host)
        self._spawn(host.end())

    async def _watch_over(self) -> None:
        while True:
            await asyncio.sleep(2)
            now = time.monotonic()
            idle = sorted((h for h in self._hosts.values() if not h.lines and h.ready.done()),
                          key=lambda host: host.used)
            for place, host in enumerate(idle):
                spare = len(idle) - place > MOST_IDLE
                wait = REPLACED_AFTER if host.replaced or spare else IDLE_AFTER
                if now - host.used > wait:
                    self._hosts.pop(host.digest, None)
                    self._spawn(host.end())

    @property
    def pids(self) -> list[int]:
        """The process ids of the sandboxes that run."""
        return [host.pid for host in (*self._hosts.values(), *self._alone) if host.pid]

    async def close(self) -> None:
        """End every host."""
        if self._watch is not None:
            self._watch.cancel()
        hosts = [*self._hosts.values(), *self._alone]
        self._hosts.clear()
        self._alone.clear()
        await asyncio.gather(*(host.end() for host in hosts), return_exceptions=True)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        self.starter.close()
