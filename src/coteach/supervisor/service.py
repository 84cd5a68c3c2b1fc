"""One part of the deployment as a child process that is started again when it dies or hangs.

A child has its own process group and a parent-death signal, so it never outlives the supervisor.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import httpx

from coteach import ports
from coteach.supervisor import stun
from coteach.supervisor.logfile import LogFile

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)

FIRST_DELAY, LONGEST_DELAY = 0.3, 30.0
STEADY = 30.0
"""Seconds after which a service counts as well again and the next restart is quick."""
EARLY_ENDS = 4
"""Ends before it was ever ready, after which a service counts as one that can't start."""
WATCH_EVERY, ASK_AGAIN, PATIENT = 10.0, 2.0, 10.0
"""Seconds between two looks at a service that is well; at one that did not answer; for one."""
HUNG_AFTER, HUNG_TRIES = 20.0, 3
"""Seconds and looks in a row without an answer, after which a service hangs."""
STUCK_AFTER = 120.0
"""Seconds after its start in which a service must have become ready."""
HUNG_GRACE = 3.0
"""Seconds that a service which hangs has to end by itself."""


class State(StrEnum):
    """What a service is doing."""

    STARTING = "starting"
    READY = "ready"
    DOWN = "down"
    """It died and waits for its next start."""
    STOPPED = "stopped"


