"""One lesson host, seen from the service: the process that executed a lesson and forks kernels.

A cell that ends its host or never ends is left out of the next try, so that one bad cell does not
take the lesson away.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import structlog

from coteach import sandbox
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.pages import executed as results
from coteach.pages.executed import CellError, Executed, NoResult
from coteach.pages.line import Line, LineBroken
from coteach.pages.page import Page
from coteach.pages.place import Place
from coteach.pages.starting import Process, Starter
from coteach.settings import Settings

CELL_SECONDS = 20.0
LATE = 8.0
"""Seconds beyond its own after which a cell that can't be interrupted costs its host the life."""
LESSON_SECONDS = 300.0
IMPORT_SECONDS = 90.0
MOST_TRIES = 6
_COSTLY = ("endless", "ended")
_FULL = "of memory was reached"
"""What the sandbox writes when it has ended a program for this."""
_LOOK = 0.04

Made = TypeVar("Made")
log = structlog.get_logger("pages")


def costly(error: CellError) -> bool:
    """Say whether a cell would cost the next host as much time.

    One that was told that memory is full has the error's name; one that ended its host has none.
    """
    return error.kind in _COSTLY or (error.kind == "memory" and not error.ename)


async def _uncut(work: Coroutine[Any, Any, Made], take: Callable[[Made], None]) -> Made:
    """Make something to its end, though this task is cancelled meanwhile: `take` knows of it."""
    task = asyncio.ensure_future(work)
    try:
        made = await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):
            take(await task)
        raise
    take(made)
    return made


class HostFailed(UserError):
    """A lesson could not be executed at all; its text is still there."""

    def __init__(self) -> None:
        super().__init__(_("The moving parts of this page did not start. You can read on."),
                         status=503, code="lesson-failed")


