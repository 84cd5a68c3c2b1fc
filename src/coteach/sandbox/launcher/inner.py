"""Process 1 of the sandbox: builds the walls, gives up every right, starts the program, reaps.

It stays as the parent of orphans, hands signals on to the program, and ends with its exit code;
when it ends the kernel ends everything that is left in the sandbox.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import select
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from . import filesystem, limits, syscall_filter, syscalls, words

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1,
             signal.SIGUSR2, signal.SIGWINCH, signal.SIGCONT)


Program = Callable[[], int]
"""What is called in place of a program that is executed; returns the exit code."""

COUNTED, WATCHED = b"c", b"w"
"""What the process outside says when it is ready: who counts the memory."""


def _loopback_up() -> None:
    siocsifflags, up_running = 0x8914, 0x41
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, siocsifflags, struct.pack("16sh14x", b"lo", up_running))


_NESTED_NAMESPACES = 512


def bound_user_namespaces(most: int = 0) -> None:
    """Let no more user namespaces be made inside this one."""
    # Where this can't be written, the system call filter refuses them all the same.
    with (contextlib.suppress(OSError),
          open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as file):
        file.write(str(most))


def _give_up_rights(spec: dict[str, Any], counted_memory: bool) -> None:
    uid = spec["uid"]
    syscalls.drop_bounding_set()
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    syscalls.drop_capabilities()
    syscalls.prctl(syscalls.PR_CAP_AMBIENT, 4)  # clear all
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    if spec["network"] and syscalls.holds_ports():
        syscalls.hold_ports([0, *spec["bind_ports"]])
    # A change of user forgets the death signal, so it is set after that.
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    syscalls.install_filter(syscall_filter.program(counted_memory, spec["nested"]))


def hung_up(descriptor: int) -> bool:
    """Say whether nobody is left at the other end."""
    poller = select.poll()
    poller.register(descriptor, 0)
    return bool(poller.poll(0))


def _execute(spec: dict[str, Any]) -> NoReturn:
    _own_signals()
    try:
        os.chdir(spec["cwd"])
        os.closerange(3, 1 << 16)
        os.execvpe(spec["argv"][0], spec["argv"], os.environ)  # noqa: S606
    except OSError as error:
        words.say(f"can't start {spec['argv'][0]}: {error}")
    os._exit(127)


def _own_signals() -> None:
    os.setsid()
    for number in (*FORWARDED, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def call(spec: dict[str, Any], program: Program) -> NoReturn:
    """Be the program without starting another: call a function, and end as a program ends."""
    _own_signals()
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # what Python sets when it starts
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A process that gave up a user id without executing is closed to itself (/proc/self) as well.
    syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)
    code = 1
    try:
        os.chdir(spec["cwd"])
        code = program()
    except OSError as error:
        words.say(f"can't start: {error}")
    finally:
        # As multiprocessing ends its forks: taking the interpreter down would copy all memory.
        with contextlib.suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code & 255)


def _serve(program: int) -> int:
    waited = {*FORWARDED, signal.SIGCHLD}
    while True:
        number = signal.sigwaitinfo(waited).si_signo
        if number != signal.SIGCHLD:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                # The program leads its own group: what it started is interrupted with it.
                os.killpg(program, number)
            continue
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return 0
            if pid == 0:
                break
            if pid == program:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code


def run(spec: dict[str, Any], pipe: int, program: Program | None = None) -> int:
    """Become the sandbox's first process; return the program's exit code.

    Parameters
    ----------
    spec
        What `coteach.sandbox.commandline` wrote.
    pipe
        Gives one byte when the process outside is ready, and hangs up when it dies.
    program
        Called in place of the specification's command line.
    """
    ready = os.read(pipe, 1)
    if ready not in (COUNTED, WATCHED):
        return 1
    namespaces = syscalls.CLONE_NEWNS | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS
    syscalls.unshare(namespaces, "unshare mount, ipc and uts namespaces")
    syscalls.unshare(syscalls.CLONE_NEWCGROUP, "unshare cgroup namespace")
    if not spec["network"]:
        syscalls.unshare(syscalls.CLONE_NEWNET, "unshare network namespace")
        _loopback_up()
    socket.sethostname("coteach")
    if spec["uid"] is None:
        bound_user_namespaces(_NESTED_NAMESPACES if spec["nested"] else 0)
    filesystem.build(spec)
    root = spec["uid"] is not None
    limits.set_process_limits(spec["limits"],
                              count_processes=limits.rlimit_counts_per_sandbox(root))
    _give_up_rights(spec, ready == COUNTED)
    if hung_up(pipe):
        return 1
    pid = os.fork()
    if pid == 0:
        if program is None:
            _execute(spec)
        call(spec, program)
    words.tell_also(None)
    os.closerange(3, 1 << 16)
    return _serve(pid)
