"""How much of the machine one sandbox may take.

A control group counts the whole tree and is used where it may be written (version 1 or 2). Where
it may not, each process has its own limits, and `Watch` sums the tree's memory and stops the
largest process when the sum is too high.
"""

from __future__ import annotations

import contextlib
import os
import resource
from typing import Any

MB = 1 << 20


def _write(path: str, value: object) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def set_process_limits(limits: dict[str, Any], *, count_processes: bool) -> None:
    """Limit this process and what it starts, each by itself."""
    def limit(what: int, value: int) -> None:
        hard = resource.getrlimit(what)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(what, (value, value))

    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, limits["open_files"])
    limit(resource.RLIMIT_FSIZE, limits["file_mb"] * MB)
    # Reserved and never touched memory counts here, so leave room beyond what may be used: one
    # greedy allocation then is a MemoryError and not the end of the process.
    limit(resource.RLIMIT_DATA, (limits["memory_mb"] + max(256, limits["memory_mb"] // 4)) * MB)
    limit(resource.RLIMIT_MEMLOCK, 8 * MB)
    if count_processes:
        limit(resource.RLIMIT_NPROC, limits["processes"] + 2)  # and our own two
    if limits["cpu_seconds"]:
        seconds = limits["cpu_seconds"]
        # First a signal that says why, then the end.
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5))


def rlimit_counts_per_sandbox(root: bool) -> bool:
    """Say whether RLIMIT_NPROC counts the sandbox alone: own uid, or Linux 5.14 in a namespace."""
    if root:
        return True
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int("".join(c for c in minor if c.isdigit()) or 0)) >= (5, 14)