class Host:
    """One process that executed a lesson, and what it showed."""

    def __init__(self, page: Page, settings: Settings, starter: Starter, *,
                 alone: bool = False, skip: tuple[CellError, ...] = ()) -> None:
        self.page = page
        self.alone = alone
        self.used = time.monotonic()
        self.replaced = False
        self.lines: set[Line] = set()
        self.skipped = list(skip)
        self._settings, self._starter = settings, starter
        self._place: Place | None = None
        self._process: Process | None = None
        self._gone: asyncio.Task[int] | None = None
        self.ready: asyncio.Task[Executed] = asyncio.create_task(self._execute())
        self.ready.add_done_callback(lambda task: task.cancelled() or task.exception())

    @property
    def digest(self) -> str:
        """The lesson's."""
        return self.page.digest

    @property
    def pid(self) -> int:
        """The process id of its sandbox, 0 when there is none."""
        return self._process.pid if self._process is not None and not self.dead else 0

    @property
    def dead(self) -> bool:
        """Whether its process has ended (or it could never be started)."""
        if self.ready.done() and (self.ready.cancelled() or self.ready.exception()):
            return True
        return self.ready.done() and (self._gone is None or self._gone.done())

    @property
    def costly(self) -> tuple[CellError, ...]:
        """The cells that another host of this lesson had better leave out."""
        if not self.ready.done() or self.ready.cancelled() or self.ready.exception():
            return tuple(self.skipped)
        return tuple(error for error in self.ready.result().errors if costly(error))

    async def _execute(self) -> Executed:
        for _try in range(MOST_TRIES):
            try:
                return await self._try()
            except NoResult as error:
                cell = await asyncio.to_thread(self._cell)
                words = self._place.last_words() if self._place else ""
                log.warning("a lesson host ended", lesson=self.page.name, cell=cell,
                            error=str(error), words=words[-500:])
                await self._end_process()
                if not cell:
                    raise HostFailed from None
                kind = ("endless" if str(error) == "endless" else
                        "memory" if _FULL in words[-300:] else "ended")
                self.skipped.append(CellError(cell, "", "", kind))
            except UserError:
                await self._end_process()
                raise
            except Exception:  # a full disk, no process to be had
                log.exception("a lesson host could not be started", lesson=self.page.name)
                await self._end_process()
                raise HostFailed from None
        raise HostFailed

    async def _try(self) -> Executed:
        apart = sandbox.ensure(self._settings.trust_local).ok
        page = self.page
        place = await _uncut(asyncio.to_thread(
            Place, page.folder, page.code, self._settings, apart=apart), self._take_place)
        spec = place.spec(digest=self.digest, seconds=CELL_SECONDS, alone=self.alone,
                          skip=[error.cell for error in self.skipped])
        env = self._starter.environment({"COTEACH_LANG": page.language, **page.env})
        walls = place.sandbox(alone=self.alone, kernels=self._settings.lesson_kernels)
        await _uncut(self._starter.start(place, spec, env, walls), self._take_process)
        await self._wait()
        found = await asyncio.to_thread(self._read)
        return replace(found, errors=(*self.skipped, *found.errors), outputs={
            **found.outputs, **{error.cell: [{
                "output_type": "error", "ename": error.kind, "evalue": "", "traceback": []}]
                for error in self.skipped}})

    def _take_place(self, place: Place) -> None:
        self._place = place

    def _take_process(self, process: Process) -> None:
        self._process = process
        self._gone = asyncio.create_task(process.wait())

    def _read(self) -> Executed:
        assert self._place is not None
        return results.parse(results.read_file(self._place.out / "result.json"),
                             {cell["id"] for cell in self.page.code})

    def _cell(self) -> str:
        """Return the cell in progress, or nothing."""
        if self._place is None:
            return ""
        with contextlib.suppress(NoResult):
            cell = results.read_file(self._place.out / "cell", 200).decode(errors="replace")
            if cell in {known["id"] for known in self.page.code}:
                return cell
        return ""

    async def _wait(self) -> None:
        """Return when there is a result; raise NoResult when there will be none."""
        assert self._place is not None and self._gone is not None
        began = since = time.monotonic()
        cell, looked = "", began
        while not (self._place.out / "result.json").exists():
            if self._gone.done():
                if (self._place.out / "result.json").exists():
                    return
                raise NoResult(f"exit code {self._gone.result()}")
            await asyncio.sleep(_LOOK)
            now = time.monotonic()
            if now - looked > 0.5:
                looked = now
                here = await asyncio.to_thread(self._cell)
                if here != cell:
                    cell, since = here, now
                if now - since > (CELL_SECONDS + LATE if cell else IMPORT_SECONDS) or (
                        now - began > LESSON_SECONDS):
                    raise NoResult("endless")

    async def ended(self, seconds: float) -> bool:
        """Say whether it ends within some seconds."""
        if self._gone is not None:
            await asyncio.wait({self._gone}, timeout=seconds)
        return self.dead

    async def connect(self, request: dict[str, object]) -> Line:
        """Return the line of a new kernel.

        Raises
        ------
        LineBroken
            There is none; the host may be dead.
        """
        await asyncio.shield(self.ready)
        if self._place is None or self.dead:
            raise LineBroken("the host has ended")
        line = Line(self._place.sockets, self._place.sockets_in)
        self.lines.add(line)
        self.used = time.monotonic()
        line.ended.add_done_callback(lambda _done: self._left(line))
        try:
            await line.open({
                **request, "limits": self._place.limits(), "apart": self._place.apart})
        except BaseException:
            line.close()
            self.lines.discard(line)
            raise
        return line

    def _left(self, line: Line) -> None:
        self.lines.discard(line)
        self.used = time.monotonic()
        line.sweep()

    def last_words(self) -> str:
        """Return what the host and its kernels wrote past Jupyter at the end."""
        return self._place.last_words()[-500:] if self._place is not None else ""

    async def _end_process(self) -> None:
        if self._process is not None:
            self._process.kill()
            if self._gone is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(self._gone), 5)
        if self._place is not None:
            await asyncio.to_thread(self._place.remove)
        self._process = self._place = self._gone = None

    async def end(self) -> None:
        """End it with all kernels that were forked from it."""
        for line in list(self.lines):
            line.close()
        if not self.ready.done():
            self.ready.cancel()
            with contextlib.suppress(BaseException):
                await self.ready
        await self._end_process()
