"""The kernels of class pages: one for each visitor and lesson, belonging to nobody else.

Rule: a kernel that nobody looks at is given back, and a visitor reaches no kernel but her own. The
browser may send widget messages only. A kernel is gone at the moment its line breaks.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import time
import uuid
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from jupyter_server._tz import utcnow
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets.config import Config

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.pages.channels import Published
from coteach.pages.host import Host, HostFailed
from coteach.pages.hosts import Hosts
from coteach.pages.line import Line
from coteach.pages.page import Page
from coteach.pages.shares import Shares
from coteach.pages.spares import Spare, Spares
from coteach.pages.turns import Turns
from coteach.pages.visitorkernel import OneSpec
from coteach.settings import Settings

ALLOWED_MESSAGES = ["comm_open", "comm_close", "comm_msg", "comm_info_request",
                    "kernel_info_request"]
CHECK_EVERY = 2.0
CLOSED_AFTER = 60.0
"""Seconds without a word from any of its pages after which a kernel is given back."""
SHORT_GRACE = 6.0
"""The same for a page that said that it is being left, while others wait for a kernel."""
IDLE_AFTER = 1800.0
"""Seconds without a touch after which a kernel is given back, though its page is open."""
BUSY_AFTER = 30.0
"""Seconds of silent work after which a kernel is interrupted; it ends when that does not help."""
MOST_EACH = 2
"""Kernels of one visitor: the lesson she is in, and the one that it has replaced."""
ANSWER_WITHIN = 4.0
"""Seconds after which a page that asked for a kernel hears that it has to wait."""
LEAVERS = 4096
"""Visitors remembered of those who left."""
GONE = 4404
"""The code that a page's socket is closed with when its kernel has ended."""

log = structlog.get_logger("pages")


def more_files(most: int = 16_384) -> None:
    """Let this process open as many files as it may: a kernel with an open page takes a dozen."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(hard, most)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@dataclass
class Owned:
    """Whose kernel it is and when its page was last heard of."""

    visitor: str
    digest: str
    line: Line
    host: Host
    started: float = field(default_factory=time.monotonic)
    seen: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)
    ahead: bool = False
    """It was started before its visitor asked for one."""
    interrupted: int = 0
    left: bool = False
    """Its page said that it is being left, and was not heard of since."""
    sockets: weakref.WeakSet[Any] = field(default_factory=weakref.WeakSet)

    @property
    def pid(self) -> int:
        """The kernel's process."""
        return self.line.pid


class Left(UserError):
    """Who asked for a kernel has left before it was there, or the service ends."""

    def __init__(self) -> None:
        super().__init__(_("You have left this lesson. Enter again to go on."),
                         status=410, code="gone")


