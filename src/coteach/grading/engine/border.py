"""The wall between the tests' process and the student's, inside one sandbox.

The tests' process makes a user and a process namespace before it knows any test, and forks the
student's process into them. So her code sees no other process, though both have one user id, one
/tmp and one working folder: a file that she writes can be read by a test, and the other way round.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Sequence

from coteach.sandbox.launcher import inner, limits, syscall_filter, syscalls

_MOST_KEPT = 200
_HOME = "/home/me"


class Keeper:
    """The student's process seen from the tests'.

    Parameters
    ----------
    pid
        Its process id; all that it starts ends with it.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ended = False
        self._cpu = 0.0

    def interrupt(self) -> None:
        """Send it what Ctrl-C sends."""
        if not self._ended:
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGINT)

    def end(self) -> float:
        """End it; return for how many seconds it used the processor."""
        if not self._ended:
            for kill in (os.killpg, os.kill):  # the group, where there is no namespace
                with contextlib.suppress(OSError):
                    kill(self.pid, signal.SIGKILL)
            self._ended = True
            with contextlib.suppress(OSError):
                _pid, _status, used = os.wait4(self.pid, 0)
                self._cpu = used.ru_utime + used.ru_stime
        return self._cpu


def divide(student: Callable[[socket.socket], object], bounds: dict[str, int], *, apart: bool,
           kept: Sequence[str] = ()) -> tuple[Keeper, socket.socket]:
    """Fork the student's process; return in the tests' process.

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
        The process and our end of the line.
    """
    ours, theirs = socket.socketpair()
    sys.stdout.flush()
    sys.stderr.flush()
    here = os.getpid()
    if apart:
        _namespaces()
    pid = os.fork()
    if pid:
        theirs.close()
        if apart:
            _shut()
        return Keeper(pid), ours
    try:
        _only(theirs.fileno())
        os.setsid()
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        if not apart and os.getppid() != here:
            os._exit(0)  # the tests' process ended before the line above
        _walls(bounds, apart, kept)
        student(theirs)
    finally:
        os._exit(1)


def _shut() -> None:
    """Close the doors that were open for making the walls; nobody looks into this process."""
    syscalls.drop_bounding_set()
    syscalls.drop_capabilities()
    syscalls.install_filter(syscall_filter.program(counted_memory=False))
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0)


def _only(*kept: int) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


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
