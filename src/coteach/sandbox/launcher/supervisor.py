"""The process outside: its id is the sandbox's id for whoever started it.

It makes the control groups and the user and process namespaces, hands signals in, watches memory
where no control group counts it, and passes the exit code on. When it is killed, or when the
process that started it is gone, everything inside ends.

`main` is for a process that was executed, `supervise` for one that was forked from ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from . import inner, limits, syscalls, words

_BUSY, _CALM = 0.1, 0.5
_GRACE = 3.0


def _user_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER, "unshare user namespace")
    for file, text in (("setgroups", "deny"), ("uid_map", f"1000 {uid} 1"),
                       ("gid_map", f"1000 {gid} 1")):
        with open(f"/proc/self/{file}", "w", encoding="ascii") as out:
            out.write(text)


def _start(spec: dict[str, Any], group: limits.Group,
           program: inner.Program | None) -> tuple[int, int]:
    """Fork process 1 of the sandbox; return its id and the pipe that must stay open."""
    syscalls.unshare(syscalls.CLONE_NEWPID, "unshare process namespace")
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(write_end)
        code = 1
        try:
            syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
            code = inner.run(spec, read_end, program)
        except BaseException as error:
            words.say(f"can't build the sandbox: {error}")
            code = 125
        finally:
            os._exit(code)
    os.close(read_end)
    group.add(pid)
    os.write(write_end, inner.COUNTED if "memory" in group.controls else inner.WATCHED)
    return pid, write_end


class _Supervision:
    def __init__(self, spec: dict[str, Any], pid: int, group: limits.Group | None,
                 orphaned: Callable[[], bool]) -> None:
        self.pid = pid
        self.group = group
        self.orphaned = orphaned if spec["die_with_parent"] else lambda: False
        self.memory_mb = 0
        self.watch: limits.Watch | None = None
        if group is not None:
            self.memory_mb = spec["limits"]["memory_mb"]
            if "memory" not in group.controls:
                self.watch = limits.Watch(pid, self.memory_mb)
        self.kills = 0
        self.deadline = 0.0

    def _look(self) -> None:
        killed = None
        if self.watch is not None:
            killed = self.watch.check()
        elif self.group is not None:
            kills = self.group.kills()
            if kills > self.kills:
                self.kills, killed = kills, 0
        if killed is not None:
            words.say(f"stopped a process: the limit of {self.memory_mb} MB of memory was reached")
        if not self.deadline and self.orphaned():
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
        if self.watch is None and self.group is not None and self.group.kills() > self.kills:
            words.say(f"stopped a process: the limit of {self.memory_mb} MB of memory was reached")


def supervise(spec: dict[str, Any], orphaned: Callable[[], bool],
              program: inner.Program | None = None) -> int:
    """Make the sandbox, stay until it ends, return the exit code.

    Parameters
    ----------
    spec
        What `coteach.sandbox.commandline` wrote.
    orphaned
        Says whether the process that wanted the sandbox is gone.
    program
        Called inside in place of the specification's command line.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {*inner.FORWARDED, signal.SIGCHLD})
    group = limits.Group(f"{os.getpid()}-{time.monotonic_ns():x}", spec["limits"])
    try:
        if spec["uid"] is None:
            _user_namespace()
        pid, _pipe = _start(spec, group, program)
        if spec["report"]:
            print(json.dumps({"controls": sorted(group.controls),
                              "ports": syscalls.holds_ports()}), flush=True)
        return _Supervision(spec, pid, group, orphaned).run()
    except OSError as error:
        words.say(f"can't build the sandbox: {error}")
        return 125
    finally:
        for _attempt in range(20):
            if group.remove():
                break
            time.sleep(0.05)


def accompany(spec: dict[str, Any], orphaned: Callable[[], bool], program: inner.Program) -> int:
    """Run a function in a process without a sandbox, and stay until it ends.

    Only for code that somebody trusts with this machine; the parameters are those of `supervise`.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {*inner.FORWARDED, signal.SIGCHLD})
    here = os.getpid()
    pid = os.fork()
    if pid == 0:
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == here:
            inner.call(spec, program)
        os._exit(1)
    return _Supervision(spec, pid, None, orphaned).run()


def main(argument: str) -> int:
    """Run the program of a specification in a sandbox; return its exit code."""
    spec = json.loads(argument)
    parent = os.getppid()
    os.closerange(3, 1 << 16)
    return supervise(spec, lambda: os.getppid() != parent)