@dataclass(frozen=True)
class Service:
    """How to start a part and how to see that it answers."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    health: str = ""
    """An address that answers below 400 when the service is ready, or ``stun://HOST:PORT``; empty
    when it has none."""
    headers: tuple[tuple[str, str], ...] = ()
    """Request headers for the health address."""
    folder: Path | None = None
    after: tuple[str, ...] = ()
    """Services that must have been ready once before this one is first started."""
    on_ready: Callable[[], Awaitable[None]] | None = None
    """What to do each time it has become ready."""


def _die_with(parent: int) -> Callable[[], None]:
    def in_child() -> None:
        # SIGTERM and not SIGKILL: the live server still closes its recordings.
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return in_child


class Keeper:
    """Keeps one service running until told to stop.

    Parameters
    ----------
    service
        What to run.
    log
        Where its output goes.
    client
        An HTTP client for the health checks.
    tell
        Called with the keeper whenever its state changed.
    """

    def __init__(self, service: Service, log: LogFile, client: httpx.AsyncClient,
                 tell: Callable[[Keeper], None]) -> None:
        self.service = service
        self.log = log
        self.state = State.STOPPED
        self.pid: int | None = None
        self.exit: int | None = None
        self.restarts = 0
        self.why = ""
        """Why it was ended by us, when it was."""
        self.ready_once = asyncio.Event()
        self.can_not_start = asyncio.Event()
        """It ended again and again before it was ready once."""
        self._client = client
        self._tell = tell
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, earlier: Sequence[Keeper] = ()) -> None:
        """Begin, after the keepers named by `Service.after` have been ready once."""
        self._task = asyncio.create_task(self._run(earlier), name=f"keep {self.service.name}")

    async def stop(self, grace: float) -> None:
        """Ask the process to end, end it after `grace` seconds, and return when it is gone."""
        self._stopping.set()
        if self.pid is not None:
            self._signal(signal.SIGTERM)
        if self._task is None:
            return
        _done, pending = await asyncio.wait({self._task}, timeout=grace)
        if pending:
            self._signal(signal.SIGKILL)
            await asyncio.wait({self._task}, timeout=2)
        self._task.cancel()

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                # The group, so that helpers of the service go with it.
                os.killpg(self.pid, number) if number is signal.SIGKILL else os.kill(
                    self.pid, number)

    def _become(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self._tell(self)

    async def _run(self, earlier: Sequence[Keeper]) -> None:
        for keeper in earlier:
            await self._or_stop(keeper.ready_once.wait())
        delay, early = FIRST_DELAY, 0
        while not self._stopping.is_set():
            began = time.monotonic()
            await self._once()
            if self._stopping.is_set():
                break
            early += 1
            if early >= EARLY_ENDS and not self.ready_once.is_set():
                self.can_not_start.set()
            self._become(State.DOWN)
            if time.monotonic() - began > STEADY:
                delay = FIRST_DELAY
            await self._or_stop(asyncio.sleep(delay))
            delay = min(delay * 2, LONGEST_DELAY)
            self.restarts += 1
        self._become(State.STOPPED)

    async def _or_stop(self, awaitable: Awaitable[object]) -> None:
        waiting = [asyncio.ensure_future(awaitable), asyncio.ensure_future(self._stopping.wait())]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for future in waiting:
            future.cancel()

    async def _once(self) -> None:
        """Start the process, watch it, and return when it is gone."""
        self._become(State.STARTING)
        service = self.service
        try:
            process = await asyncio.create_subprocess_exec(
                *service.command, env=dict(service.environ), cwd=service.folder,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT, start_new_session=True,
                preexec_fn=_die_with(os.getpid()), limit=2**20)
        except OSError as error:
            self.log.write(f"{service.name} can't be started: {error}".encode())
            self.exit = 127
            return
        self.pid, self.why = process.pid, ""
        self.log.write(f"(started as process {process.pid})".encode())
        assert process.stdout is not None
        reading = asyncio.create_task(self.log.follow(process.stdout))
        checking = asyncio.create_task(self._watch(time.monotonic()))
        self.exit = await process.wait()
        checking.cancel()
        # A grandchild may hold the pipe open; what it says later is not worth waiting for.
        await asyncio.wait({reading}, timeout=0.5)
        reading.cancel()
        self.log.write(f"(process {process.pid} ended: {describe_exit(self.exit)})".encode())
        self.pid = None

    async def _watch(self, began: float) -> None:
        """Wait until the service is ready, then see that it goes on answering."""
        while self.service.health and not await self._answers():
            if time.monotonic() - began > STUCK_AFTER * burden():
                await self._end_hung(time.monotonic() - began)
                return
            await asyncio.sleep(0.15)
        await self._is_ready()
        since, tries = 0.0, 0
        while self.service.health:
            await asyncio.sleep(ASK_AGAIN if tries else WATCH_EVERY)
            asked = time.monotonic()
            if await self._answers(PATIENT):
                tries = 0
                continue
            since, tries = since if tries else asked, tries + 1
            silent = time.monotonic() - since
            if tries >= HUNG_TRIES and silent >= HUNG_AFTER * burden():
                await self._end_hung(silent)
                return

    async def _end_hung(self, seconds: float) -> None:
        self.why = f"no answer for {seconds:.0f} s"
        self.log.write(f"(process {self.pid} is ended: {self.why} at {self.service.health})"
                       .encode())
        self._signal(signal.SIGTERM)
        await asyncio.sleep(HUNG_GRACE)
        self._signal(signal.SIGKILL)

    async def _is_ready(self) -> None:
        if self.service.on_ready is not None:
            try:
                await self.service.on_ready()
            except httpx.HTTPError as error:
                self.log.write(f"(after the start: {error!r})".encode())
        self.ready_once.set()
        self._become(State.READY)

    async def _answers(self, seconds: float = 5) -> bool:
        address = httpx.URL(self.service.health)
        port = address.port or (443 if address.scheme == "https" else 80)
        # First of all, since the question may carry a secret: somebody else's program on this
        # port must neither get it nor pass for the service.
        if self.pid is None or not ports.listens(address.host, port, ports.session_of(self.pid)):
            return False
        if address.scheme == "stun":
            return await stun.answers(address.host, port, seconds)
        try:
            answer = await self._client.get(
                self.service.health, headers=dict(self.service.headers), timeout=seconds)
        except httpx.HTTPError:
            return False
        return answer.status_code < 400


def burden() -> float:
    """Return how much longer things may take on this machine now: 1 when it has time, at most 4.

    What is slow because everything is slow does not hang.
    """
    return min(4.0, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


def describe_exit(code: int) -> str:
    """Return an exit code in words."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
