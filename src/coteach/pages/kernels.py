"""The kernels of class pages: each in a sandbox, each belonging to one visitor.

Rule: a kernel that nobody looks at is given back, and a visitor reaches no kernel but her own. The
browser may send widget messages only; the server itself runs the lesson.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets.config import Config

from coteach import sandbox
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.settings import Settings

ALLOWED_MESSAGES = ["comm_open", "comm_close", "comm_msg", "comm_info_request",
                    "kernel_info_request"]
KEPT_VARIABLES = ["COTEACH_LANG", "COTEACH_LESSON", "MPLBACKEND"]

CHECK_EVERY = 2.0
CLOSED_AFTER = 60.0
"""Seconds without a socket after which the page counts as closed."""
IDLE_AFTER = 1800.0
"""Seconds without a word from the page after which even an open one loses its kernel."""

log = structlog.get_logger("pages")


class NoKernelFree(UserError):
    """All kernels are in use; the page without them is still there to read."""

    def __init__(self) -> None:
        super().__init__(
            _("The moving parts of this page are all in use right now."),
            hint=_("You can read on. Try again in a minute."), status=503, code="no-kernel-free")


@dataclass
class Owned:
    """Whose kernel it is and when its page was last heard of."""

    visitor: str
    started: float = field(default_factory=time.monotonic)
    seen: float = field(default_factory=time.monotonic)
    running: bool = True
    """The server is still executing the lesson."""


class LessonKernels(AsyncMappingKernelManager):
    """Voila's kernel manager, with owners, a limit and an end for each kernel."""

    def __init__(self, spec_folder: Path, limit: int, **kwargs: Any) -> None:
        config = Config()
        # A restarted kernel would be empty: dead buttons that look alive. The page says it is gone.
        config.KernelManager.autorestart = False
        config.MappingKernelManager.buffer_offline_messages = False
        specs = KernelSpecManager(
            kernel_dirs=[str(spec_folder / "kernels")], ensure_native_kernel=False)
        super().__init__(config=config, kernel_spec_manager=specs,
                         allowed_message_types=ALLOWED_MESSAGES, **kwargs)
        self.limit = limit
        self.owners: dict[str, Owned] = {}
        self._turn = asyncio.Semaphore(max(2, os.cpu_count() or 2))
        self._watch: asyncio.Task[None] | None = None

    # Voila asks these two of every kernel manager (its preheat protocol).
    @property
    def notebook_data(self) -> dict[str, Any]:
        """No notebook is rendered in advance."""
        return {}

    def get_pool_size(self, notebook: str) -> int:
        """Return how many kernels wait with this notebook executed."""
        return 0

    def belongs(self, kernel_id: str, visitor: str) -> bool:
        """Say whether this kernel is there and is this visitor's."""
        owned = self.owners.get(kernel_id)
        return owned is not None and owned.visitor == visitor and kernel_id in self

    async def alive(self, kernel_id: str) -> bool:
        """Say whether a kernel that is there still runs."""
        manager: Any = self.get_kernel(kernel_id)
        return bool(await manager.is_alive())

    def touch(self, kernel_id: str) -> None:
        """Note that the page of a kernel is still open."""
        if owned := self.owners.get(kernel_id):
            owned.seen = time.monotonic()

    @asynccontextmanager
    async def run(self, visitor: str, env: Mapping[str, str], folder: Path | None
                  ) -> AsyncIterator[str]:
        """Start a kernel for a visitor and give its id for as long as the lesson is executed.

        Raises
        ------
        NoKernelFree
            The limit is reached, also after closing what this visitor no longer looks at.
        """
        await self._release_own(visitor)
        if len(self.owners) >= self.limit:
            raise NoKernelFree
        kernel_id = str(uuid.uuid4())
        owned = self.owners[kernel_id] = Owned(visitor)
        if self._watch is None:
            self._watch = asyncio.create_task(self._watch_over())
        try:
            # Thirty at the bell would each wait for all the others: a few at a time, in order.
            async with self._turn:
                place: dict[str, Any] = {"cwd": str(folder)} if folder else {}
                await self._async_start_kernel(
                    kernel_id=kernel_id, kernel_name="python3", env=dict(env), **place)
                yield kernel_id
        except BaseException:
            await self.close(kernel_id)
            raise
        owned.running = False
        owned.seen = time.monotonic()

    async def close(self, kernel_id: str) -> None:
        """End a kernel for good."""
        self.owners.pop(kernel_id, None)
        if kernel_id in self:
            with contextlib.suppress(Exception):
                await self._async_shutdown_kernel(kernel_id, now=True)

    async def close_of(self, visitor: str) -> None:
        """End all kernels of a visitor who left."""
        for kernel_id in [k for k, o in self.owners.items() if o.visitor == visitor]:
            await self.close(kernel_id)

    async def close_all(self) -> None:
        """End every kernel; the service stops."""
        if self._watch is not None:
            self._watch.cancel()
        await asyncio.gather(*(self.close(kernel_id) for kernel_id in list(self.owners)))

    async def _release_own(self, visitor: str) -> None:
        """A reloaded page gives back its kernel, a third tab that of the first."""
        mine = sorted((o.started, k) for k, o in self.owners.items()
                      if o.visitor == visitor and not o.running)
        open_ones = [k for _s, k in mine if self._kernel_connections.get(k)]
        for _started, kernel_id in mine:
            if kernel_id not in open_ones[-1:]:
                await self.close(kernel_id)

    async def _watch_over(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            for kernel_id, owned in list(self.owners.items()):
                try:
                    if not owned.running and await self._is_over(kernel_id, owned):
                        await self.close(kernel_id)
                except Exception:
                    log.exception("a kernel could not be checked", kernel=kernel_id)

    async def _is_over(self, kernel_id: str, owned: Owned) -> bool:
        if kernel_id not in self:
            return True
        if not await self.alive(kernel_id):
            return True
        silent = time.monotonic() - owned.seen
        connected = bool(self._kernel_connections.get(kernel_id))
        return silent > (IDLE_AFTER if connected else CLOSED_AFTER)


def kernel_config(settings: Settings, **more: Any) -> dict[str, Any]:
    """Return the sandbox of a lesson kernel: no network, no secrets, the lesson's files to read."""
    return {"memory_mb": settings.lesson_memory_mb, "processes": 48, "cpu_seconds": 600,
            "file_mb": 32, "copy_mb": 200, "keep_env": KEPT_VARIABLES,
            "trust_local": settings.trust_local, **more}


def lesson_kernels(settings: Settings) -> LessonKernels:
    """Return the kernel manager of a deployment's class pages."""
    folder = settings.layout.run / "lesson-kernels"
    sandbox.write_kernelspec(folder, config=kernel_config(settings))
    return LessonKernels(folder, settings.lesson_kernels,
                         connection_dir=str(settings.layout.run))