class Group:
    """The control groups of one sandbox; `controls` names what they limit.

    Parameters
    ----------
    name
        The folder's name. It starts with our process id, so that one left behind is recognised.
    limits
        The limits of the launcher's specification.
    """

    def __init__(self, name: str, limits: dict[str, Any]) -> None:
        self.controls: set[str] = set()
        self.folders: list[str] = []
        self._events = ""
        wanted_1, wanted_2 = self._values(limits)
        version_1, version_2 = self._mounts()
        for controller, files in wanted_1.items():
            if controller in version_1:
                self._make(f"{version_1[controller]}/coteach", name, controller, files)
        missing = {k: v for k, v in wanted_2.items() if k not in self.controls}
        for parent in self._parents(version_2) if missing else ():
            if self._make_unified(parent, name, missing):
                break

    @staticmethod
    def _values(limits: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        memory, processes = limits["memory_mb"] * MB, limits["processes"] + 2
        quota, weight = int((limits["cpus"] or 0) * 100_000), limits["cpu_weight"]
        one = {"memory": [("memory.limit_in_bytes", memory),
                          ("memory.memsw.limit_in_bytes?", memory)],
               "pids": [("pids.max", processes)],
               "cpu": [("cpu.shares", weight * 1024 // 100), ("cpu.cfs_quota_us?", quota or -1)]}
        two = {"memory": [("memory.max", memory), ("memory.swap.max?", 0)],
               "pids": [("pids.max", processes)],
               "cpu": [("cpu.weight", weight), ("cpu.max?", f"{quota or 'max'} 100000")]}
        return one, two

    @staticmethod
    def _mounts() -> tuple[dict[str, str], str]:
        one: dict[str, str] = {}
        two = ""
        for line in _read("/proc/self/mounts").splitlines():
            _device, folder, kind, options = line.split()[:4]
            if kind == "cgroup":
                one.update((name, folder) for name in options.split(",")
                           if name in ("memory", "pids", "cpu"))
            elif kind == "cgroup2":
                two = folder
        return one, two

    @staticmethod
    def _parents(mounted: str) -> list[str]:
        if not mounted:
            return []
        own = next((line[3:] for line in _read("/proc/self/cgroup").splitlines()
                    if line.startswith("0::")), "/")
        # Beside our own group: a group that holds processes can't hand controllers to a child.
        return [*([mounted + os.path.dirname(own)] if own != "/" else []), mounted]

    def _make(self, parent: str, name: str, controller: str, files: list[tuple[str, Any]]) -> bool:
        """Make a group of one controller (version 1)."""
        folder = f"{parent}/{name}"
        try:
            os.makedirs(parent, exist_ok=True)
            self._sweep(parent)
            os.mkdir(folder)
        except OSError:
            return False
        if not self._limit(folder, files):
            os.rmdir(folder)
            return False
        self.folders.append(folder)
        self.controls.add(controller)
        if controller == "memory":
            self._events = f"{folder}/memory.oom_control"
        return True

    def _make_unified(self, parent: str, name: str, wanted: dict[str, Any]) -> bool:
        """Make a group of all wanted controllers that are offered (version 2)."""
        base = f"{parent}/coteach"
        try:
            # Only who may write the common ancestor may move a process across it.
            if not os.access(f"{parent}/cgroup.procs", os.W_OK):
                return False
            offered = [c for c in _read(f"{parent}/cgroup.controllers").split() if c in wanted]
            if not offered:
                return False
            given = " ".join("+" + c for c in offered)
            if set(offered) - set(_read(f"{parent}/cgroup.subtree_control").split()):
                _write(f"{parent}/cgroup.subtree_control", given)
            os.makedirs(base, exist_ok=True)
            _write(f"{base}/cgroup.subtree_control", given)
            self._sweep(base)
            os.mkdir(f"{base}/{name}")
        except OSError:
            return False
        self.folders.append(f"{base}/{name}")
        self.controls.update(c for c in offered if self._limit(f"{base}/{name}", wanted[c]))
        self._events = f"{base}/{name}/memory.events"
        return True

    @staticmethod
    def _limit(folder: str, files: list[tuple[str, Any]]) -> bool:
        """Write limits; a name that ends in a question mark is not there on every machine."""
        for file, value in files:
            try:
                _write(f"{folder}/{file.rstrip('?')}", value)
            except OSError:
                if not file.endswith("?"):
                    return False
        return True

    @staticmethod
    def _sweep(parent: str) -> None:
        for entry in os.listdir(parent):
            pid = entry.partition("-")[0]
            if pid.isdigit() and not _alive(int(pid)):
                with contextlib.suppress(OSError):
                    os.rmdir(f"{parent}/{entry}")

    def add(self, pid: int) -> None:
        """Put a process, and so all that it starts, into the groups; or use none of them."""
        try:
            for folder in self.folders:
                _write(f"{folder}/cgroup.procs", pid)
        except OSError:
            self.controls.clear()

    def kills(self) -> int:
        """Return how many processes the kernel stopped for memory."""
        try:
            lines = [line.split() for line in _read(self._events).splitlines()]
            return sum(int(line[1]) for line in lines if line[0] == "oom_kill")
        except (OSError, ValueError, IndexError):
            return 0

    def remove(self) -> bool:
        """Remove the groups; False while the last processes are still going."""
        for folder in list(self.folders):
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                pass
            except OSError:
                continue
            self.folders.remove(folder)
        return not self.folders


class Watch:
    """Sum the memory of a process's descendants, and stop the largest when it is too much."""

    def __init__(self, pid: int, memory_mb: int) -> None:
        self.pid = pid
        self.limit = memory_mb * MB
        self._page = os.sysconf("SC_PAGESIZE")

    def tree(self) -> list[int]:
        """Return the descendants, this process's first."""
        found = [self.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                for task in os.listdir(f"/proc/{pid}/task"):
                    found.extend(map(int, _read(f"/proc/{pid}/task/{task}/children").split()))
        return found[1:]

    def _resident(self, pid: int) -> int:
        try:
            return int(_read(f"/proc/{pid}/statm").split()[1]) * self._page
        except (OSError, IndexError):
            return 0

    def _proportional(self, pid: int) -> int:
        try:
            for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
        except (OSError, ValueError):
            pass
        return self._resident(pid)

    def check(self) -> int | None:
        """Stop the largest process if the tree is over its limit; return its id."""
        tree = self.tree()
        # Pages shared by a fork count for each in this cheap sum; only a high one is looked into.
        if sum(map(self._resident, tree)) <= self.limit:
            return None
        sizes = {pid: self._proportional(pid) for pid in tree}
        if sum(sizes.values()) <= self.limit:
            return None
        largest = max(sizes, key=lambda pid: sizes[pid])
        with contextlib.suppress(OSError):
            os.kill(largest, 9)
        return largest
