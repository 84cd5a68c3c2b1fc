"""The inner walls: one visitor's process inside the sandbox that she shares with other visitors.

A lesson is executed once, in a sandbox made with `nested=True`; then its process forks one child
for each visitor, and each child calls `inner_walls` before it touches anything of the visitor. She
gets processes, network, mounts, /tmp and a copy-on-write home of her own, and the strict system
call filter. Everything that could carry something from one visitor to another is replaced: open
files are opened anew, what is printed goes through a pipe of limited length.

The walls keep visitors apart from each other. They do not hold back the author of the lesson,
whose code ran before they stood; for her there is the sandbox around all of it.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import json
import os
import re
import resource
import select
import shutil
import signal
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from coteach.sandbox.launcher import inner, limits, syscall_filter, syscalls
from coteach.sandbox.model import HOME

PRINTED = 64 << 10
"""Bytes that one visitor's programs may write past Jupyter into the log."""
_LOOK = 1.0
_SAFE = syscalls.MS_NOSUID | syscalls.MS_NODEV
_TMP = "/tmp"  # noqa: S108  each visitor's own
_ROOM = 128
"""MB beside what may be used: the kernel's threads reserve stacks that they never fill."""


@dataclass(frozen=True)
class Walls:
    """What stands around this process.

    Parameters
    ----------
    home
        ``overlay`` (what she writes is hers, the rest is shared and read), ``copy`` (a copy of
        the whole home in memory), ``read`` (too large to copy, so it can't be written) or
        ``none`` (no walls were wanted).
    reason
        Why it is not an overlay; empty when it is.
    """

    home: str
    reason: str = ""


def inner_walls(life: int, *, sockets: Path | None = None, keep: Iterable[int] = (),
                home: Path = HOME, tmp_mb: int = 64, memory_mb: int = 512, processes: int = 32,
                cpu_seconds: int | None = None, open_files: int = 256, file_mb: int = 64,
                network: bool = False, apart: bool = True) -> Walls:
    """Put up the inner walls; return in a new process inside them.

    The calling process must have one thread and should just have been forked. It never returns
    from here: it supervises the new process, ends it when `life` hangs up or says so, and writes
    its exit code to `life` as one JSON line, ``{"code": 0}`` (128 + n after signal n), with a
    ``"reason"`` (``closed``, ``memory``, ``time``) when it was ended, or ``{"error": "words"}``
    when the walls can't be built. The new process is process 1 of its own process namespace and
    has no parent that it could see. Whoever forked the caller collects it (SIGCHLD ignored will do;
    it is not ignored inside).

    Parameters
    ----------
    life
        A stream socket. While its other end is open the visitor is there; the bytes ``K`` (end
        at once) and ``I`` (interrupt) may come through it. Not open in the new process unless
        it is in `keep`.
    sockets
        The visitor's own folder of sockets, which stays reachable from outside at the same path.
        Its siblings are no longer there inside, so the folder above it holds such folders only.
    keep
        Descriptors that stay as they are, besides 0 to 2.
    home
        The folder that becomes copy-on-write.
    tmp_mb
        What she may write to /tmp and her home together.
    memory_mb
        For each process as a limit on allocations; and for all of hers together, looked at once
        a second, on top of what the lesson itself had.
    processes, cpu_seconds, open_files, file_mb
        As in `Sandbox`; `processes` counts the threads of this visitor.
    network
        Keep the network of the sandbox; otherwise there is none, not even a loopback.
    apart
        False where `trust_local` says that there are no sandboxes: supervise, but without walls.

    Raises
    ------
    OSError
        Never in the caller: it reports through `life` and exits.
    """
    try:
        if len(os.listdir("/proc/self/task")) != 1:
            raise OSError(0, "this process has more than one thread")
        if apart:
            _namespaces(network)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        mine, theirs = os.pipe()
        # The visitor waits for this before she runs, so that she never runs unsupervised.
        go_read, go_write = os.pipe()
        pid = os.fork()
    except OSError as error:
        _report(life, error=f"the inner walls can't be built: {error}")
        os._exit(125)
    if pid:
        _supervise(pid, life, mine, go_write, memory_mb, cpu_seconds)
    try:
        os.close(mine)
        os.close(go_write)
        os.setsid()
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.read(go_read, 1) != b"g" or inner.hung_up(life):
            os._exit(0)
        os.close(go_read)
        walls = _files(home, sockets, tmp_mb) if apart else Walls("none")
        _descriptors({*keep}, theirs)
        if apart:
            _limit(memory_mb=memory_mb, processes=processes, cpu_seconds=cpu_seconds,
                   open_files=open_files, file_mb=file_mb)
            syscalls.drop_bounding_set()
            syscalls.drop_capabilities()
            syscalls.prctl(syscalls.PR_CAP_AMBIENT, 4)
            syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
            syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)
            _first_to_go()
            syscalls.install_filter(syscall_filter.program(counted_memory=False))
            os.chdir(home)
    except BaseException as error:
        _report(life, error=f"the inner walls can't be built: {error}")
        os._exit(125)
    return walls


