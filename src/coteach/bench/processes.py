"""A server under test: started, measured with all it starts, and ended without leftovers.

Rule: whatever the server starts stays under us, also when its own parent has ended: we are the
reaper of orphans (`PR_SET_CHILD_SUBREAPER`), so no processor time is lost from the sum.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from coteach import ports
from coteach.errors import UserError
from coteach.i18n import gettext as _

_PR_SET_CHILD_SUBREAPER = 36
Kernel = tuple[psutil.Process, ...]
"""The processes of one kernel: itself, and what holds it if it has one of its own."""

_MB = 1 << 20


def adopt_orphans(yes: bool = True) -> None:
    """Make this process the parent of what its descendants leave behind, or let that be."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)


def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    return ports.free_port("127.0.0.1")


@dataclass(frozen=True)
class Memory:
    """Memory of some processes in MB: what only they have, and with their part of what is shared.

    """

    uss: float
    pss: float


@dataclass
class Server:
    """A process with everything below it.

    Parameters
    ----------
    command, folder, env
        How it is started.
    port
        Where it will listen on loopback.
    log
        Gets what it says.
    """

    command: list[str]
    folder: Path
    port: int
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    _others: frozenset[int] = frozenset()

    def start(self, seconds: float = 120.0) -> float:
        """Start it and return after how many seconds it listened.

        Raises
        ------
        UserError
            It ended, or did not listen in time; the sentence has the end of its log.
        """
        adopt_orphans()
        self._others = frozenset(p.pid for p in psutil.Process().children(recursive=True))
        begun = time.perf_counter()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env={**os.environ, **self.env}, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        while not self._listens():
            if self.process.poll() is not None or time.perf_counter() - begun > seconds:
                self.end()
                raise UserError(_("{command} did not start: {said}").format(
                    command=Path(self.command[-1] if len(self.command) == 1 else
                                 self.command[0]).name, said=self.last_words()),
                    status=500, code="bench-no-start")
            time.sleep(0.02)
        return time.perf_counter() - begun

    def _listens(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def last_words(self) -> str:
        """Return the end of what it said."""
        text = self.log.read_text(encoding="utf-8", errors="replace").strip()
        return text[-600:]

    def processes(self) -> list[psutil.Process]:
        """Return it and everything that it started and that still runs."""
        return [p for p in psutil.Process().children(recursive=True) if p.pid not in self._others]

    def cpu(self) -> float:
        """Return the processor seconds of all of them, also of those that were waited for."""
        total = 0.0
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        # What we have reaped ourselves as the parent of orphans.
        mine = os.times()
        return total + mine.children_user + mine.children_system

    def rest(self, seconds: float = 60.0, quiet: float = 2.5,
             ready: Callable[[], bool] = lambda: True) -> float:
        """Wait until it does nothing for a while; return how long that took to begin.

        `ready` says whether it has done what it does by itself; a busy machine begins late.
        """
        begun = since = time.perf_counter()
        spent, there = self.cpu(), len(self.processes())
        while (now := time.perf_counter()) - begun < seconds and (
                now - since < quiet or not ready()):
            time.sleep(0.5)
            cpu, number = self.cpu(), len(self.processes())
            if cpu - spent > 0.03 or number != there:
                since = time.perf_counter()
            spent, there = cpu, number
        return since - begun

    def end(self, seconds: float = 15.0) -> None:
        """Stop it; what does not go by itself is killed."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        left = self.processes()
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.terminate()
        _gone, alive = psutil.wait_procs(left, timeout=5)
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(alive, timeout=5)
        reap()
        # Nobody collects what others in this process start later.
        adopt_orphans(False)


def reap() -> None:
    """Wait for orphans that have ended; without this they would stay as zombies."""
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.Error, ChildProcessError):
            if process.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(process.pid, os.WNOHANG)


def parents(processes: Iterable[psutil.Process]) -> dict[psutil.Process, int]:
    """Return which process started each of these, as far as they are there."""
    found = {}
    for process in processes:
        with contextlib.suppress(psutil.Error):
            found[process] = process.ppid()
    return found


def memory(processes: Iterable[psutil.Process]) -> Memory:
    """Return the memory of some processes."""
    uss = pss = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            found = process.memory_full_info()
            uss += found.uss / _MB
            pss += found.pss / _MB
    return Memory(uss, pss)


def cpu_of(processes: Iterable[psutil.Process]) -> float:
    """Return the processor seconds of some processes themselves."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total
