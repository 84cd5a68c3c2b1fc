"""The supervisor: everything of one deployment, from the first start to the last stop.

Rule: a part that dies or hangs is started again while the others go on; when the supervisor is
gone, however it went, nothing of its run is left.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.settings import Layout
from coteach.supervisor import mark
from coteach.supervisor.logfile import LogFile
from coteach.supervisor.service import Keeper, Service, State, describe_exit

STOP_GRACE = 5.0
"""Seconds a service has to stop by itself; with what follows, all is gone within ten."""


@dataclass(frozen=True)
class Change:
    """Something the person at the terminal may want to know."""

    name: str
    state: State
    restarts: int
    exit: str
    log: Path


class Supervisor:
    """Runs services and keeps them running.

    Parameters
    ----------
    layout
        Where logs go.
    run
        The mark of this run; the services' environments carry it already.
    tell
        Called with every change of a service's state.
    """

    def __init__(self, layout: Layout, run: str,
                 tell: Callable[[Change], None] = lambda change: None) -> None:
        self._layout = layout
        self._run = run
        self._tell = tell
        # Health checks stay on loopback: no proxy of the environment, no certificate to check.
        self.client = httpx.AsyncClient(trust_env=False, verify=False, timeout=10)  # noqa: S501
        self.keepers: dict[str, Keeper] = {}
        self._guardian: subprocess.Popen[bytes] | None = None

    def start(self, services: Sequence[Service]) -> None:
        """Start everything; returns at once."""
        self._guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", mark.__file__, self._run], stdin=subprocess.PIPE,
            start_new_session=True, env={}, cwd="/")
        for service in services:
            log = LogFile(self._layout.logs / f"{service.name}.log")
            self.keepers[service.name] = Keeper(service, log, self.client, self._changed)
        for keeper in self.keepers.values():
            keeper.start([self.keepers[name] for name in keeper.service.after])

    def _changed(self, keeper: Keeper) -> None:
        ended = "" if keeper.exit is None else describe_exit(keeper.exit)
        self._tell(Change(keeper.service.name, keeper.state, keeper.restarts,
                          keeper.why or ended, keeper.log.path))

    @property
    def pids(self) -> dict[str, int]:
        """The process of each service that runs now."""
        return {name: keeper.pid for name, keeper in self.keepers.items() if keeper.pid}

    async def wait_until_ready(self, seconds: float) -> None:
        """Return when every service has been ready once.

        Raises
        ------
        UserError
            One of them was not in this time, or ends whenever it is started.
        """
        keepers = list(self.keepers.values())

        async def all_ready() -> None:
            for keeper in keepers:
                await keeper.ready_once.wait()

        waiting: list[asyncio.Task[Any]] = [asyncio.create_task(all_ready()), *(
            asyncio.create_task(keeper.can_not_start.wait()) for keeper in keepers)]
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        late = [k for k in keepers if k.can_not_start.is_set()] or [
            k for k in keepers if not k.ready_once.is_set()]
        if late:
            raise UserError(
                _("The part {name} does not start.").format(name=late[0].service.name),
                hint=_("Its log is {file}; the last line: {line}").format(
                    file=late[0].log.path, line=late[0].log.last_said()[:300]),
                status=500, code="no-start")

    async def stop(self) -> None:
        """Stop everything that belongs to this run, Labs included, within ten seconds."""
        ours = frozenset(self.pids.values())
        await asyncio.gather(
            asyncio.to_thread(mark.end_marked, self._run, STOP_GRACE - 1, ours),
            *(keeper.stop(STOP_GRACE) for keeper in self.keepers.values()))
        await asyncio.to_thread(mark.end_marked, self._run, 0.5)
        await self.client.aclose()
        if self._guardian is not None and self._guardian.stdin is not None:
            self._guardian.stdin.close()
            await asyncio.to_thread(self._guardian.wait, 5)