class LessonKernels(AsyncMappingKernelManager):
    """The kernels of a service, with owners, a limit, a fair queue and an end for each.

    Parameters
    ----------
    hosts
        Where kernels come from.
    settings
        The deployment's settings; `lesson_kernels` bounds the pool.
    shares
        Who is behind a visitor, and how much is enough.
    """

    def __init__(self, hosts: Hosts, settings: Settings, shares: Shares | None = None) -> None:
        config = Config()
        # A restarted kernel would be empty: dead buttons that look alive. The page says it is gone.
        config.KernelManager.autorestart = False
        config.MappingKernelManager.buffer_offline_messages = False
        folder = settings.layout.run
        super().__init__(config=config, kernel_spec_manager=OneSpec(),
                         allowed_message_types=ALLOWED_MESSAGES, connection_dir=str(folder),
                         root_dir=str(folder if folder.is_dir() else Path.cwd()))
        self.kernel_manager_class = "coteach.pages.visitorkernel.VisitorKernel"
        more_files()
        self.hosts = hosts
        self.limit = settings.lesson_kernels
        self.owners: dict[str, Owned] = {}
        self.shares = shares or Shares()
        self.turns = Turns(party=lambda who: self.shares.of(who[0]))
        self.spares = Spares(
            make=self._spare, end=self.close, taken=self._taken,
            free=lambda: self.limit - len(self.owners) - len(self._starting),
            most=settings.spare_kernels)
        self._starting: dict[tuple[str, str], asyncio.Task[str]] = {}
        # Thirty at the bell would each wait for all the others: a few at a time, in order.
        self._at_once = asyncio.Semaphore(2 * (os.cpu_count() or 2))
        self._ends: set[asyncio.Task[None]] = set()
        self._left: dict[str, None] = {}
        self._watch: asyncio.Task[None] | None = None

    def belongs(self, kernel_id: str, visitor: str) -> bool:
        """Say whether this kernel is there and is this visitor's."""
        owned = self.owners.get(kernel_id)
        return owned is not None and owned.visitor == visitor and kernel_id in self

    async def alive(self, kernel_id: str) -> bool:
        """Say whether a kernel that is there still runs."""
        owned = self.owners.get(kernel_id)
        return owned is not None and not owned.line.ended.done()

    def of(self, visitor: str, digest: str) -> str | None:
        """Return the kernel of a visitor for a lesson, if there is one."""
        for kernel_id, owned in self.owners.items():
            if (owned.visitor == visitor and owned.digest == digest
                    and not owned.line.ended.done()):
                return kernel_id
        return None

    def errors(self, visitor: str, digest: str) -> dict[str, str]:
        """Return what callbacks stumbled over in a visitor's kernel, and where."""
        kernel: Any = self._kernels.get(self.of(visitor, digest) or "")
        return dict(kernel.published.errors) if kernel is not None else {}

    def was_ahead(self, kernel_id: str) -> bool:
        """Say whether a visitor's kernel had been started before she asked for it."""
        owned = self.owners.get(kernel_id)
        return owned is not None and owned.ahead

    def in_use(self, digest: str) -> bool:
        """Say whether somebody has a kernel of a lesson."""
        return any(owned.digest == digest for owned in self.owners.values())

    def touch(self, kernel_id: str, *, used: bool = False) -> None:
        """Note that the page of a kernel is still open, and whether she does something."""
        if owned := self.owners.get(kernel_id):
            owned.seen, owned.left = time.monotonic(), False
            if used:
                owned.used = owned.seen

    def leaving(self, kernel_id: str) -> None:
        """Note that a page is being left; another tab or a reload keeps its kernel."""
        if owned := self.owners.get(kernel_id):
            owned.left = True

    async def ask(self, visitor: str, page: Page) -> tuple[str | None, int]:
        """Return this visitor's kernel of a lesson, or None and her place in the queue.

        Raises
        ------
        UserError
            The lesson gives no kernels, or she has left meanwhile.
        """
        if visitor in self._left:  # her pass was read before, and she was slower than her leave
            raise Left
        who = (visitor, page.digest)
        if kernel_id := self.of(*who):
            self.touch(kernel_id, used=True)
            return kernel_id, 0
        task = self._starting.get(who)
        if task is None:
            have = [owned.visitor for owned in self.owners.values()]
            starting = [other for other, _digest in self._starting]
            free = 0 if self.shares.has_enough(visitor, self.limit, starting, have) else (
                self.limit - len(have) - len(starting))
            if place := self.turns.ask(who, free, map(self.shares.of, (*have, *starting))):
                return None, place
            self.shares.begins(visitor)
            task = self._starting[who] = asyncio.create_task(self._start(visitor, page))
            task.add_done_callback(lambda ended: self._started(who, ended))
        done, _waiting = await asyncio.wait({task}, timeout=ANSWER_WITHIN)
        if done:
            if task.cancelled():
                raise Left
            return task.result(), 0
        return None, list(self._starting).index(who) + 1

    async def _start(self, visitor: str, page: Page) -> str:
        if self._watch is None:
            self._watch = asyncio.create_task(self._watch_over())
        await self._make_room(visitor)
        made = spare = self.spares.take(page.digest)
        if made is None:
            async with self._at_once:
                made = await self._make(page)
        self.owners[made.kernel_id] = Owned(
            visitor, page.digest, made.line, made.host, ahead=spare is not None)
        if made.line.ended.done():
            self._ended(made.kernel_id)
            raise HostFailed
        return made.kernel_id

    async def _make(self, page: Page, *, ahead: bool = False) -> Spare:
        """Make a kernel that is nobody's yet."""
        kernel_id, key = str(uuid.uuid4()), uuid.uuid4().hex
        line, host = await self.hosts.kernel(page, key, ahead=ahead)
        try:
            await self._async_start_kernel(kernel_id=kernel_id, kernel_name="python3",
                                           line=line, key=key)
            kernel: Any = self.get_kernel(kernel_id)
            kernel.published.tracebacks = page.show_tracebacks
            await kernel.published.subscribed()
        except BaseException:
            line.close()
            self._ended(kernel_id)
            raise
        line.ended.add_done_callback(lambda _done: self._ended(kernel_id))
        return Spare(kernel_id, line, host)

    async def _spare(self, page: Page) -> Spare | None:
        """Make a kernel ahead; None where each is a whole process of its own."""
        host = self.hosts.host(page)
        if not (await asyncio.shield(host.ready)).forkable:
            return None
        return await self._make(page, ahead=True)

    def _taken(self, digest: str) -> int:
        return (sum(owned.digest == digest for owned in self.owners.values())
                + sum(who[1] == digest for who in self._starting))

    async def _make_room(self, visitor: str) -> None:
        """End the kernel that a visitor has left longest ago when she has too many."""
        mine = sorted((o.seen, k) for k, o in self.owners.items() if o.visitor == visitor)
        for _seen, kernel_id in mine[:max(0, len(mine) - MOST_EACH + 1)]:
            await self.close(kernel_id)
        for kernel_id in self.shares.too_many(visitor, self._seen()):
            await self.close(kernel_id)

    def _seen(self) -> list[tuple[float, str, str]]:
        return [(owned.seen, kernel_id, owned.visitor) for kernel_id, owned in self.owners.items()]

    def _started(self, who: tuple[str, str], task: asyncio.Task[str]) -> None:
        self._starting.pop(who, None)
        if not task.cancelled():
            task.exception()  # who asked may have gone away meanwhile

    def start_watching_activity(self, kernel_id: str) -> None:
        """Hear what a kernel publishes: once, for its pages and for us."""
        kernel: Any = self._kernels[kernel_id]
        kernel.published = Published(kernel, self.track_message_type)
        kernel._activity_stream = kernel.published.stream  # what is closed when it ends

    def _kernel_start_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return kwargs

    def _ended(self, kernel_id: str) -> None:
        """Forget a kernel at once, and tell its pages."""
        owned = self.owners.pop(kernel_id, None)
        for socket in list(owned.sockets) if owned is not None else ():
            with contextlib.suppress(Exception):
                socket.close(GONE, "gone")
        with contextlib.suppress(RuntimeError):  # the loop has ended
            task = asyncio.get_running_loop().create_task(self._remove(kernel_id))
            self._ends.add(task)
            task.add_done_callback(self._ends.discard)

    async def _remove(self, kernel_id: str) -> None:
        if kernel_id in self:
            with contextlib.suppress(Exception):
                await self._async_shutdown_kernel(kernel_id, now=True)

    async def close(self, kernel_id: str) -> None:
        """End a kernel for good."""
        kernel: Any = self._kernels.get(kernel_id)
        if kernel is not None:
            kernel.provisioner.line.close()
        self._ended(kernel_id)
        await self._remove(kernel_id)

    async def close_of(self, visitor: str) -> None:
        """End all kernels of a visitor who left; she gets none any more."""
        self._left[visitor] = None
        while len(self._left) > LEAVERS:
            del self._left[next(iter(self._left))]
        self.turns.leave_all(lambda who: who[0] == visitor)
        await self._cancel([task for who, task in self._starting.items() if who[0] == visitor])
        for kernel_id in [k for k, o in self.owners.items() if o.visitor == visitor]:
            await self.close(kernel_id)

    async def close_all_of(self, visitors: str) -> None:
        """End all kernels of the visitors whose names begin so."""
        have = {owned.visitor for owned in self.owners.values()}
        for visitor in have | {visitor for visitor, _digest in self._starting}:
            if visitor.startswith(visitors):
                await self.close_of(visitor)

    async def _cancel(self, starting: list[asyncio.Task[str]]) -> None:
        """Stop kernels that start, and wait until they have hung up and are forgotten."""
        for task in starting:
            task.cancel()
        if starting:
            await asyncio.wait(starting, timeout=5)
            await self._ended_all()

    async def close_all(self) -> None:
        """End every kernel; the service stops."""
        if self._watch is not None:
            self._watch.cancel()
        await self.spares.close()
        await self._cancel(list(self._starting.values()))
        await asyncio.gather(*(self.close(kernel_id) for kernel_id in list(self.owners)))
        await self._ended_all()

    async def _ended_all(self) -> None:
        if self._ends:
            await asyncio.wait(self._ends, timeout=5)

    async def _watch_over(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            waiting = len(self.turns) > 0
            if len(self.owners) + len(self._starting) >= self.limit:
                for kernel_id in self.shares.beside(self._seen())[:len(self.turns)]:
                    await self.close(kernel_id)
            for kernel_id, owned in list(self.owners.items()):
                try:
                    if self._is_over(owned, waiting) or self._is_stuck(kernel_id, owned):
                        await self.close(kernel_id)
                except Exception:
                    log.exception("a kernel could not be ended", kernel=kernel_id)

    def _is_stuck(self, kernel_id: str, owned: Owned) -> bool:
        """Interrupt a kernel that works and says nothing; say whether that was in vain."""
        kernel: Any = self._kernels.get(kernel_id)
        if getattr(kernel, "execution_state", "") != "busy":
            owned.interrupted = 0
            return False
        silent = (utcnow() - kernel.last_activity).total_seconds()
        if silent > BUSY_AFTER * (1 + owned.interrupted):
            owned.interrupted += 1
            owned.line.order(b"I")
            log.info("a kernel was interrupted", kernel=kernel_id, silent=round(silent))
        return owned.interrupted > 3

    @staticmethod
    def _is_over(owned: Owned, waiting: bool) -> bool:
        now = time.monotonic()
        silent = now - owned.seen
        if owned.left and waiting and silent > SHORT_GRACE:
            return True
        return silent > CLOSED_AFTER or now - owned.used > IDLE_AFTER
