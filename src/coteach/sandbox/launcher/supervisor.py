"""The process outside: its id is the sandbox's id for whoever started it.

It makes the control groups and the user and process namespaces, hands signals in, watches memory
where no control group counts it, and passes the exit code on. When it is killed, or when the
process that started it is gone, everything inside ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from typing import Any

import inner
import limits
import syscalls

_BUSY, _CALM = 0.1, 0.5
_GRACE = 3.0


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        print(f"coteach-sandbox: {text}", file=sys.stderr, flush=True)


def _user_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER, "unshare user namespace")
    for file, text in (("setgroups", "deny"), ("uid_map", f"1000 {uid} 1"),
                       ("gid_map", f"1000 {gid} 1")):
        with open(f"/proc/self/{file}", "w", encoding="ascii") as out:
            out.write(text)


def _start(spec: dict[str, Any], group: limits.Group) -> tuple[int, int]:
    """Fork process 1 of the sandbox; return its id and the pipe that must stay open."""
    syscalls.unshare(syscalls.CLONE_NEWPID, "unshare process namespace")
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(write_end)
        code = 1
        try:
            syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
            code = inner.run(spec, read_end)
        except BaseException as error:
            _say(f"can't build the sandbox: {error}")
            code = 125
        finally:
            os._exit(code)
    os.close(read_end)
    group.add(pid)
    os.write(write_end, inner.COUNTED if "memory" in group.controls else inner.WATCHED)
    return pid, write_end


class _Supervision:
    def __init__(self, spec: dict[str, Any], pid: int, group: limits.Group, parent: int) -> None:
        self.pid = pid
        self.group = group
        self.parent = parent if spec["die_with_parent"] else 0
        self.memory_mb = spec["limits"]["memory_mb"]
        self.watch = None if "memory" in group.controls else limits.Watch(pid, self.memory_mb)
        self.kills = 0
        self.deadline = 0.0

    def _look(self) -> None:
        killed = None
        if self.watch is not None:
            killed = self.watch.check()
        else:
            kills = self.group.kills()
            if kills > self.kills:
                self.kills, killed = kills, 0
        if killed is not None:
            _say(f"stopped a process: the limit of {self.memory_mb} MB of memory was reached")
        if self.parent and os.getppid() != self.parent and not self.deadline:
            self.deadline = time.monotonic() + _GRACE
            os.kill(self.pid, signal.SIGTERM)
        if self.deadline and time.monotonic() > self.deadline:
            os.kill(self.pid, signal.SIGKILL)

    def run(self) -> int:
        waited = {*inner.FORWARDED, signal.SIGCHLD}
        interval = _CALM if self.watch is None else _BUSY
        while True:
            info = signal.sigtimedwait(waited, interval)
            with contextlib.suppress(ProcessLookupError):
                if info is not None and info.si_signo != signal.SIGCHLD:
                    os.kill(self.pid, info.si_signo)
                self._look()
            if info is None or info.si_signo == signal.SIGCHLD:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self._look_back()
                    code = os.waitstatus_to_exitcode(status)
                    return code if code >= 0 else 128 - code

    def _look_back(self) -> None:
        if self.watch is None and self.group.kills() > self.kills:
            _say(f"stopped a process: the limit of {self.memory_mb} MB of memory was reached")


def main(argument: str) -> int:
    """Run the program of a specification in a sandbox; return its exit code."""
    spec = json.loads(argument)
    parent = os.getppid()
    os.closerange(3, 1 << 16)
    signal.pthread_sigmask(signal.SIG_BLOCK, {*inner.FORWARDED, signal.SIGCHLD})
    group = limits.Group(f"{os.getpid()}-{time.monotonic_ns():x}", spec["limits"])
    try:
        if spec["uid"] is None:
            _user_namespace()
        pid, _pipe = _start(spec, group)
        if spec["report"]:
            print(json.dumps({"controls": sorted(group.controls),
                              "ports": syscalls.holds_ports()}), flush=True)
        return _Supervision(spec, pid, group, parent).run()
    except OSError as error:
        _say(f"can't build the sandbox: {error}")
        return 125
    finally:
        for _attempt in range(20):
            if group.remove():
                break
            time.sleep(0.05)
