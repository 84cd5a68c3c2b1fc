"""What a host and its kernels need of Python, noted before the lesson's own code runs.

Runs inside the sandbox. A lesson may replace `os.fork` or `json.loads` for itself; the host works
with what is kept here, and puts it back before kernels are made, which need it as well.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import time
from typing import Any

fork, getpid, leave = os.fork, os.getpid, os._exit
TRIAL, STRAY = 77, 78
"""Exit codes: of a trial child that has what it needs, of a lesson's fork that would run on."""
_PLACES: tuple[Any, ...] = (os, json, json.JSONEncoder, json.JSONDecoder, socket, socket.socket,
                            select, signal)


class Kept:
    """The functions of some modules and classes as they were."""

    def __init__(self) -> None:
        self._parts = [(place, {name: value for name, value in vars(place).items()
                                if callable(value) and not name.startswith("__")})
                       for place in _PLACES]

    def put_back(self) -> None:
        """Make everything what it was."""
        for place, parts in self._parts:
            for name, value in parts.items():
                if vars(place).get(name) is not value:
                    setattr(place, name, value)
            if isinstance(place, type):  # a new name may hide one of a base class
                for name, value in list(vars(place).items()):
                    if name not in parts and callable(value) and not name.startswith("__"):
                        delattr(place, name)


def trial() -> str:
    """Fork once and try what a kernel does first; return why it failed, or nothing."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        child = fork()
        if child == 0:
            _try_and_leave()
        _pid, status = os.waitpid(child, 0)
    except OSError as error:
        return error.strerror or str(error)
    return "" if os.waitstatus_to_exitcode(status) == TRIAL else str(status)


def _try_and_leave() -> None:
    try:
        signal.alarm(10)
        ours, theirs = socket.socketpair()
        theirs.send(json.dumps({"a": 1}).encode())
        if json.loads(ours.recv(100)) == {"a": 1}:
            leave(TRIAL)
    except BaseException as error:
        os.write(2, f"a trial copy failed: {error!r}\n".encode())
    finally:
        leave(1)


def children() -> set[int]:
    """Return the process ids of this process's children, with those that nobody collected."""
    found: set[int] = set()
    for task in os.listdir("/proc/self/task"):
        with contextlib.suppress(OSError), open(
                f"/proc/self/task/{task}/children", encoding="ascii") as file:
            found.update(int(number) for number in file.read().split())
    return found


def collect_strays(new: set[int], seconds: float = 0.3) -> int:
    """Collect forks of this process that ended because they would have run on; return how many.

    Any other child is left to who started it.
    """
    until, strays, left = time.monotonic() + seconds, 0, set(new)
    while left:
        for child in list(left):
            try:
                ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except OSError:
                left.discard(child)
                continue
            if ended is not None:
                left.discard(child)
                if ended.si_code == os.CLD_EXITED and ended.si_status == STRAY:
                    os.waitpid(child, 0)
                    strays += 1
        if time.monotonic() > until:
            break
        time.sleep(0.01)
    return strays
