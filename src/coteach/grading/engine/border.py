"""The wall between the tests' process and the student's, inside one sandbox.

The tests' process forks a keeper before it knows any test; the keeper makes a user and a process
namespace and forks the student's process into it. So the student's code sees no other process,
though both have one user id, one /tmp and one working folder: a file that she writes can be read by
a test, and the other way round. The keeper ends her process when it is told to or when the tests'
process is gone.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from coteach.sandbox.launcher import inner, limits, syscall_filter, syscalls

INTERRUPT, KILL = b"I", b"K"
_MOST_KEPT = 200
_HOME = "/home/me"


class Keeper:
    """The student's process seen from the tests'.

    Parameters
    ----------
    pid
        The keeper's process.
    line
        Where it listens and says at last how the student's process ended.
    """

    def __init__(self, pid: int, line: socket.socket) -> None:
        self.pid, self._line = pid, line
        self.ended: dict[str, Any] | None = None

    def interrupt(self) -> None:
        """Send her process what Ctrl-C sends."""
        with contextlib.suppress(OSError):
            self._line.send(INTERRUPT)

    def end(self) -> dict[str, Any]:
        """End her process with all that it started; return how it ended and what it used."""
        if self.ended is None:
            self.ended = {"code": 137}
            with contextlib.suppress(OSError):
                self._line.send(KILL)
            with contextlib.suppress(OSError, ValueError):
                self._line.settimeout(5)
                said = json.loads(self._line.recv(4096))
                self.ended = {"code": int(said["code"]), "cpu": float(said["cpu"])}
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.waitpid(self.pid, 0)
        return self.ended


def divide(student: Callable[[socket.socket], object], bounds: dict[str, int], *, apart: bool,
           kept: Sequence[str] = ()) -> tuple[Keeper, socket.socket]:
    """Fork the keeper and the student's process; return in the tests' process.

    Parameters
    ----------
    student
        Called in the student's process with its end of the line.
    bounds
        ``memory_mb``, ``processes``, ``open_files``, ``cpu_seconds``, ``file_mb``.
    apart
        False where there is no sandbox.
    kept
        Files below the working folder that the student's process can read only.

    Returns
    -------
    tuple
        The keeper and our end of the line.
    """
    ours, theirs = socket.socketpair()
    mine, keepers = socket.socketpair()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        theirs.close()
        keepers.close()
        return Keeper(pid, mine), ours
    try:
        _keep(student, theirs, keepers, bounds, apart, kept)
    finally:
        os._exit(125)


def _only(*kept: int) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _keep(student: Callable[[socket.socket], object], line: socket.socket, orders: socket.socket,
          bounds: dict[str, int], apart: bool, kept: Sequence[str]) -> NoReturn:
    gc.disable()  # no finalizer is to run here
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    _only(line.fileno(), orders.fileno())
    os.setsid()
    if apart:
        _namespaces()
    pid = os.fork()
    if pid == 0:
        try:
            gc.enable()
            orders.close()
            os.setsid()
            syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
            _walls(bounds, apart, kept)
            student(line)
        finally:
            os._exit(1)
    line.close()
    if apart:
        syscalls.drop_capabilities()
    _watch(pid, orders)


def _namespaces() -> None:
    uid, gid = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER | syscalls.CLONE_NEWPID | syscalls.CLONE_NEWIPC,
                     "unshare the student's namespaces")
    for file, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"),
                       ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{file}", "w", encoding="ascii") as out:
            out.write(text)


def _walls(bounds: dict[str, int], apart: bool, kept: Sequence[str]) -> None:
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    if not apart:
        return
    syscalls.unshare(syscalls.CLONE_NEWNS, "unshare the student's mount namespace")
    syscalls.mount(None, "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    safe = syscalls.MS_NOSUID | syscalls.MS_NODEV
    syscalls.mount("proc", "/proc", "proc", safe | syscalls.MS_NOEXEC)
    # What is written there would be on a disk; the working folder is memory.
    syscalls.restrict_mount(_HOME, syscalls.MOUNT_ATTR_RDONLY)
    _read_only(kept)
    inner.bound_user_namespaces()
    _limit(bounds)
    syscalls.drop_bounding_set()
    syscalls.drop_capabilities()
    syscalls.prctl(syscalls.PR_CAP_AMBIENT, 4)
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)
    # When memory is full, the kernel ends this process and not the one that marks.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w",
                                            encoding="ascii") as file:
        file.write("800")
    syscalls.install_filter(syscall_filter.program(counted_memory=False))


def _read_only(files: Sequence[str]) -> None:
    """Show files read-only; the folders above them can't be moved away from under them."""
    done: set[str] = set()
    for file in sorted(files)[:_MOST_KEPT]:
        parts = file.split("/")
        for count in range(len(parts)):
            folder = "/".join((os.getcwd(), *parts[:count]))
            if folder not in done:
                syscalls.mount(folder, folder, None, syscalls.MS_BIND | syscalls.MS_REC)
                done.add(folder)
        path = os.path.join(os.getcwd(), file)
        if os.path.isfile(path):
            syscalls.mount(path, path, None, syscalls.MS_BIND)
            syscalls.restrict_mount(path, syscalls.MOUNT_ATTR_RDONLY)


def _limit(bounds: dict[str, int]) -> None:
    mb = limits.MB
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        used = next((int(line.split()[1]) // 1024 for line in file if line.startswith("VmData")), 0)
    wanted = {resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: bounds["open_files"],
              resource.RLIMIT_FSIZE: bounds["file_mb"] * mb,
              resource.RLIMIT_DATA: (used + bounds["memory_mb"] + 128) * mb}
    if limits.rlimit_counts_per_sandbox(root=False):
        wanted[resource.RLIMIT_NPROC] = bounds["processes"] + 1
    for what, value in wanted.items():
        hard = resource.getrlimit(what)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))
    own = resource.getrusage(resource.RUSAGE_SELF)
    seconds = bounds["cpu_seconds"] + int(own.ru_utime + own.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))


def _watch(pid: int, orders: socket.socket) -> NoReturn:
    watched = os.pidfd_open(pid)
    poller = select.poll()
    poller.register(watched, select.POLLIN)
    poller.register(orders.fileno(), select.POLLIN)
    while True:
        happened = dict(poller.poll())
        if orders.fileno() in happened:
            said = orders.recv(64)
            with contextlib.suppress(ProcessLookupError):
                if not said or KILL in said:
                    os.kill(pid, signal.SIGKILL)
                    poller.unregister(orders.fileno())
                elif INTERRUPT in said:
                    os.kill(pid, signal.SIGINT)
        if watched in happened:
            _pid, status, used = os.wait4(pid, 0)
            code = os.waitstatus_to_exitcode(status)
            with contextlib.suppress(OSError):
                orders.send(json.dumps({"code": code if code >= 0 else 128 - code,
                                        "cpu": used.ru_utime + used.ru_stime}).encode())
            os._exit(0)
