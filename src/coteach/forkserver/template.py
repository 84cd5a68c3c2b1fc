"""The template process: imports, looks at itself, then forks for each connection it is given.

It is started by `server.ForkServer` and holds one end of a pair of sockets. What comes through it
is a connection (SCM_RIGHTS), never data: the child reads. There is no address that another process
could connect to. When the other end is closed, and that is also when its owner was killed, it ends.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
import warnings
from collections.abc import Iterable

from coteach.forkserver.child import become
from coteach.sandbox.launcher import syscalls

_MOST_FDS = 5


def main() -> None:
    """Be a template, as the arguments say: descriptor, process id of the owner, modules, title."""
    descriptor, owner, names = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    syscalls.set_title(sys.argv[4])
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != owner:
        return  # it died before the line above
    os.set_inheritable(descriptor, False)
    control = socket.socket(fileno=descriptor)
    # Children end without being waited for; whoever asked hears of it from themselves.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C in the terminal is for the owner
    wrong = _import(names) or _unfit(descriptor)
    if wrong:
        control.sendall((json.dumps({"error": wrong}) + "\n").encode())
        return
    gc.collect()
    # What is there now is never looked at by the collector of a child, so it stays shared.
    gc.freeze()
    control.sendall(b'{"ready": true}\n')
    _serve(control)


def _import(names: Iterable[str]) -> str:
    """Import modules; return what went wrong. A name that ends in a question mark may miss."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            try:
                importlib.import_module(name.rstrip("?"))
            except ImportError as error:
                if not name.endswith("?"):
                    return f"the module {name} can't be imported: {error}"
            except BaseException as error:
                return f"the module {name} can't be imported: {error!r}"
    return ""


def _unfit(control: int) -> str:
    """Return why this process can't be forked, or nothing."""
    threads = []
    for task in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{task}/comm", encoding="utf-8", errors="replace") as file:
            threads.append(file.read().strip())
    if len(threads) != 1:
        return f"a module has started threads: {', '.join(sorted(threads)[:5])}"
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != control:
            try:
                target = os.readlink(f"/proc/self/fd/{name}")
            except OSError:
                continue  # the folder that was just listed
            if target.startswith(("socket:", "pipe:", "anon_inode:")):
                return f"a module has opened {target}"
    return ""


def _serve(control: socket.socket) -> None:
    while True:
        data, given, _flags, _address = socket.recv_fds(control, 1, _MOST_FDS)
        if not data:
            return
        if not given:
            continue
        connection, *more = given
        try:
            child = os.fork()
        except OSError as error:
            os.write(connection, (json.dumps({"said": f"can't fork: {error}"}) + "\n").encode())
            child = -1
        if child == 0:
            become(connection, more)
        for descriptor in given:
            os.close(descriptor)
