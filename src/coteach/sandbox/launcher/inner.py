"""Process 1 of the sandbox: builds the walls, gives up every right, starts the program, reaps.

It stays as the parent of orphans, hands signals on to the program, and ends with its exit code;
when it ends the kernel ends everything that is left in the sandbox.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import socket
import struct
import sys
from typing import Any, NoReturn

import filesystem
import limits
import syscall_filter
import syscalls

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1,
             signal.SIGUSR2, signal.SIGWINCH, signal.SIGCONT)


COUNTED, WATCHED = b"c", b"w"
"""What the process outside says when it is ready: who counts the memory."""


def _loopback_up() -> None:
    siocsifflags, up_running = 0x8914, 0x41
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, siocsifflags, struct.pack("16sh14x", b"lo", up_running))


def _no_more_user_namespaces() -> None:
    # Where this can't be written, the system call filter refuses them all the same.
    with (contextlib.suppress(OSError),
          open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as file):
        file.write("0")


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
    syscalls.install_filter(syscall_filter.program(counted_memory))


def _outside_is_gone(pipe: int) -> bool:
    poller = select.poll()
    poller.register(pipe, 0)
    return bool(poller.poll(0))


def _execute(spec: dict[str, Any]) -> NoReturn:
    os.setsid()
    for number in (*FORWARDED, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        os.chdir(spec["cwd"])
        os.closerange(3, 1 << 16)
        os.execvpe(spec["argv"][0], spec["argv"], os.environ)  # noqa: S606
    except OSError as error:
        print(f"coteach-sandbox: can't start {spec['argv'][0]}: {error}", file=sys.stderr,
              flush=True)
    os._exit(127)


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


def run(spec: dict[str, Any], pipe: int) -> int:
    """Become the sandbox's first process; return the program's exit code.

    Parameters
    ----------
    spec
        What `coteach.sandbox.commandline` wrote.
    pipe
        Gives one byte when the process outside is ready, and hangs up when it dies.
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
        _no_more_user_namespaces()
    filesystem.build(spec)
    root = spec["uid"] is not None
    limits.set_process_limits(spec["limits"],
                              count_processes=limits.rlimit_counts_per_sandbox(root))
    _give_up_rights(spec, ready == COUNTED)
    if _outside_is_gone(pipe):
        return 1
    program = os.fork()
    if program == 0:
        _execute(spec)
    os.closerange(3, 1 << 16)
    return _serve(program)