def _report(life: int, **facts: Any) -> None:
    with contextlib.suppress(OSError):
        os.write(life, (json.dumps(facts) + "\n").encode())


def _namespaces(network: bool) -> None:
    uid, gid = os.geteuid(), os.getegid()
    net = 0 if network else syscalls.CLONE_NEWNET
    syscalls.unshare(syscalls.CLONE_NEWUSER | syscalls.CLONE_NEWPID | syscalls.CLONE_NEWIPC | net,
                     "unshare the visitor's namespaces")
    for file, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"),
                       ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{file}", "w", encoding="ascii") as out:
            out.write(text)


def _files(home: Path, sockets: Path | None, tmp_mb: int) -> Walls:
    """Replace everything that is written, and what shows other processes."""
    os.umask(0o022)
    # Here and not before the fork: the supervisor goes on seeing her processes from outside.
    syscalls.unshare(syscalls.CLONE_NEWNS, "unshare the visitor's mount namespace")
    syscalls.mount(None, "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
    # Held as descriptors: what is mounted below covers the paths.
    place = os.O_PATH | os.O_DIRECTORY
    lower_home, lower_tmp = os.open(home, place), os.open(_TMP, place)
    if sockets is not None:
        _only_own(sockets)
    shown = _shown_below(_TMP, str(home))
    syscalls.mount("tmpfs", _TMP, "tmpfs", _SAFE, f"mode=1777,size={tmp_mb}m,nr_inodes=65536")
    for name, like in (("home", lower_home), ("tmp", lower_tmp)):
        os.mkdir(f"{_TMP}/{name}")
        os.chmod(f"{_TMP}/{name}", stat.S_IMODE(os.stat(like).st_mode))
        os.mkdir(f"{_TMP}/{name}-work", 0o700)
    walls = _own_home(home, lower_home, tmp_mb)
    try:
        _overlay(lower_tmp, "tmp", _TMP)
    except OSError:  # also where something is mounted below it
        fresh = os.path.join(_TMP, "tmp")
        _copy_own_files(lower_tmp, fresh, (tmp_mb << 20) // 2)
        syscalls.mount(fresh, _TMP, None, syscalls.MS_BIND)
    for path, descriptor in shown.items():
        _show_again(path, descriptor)
    for descriptor in (lower_home, lower_tmp):
        os.close(descriptor)
    syscalls.mount("tmpfs", "/dev/shm", "tmpfs", _SAFE,  # noqa: S108
                   f"mode=1777,size={tmp_mb}m,nr_inodes=4096")
    syscalls.mount("devpts", "/dev/pts", "devpts", syscalls.MS_NOSUID | syscalls.MS_NOEXEC,
                   "newinstance,ptmxmode=0666,mode=620")
    syscalls.mount("proc", "/proc", "proc", _SAFE | syscalls.MS_NOEXEC)
    inner.bound_user_namespaces()
    return walls


def _shown_below(*folders: str) -> dict[str, int]:
    """Hold what the sandbox shows below these folders: Python itself may lie in /tmp."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        points = [re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), line.split()[4])
                  for line in file]
    found: dict[str, int] = {}
    for point in sorted(points, key=len):
        if any(point.startswith(f"{above}/") for above in found):
            continue  # it comes with what it lies in
        if any(point.startswith(f"{folder}/") for folder in folders) and point not in found:
            found[point] = os.open(point, os.O_PATH)
    return found


def _show_again(path: str, held: int) -> None:
    if stat.S_ISDIR(os.fstat(held).st_mode):
        os.makedirs(path, 0o755, exist_ok=True)
    elif not os.path.exists(path):
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644))
    syscalls.mount(f"/proc/self/fd/{held}", path, None, syscalls.MS_BIND | syscalls.MS_REC)
    os.close(held)


def _only_own(sockets: Path) -> None:
    own = os.open(sockets, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    above = str(sockets.parent)
    syscalls.mount("tmpfs", above, "tmpfs", _SAFE, "mode=755,size=16k,nr_inodes=8")
    os.mkdir(sockets)
    syscalls.mount(f"/proc/self/fd/{own}", str(sockets), None, syscalls.MS_BIND)
    flags = syscalls.MS_REMOUNT | syscalls.MS_BIND | syscalls.MS_RDONLY
    syscalls.mount(None, above, None, flags | _SAFE)
    os.close(own)


def _overlay(lower: int, name: str, target: str) -> None:
    options = (f"lowerdir=/proc/self/fd/{lower},upperdir={_TMP}/{name},"
               f"workdir={_TMP}/{name}-work")
    try:
        syscalls.mount("overlay", target, "overlay", _SAFE, f"{options},userxattr")
    except OSError:  # Linux before 5.11 knows no userxattr
        syscalls.mount("overlay", target, "overlay", _SAFE, options)


def _own_home(home: Path, lower: int, tmp_mb: int) -> Walls:
    try:
        _overlay(lower, "home", str(home))
        return Walls("overlay")
    except OSError as error:
        reason = f"overlayfs: {error.strerror}"
    if _size(home) <= (tmp_mb << 20) // 2:
        shutil.copytree(home, f"{_TMP}/home", symlinks=True, dirs_exist_ok=True)
        syscalls.mount(f"{_TMP}/home", str(home), None, syscalls.MS_BIND)
        return Walls("copy", reason)
    syscalls.mount(str(home), str(home), None, syscalls.MS_BIND)
    syscalls.restrict_mount(str(home), syscalls.MOUNT_ATTR_RDONLY)
    return Walls("read", reason)


def _copy_own_files(lower: int, target: str, most: int) -> None:
    """Copy what the lesson wrote into a folder, not what is mounted there; nothing when large."""
    source, device = f"/proc/self/fd/{lower}/", os.fstat(lower).st_dev

    def mounted(folder: str, names: list[str]) -> set[str]:
        return {n for n in names if os.lstat(os.path.join(folder, n)).st_dev != device}

    size = 0
    for folder, folders, names in os.walk(source):
        folders[:] = set(folders) - mounted(folder, folders)
        size += sum(os.lstat(os.path.join(folder, n)).st_size for n in names)
    if size <= most:
        with contextlib.suppress(shutil.Error):
            shutil.copytree(source, target, symlinks=True, ignore=mounted, dirs_exist_ok=True)


def _size(folder: Path) -> int:
    return sum(os.lstat(os.path.join(place, name)).st_size
               for place, _folders, names in os.walk(folder) for name in names)


def _descriptors(keep: set[int], printed: int) -> None:
    """Share no open file with another visitor; every number stays taken.

    An object of the lesson may close its number later, and must not hit a file of the kernel then.
    """
    null = os.open("/dev/null", os.O_RDWR)
    for number, source in ((0, null), (1, printed), (2, printed)):
        os.dup2(source, number)
    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        if number <= 2 or number in keep:
            continue
        try:
            os.dup2(_again(number, null), number, inheritable=False)
        except OSError:
            continue  # the folder that was just listed


def _again(number: int, null: int) -> int:
    """Open a regular file once more at the same place; anything else is nothing."""
    if not stat.S_ISREG(os.fstat(number).st_mode):
        return null
    try:
        flags = fcntl.fcntl(number, fcntl.F_GETFL) & (os.O_ACCMODE | os.O_APPEND)
        fresh = os.open(os.readlink(f"/proc/self/fd/{number}"), flags)
        os.lseek(fresh, os.lseek(number, 0, os.SEEK_CUR), os.SEEK_SET)
        return fresh
    except OSError:
        return null


def _limit(*, memory_mb: int, processes: int, cpu_seconds: int | None, open_files: int,
           file_mb: int) -> None:
    mb = limits.MB
    wanted = {resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: open_files,
              resource.RLIMIT_FSIZE: file_mb * mb,
              # What the lesson has already is not hers.
              resource.RLIMIT_DATA: (_data() + memory_mb + max(_ROOM, memory_mb // 4)) * mb}
    if limits.rlimit_counts_per_sandbox(root=False):
        wanted[resource.RLIMIT_NPROC] = processes + 1  # and the supervisor
    for what, value in wanted.items():
        hard = resource.getrlimit(what)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))
    if cpu_seconds is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = cpu_seconds + int(used.ru_utime + used.ru_stime)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))


def _first_to_go() -> None:
    """When the lesson's memory is full, the kernel ends a visitor and not the host of them all."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as f:
        f.write("500")


def _data() -> int:
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        return next((int(line.split()[1]) // 1024 for line in file if line.startswith("VmData")), 0)


class _Own(limits.Watch):
    """Sum what a visitor's processes do not share with the lesson they were forked from."""

    def __init__(self, memory_mb: int) -> None:
        super().__init__(os.getpid(), memory_mb)
        self.own = self.limit
        self.limit += self._resident(os.getpid())  # the cheap sum counts what is shared

    def check(self) -> int | None:
        tree = self.tree()
        if sum(map(self._resident, tree)) <= self.limit:
            return None
        sizes = {pid: self._private(pid) for pid in tree}
        if sum(sizes.values()) <= self.own:
            return None
        # All that she started at once: one after the other, new ones would come as fast. What
        # she shows alone is her kernel, the first.
        ended = tree[1:] or tree
        for pid in ended:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        return max(sizes, key=lambda pid: sizes[pid])

    @property
    def pause(self) -> float:
        """Seconds until the next look: several processes fill a memory faster than one."""
        return _LOOK if len(self.tree()) < 2 else _LOOK / 5

    @staticmethod
    def _private(pid: int) -> int:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                return sum(int(line.split()[1]) * 1024 for line in file
                           if line.startswith("Private_"))
        except (OSError, ValueError):
            return 0


def _supervise(pid: int, life: int, printed: int, go: int, memory_mb: int,
               cpu_seconds: int | None) -> NoReturn:
    code = 125
    try:
        # Nothing of the lesson is to run here, not even a finalizer.
        gc.disable()
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        syscalls.drop_capabilities()
        watched = os.pidfd_open(pid)
        open_here = {0, 1, 2, life, printed, go, watched}
        for name in os.listdir("/proc/self/fd"):
            if int(name) not in open_here:
                with contextlib.suppress(OSError):
                    os.close(int(name))
        os.write(go, b"g")
        os.close(go)
        reason = _until_end(pid, life, printed, watched, _Own(memory_mb))
        _pid, status, used = os.wait4(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        code = code if code >= 0 else 128 - code
        if not reason and cpu_seconds and used.ru_utime + used.ru_stime >= cpu_seconds:
            reason = "time"
        _report(life, code=code, **({"reason": reason} if reason else {}))
    except OSError as error:
        _report(life, error=f"the inner walls broke: {error}")
    finally:
        os._exit(code)


def _until_end(pid: int, life: int, printed: int, watched: int, memory: _Own) -> str:
    """Return when the visitor's process has ended, with the reason if it was us."""
    reason, room, look = "", PRINTED, time.monotonic() + _LOOK
    poller = select.poll()
    for descriptor in (life, printed, watched):
        poller.register(descriptor, select.POLLIN)
    while True:
        happened = dict(poller.poll(max(0.0, look - time.monotonic()) * 1000))
        if printed in happened:
            said = os.read(printed, 1 << 14)
            if said[:room]:
                with contextlib.suppress(OSError):
                    os.write(2, said[:room])
            room = max(0, room - len(said))
            if not said:
                poller.unregister(printed)
        if watched in happened and not happened.get(printed, 0) & select.POLLIN:
            return reason
        if life in happened:
            try:
                orders = os.read(life, 64)
            except OSError:
                orders = b""
            if b"I" in orders:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGINT)
            if not orders or b"K" in orders:
                reason = "closed"
                os.kill(pid, signal.SIGKILL)
                poller.unregister(life)
        if time.monotonic() >= look:
            if memory.check() is not None:
                reason = "memory"
            look = time.monotonic() + memory.pause
