"""A visitor's kernel, made in a child of the lesson host out of the executed lesson.

Runs inside the sandbox. The child reads the request itself, so no key of a visitor is ever in the
memory that others are forked from. It is Jupyter's own kernel on the lesson's own shell, with its
sockets as files in a folder that nobody else sees.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import ipykernel.ipkernel
from ipykernel.kernelapp import IPKernelApp
from traitlets.config import Config

from coteach.pages import chance, keeping, touched
from coteach.pages.lessonshell import Execution
from coteach.sandbox.walls import inner_walls

MOST_REQUEST = 4096
READY = b'{"ready": true}\n'


class _Sys:
    """The module `sys` without its modules."""

    modules: ClassVar[dict[str, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


@contextlib.contextmanager
def _no_modules() -> Iterator[None]:
    """Let a new kernel look at no module.

    It notes the file of each for the debugger. Looking at two thousand modules makes this process
    pay for the memory of all of them, which it shares with the lesson so far.
    """
    ipykernel.ipkernel.sys = _Sys()  # type: ignore[assignment]
    try:
        yield
    finally:
        ipykernel.ipkernel.sys = sys


class VisitorApp(IPKernelApp):
    """Jupyter's kernel without what a visitor has no use for: files, profiles, debugger."""

    def begin(self, request: dict[str, Any]) -> None:
        """Open the sockets and put a kernel on the shell that is there."""
        self.log_level = logging.CRITICAL
        self.transport, self.ip = "ipc", str(request["ip"])
        for place, name in enumerate(("shell", "iopub", "stdin", "hb", "control"), start=1):
            setattr(self, f"{name}_port", place)
        self.session.key = str(request["key"]).encode()
        self.init_sockets()
        self.init_heartbeat()
        self._ports = {name: getattr(self, f"{name}_port")
                       for name in ("shell", "iopub", "stdin", "hb", "control")}
        self.init_io()
        self.init_signal()
        with _no_modules():
            self.init_kernel()
        self.init_shell()


def read_request(line: socket.socket) -> dict[str, Any]:
    """Return the one line that the service writes first."""
    line.settimeout(10)
    text = b""
    while not text.endswith(b"\n"):
        part = line.recv(MOST_REQUEST)
        text += part
        if not part or len(text) > MOST_REQUEST:
            raise ValueError("no request")
    line.settimeout(None)
    request = json.loads(text)
    if not isinstance(request, dict):
        raise ValueError("no request")
    return request


def _walls(line: socket.socket, request: dict[str, Any]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    folder = Path(str(request["ip"])).parent
    folder.mkdir(mode=0o700, exist_ok=True)
    limits = request["limits"]
    inner_walls(
        line.fileno(), sockets=folder, keep=(line.fileno(),), apart=bool(request["apart"]),
        tmp_mb=int(limits["tmp_mb"]), memory_mb=int(limits["memory_mb"]),
        processes=int(limits["processes"]), cpu_seconds=int(limits["cpu_seconds"]),
        file_mb=int(limits["file_mb"]))


def become_kernel(line: socket.socket, execution: Execution, *, alone: bool) -> None:
    """Serve one visitor until her kernel ends; never returns.

    Parameters
    ----------
    line
        The connection to the service. It is the kernel's life.
    execution
        The executed lesson.
    alone
        This process is the visitor's own already: no walls to put up, no numbers to change.
    """
    code = 1
    try:
        request = read_request(line)
        if alone:
            Path(str(request["ip"])).parent.mkdir(mode=0o700, exist_ok=True)
        else:
            _walls(line, request)
            chance.reseed(execution.shell.user_ns)
            asyncio.set_event_loop(asyncio.new_event_loop())
        # A page that sends nonsense hears nothing of where it went wrong.
        for name in ("Comm", "ipykernel.comm"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        config = Config()
        config.IPKernelApp.capture_fd_output = False
        config.HistoryManager.enabled = False
        app = VisitorApp.instance(config=config)
        if request.get("ahead"):
            touched.copy_ahead()
        app.begin(request)
        execution.hand_to(app.kernel)
        keeping.keep(app.session, recorded=not alone)
        line.send(READY)
        if not alone:
            line.close()
        app.start()
        code = 0
    except BaseException as error:
        os.write(2, f"a visitor's kernel ended: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def prepare() -> None:
    """Import before the fork what a kernel would import late."""
    import importlib
    if "ipykernel.debugger" not in sys.modules:
        # Nobody debugs a class page, and the debugger is as large as a kernel.
        absent = "debugpy" not in sys.modules
        if absent:
            sys.modules["debugpy"] = None  # type: ignore[assignment]
        importlib.import_module("ipykernel.debugger")
        if absent:
            del sys.modules["debugpy"]
    for name in ("ipykernel.heartbeat", "ipykernel.control", "ipykernel.iostream",
                 "ipykernel.shellchannel", "ipykernel.subshell_manager", "zmq.eventloop.zmqstream",
                 "tornado.queues", "tornado.platform.asyncio", "psutil", "IPython.core.magics",
                 "IPython.core.debugger", "ipykernel.jsonutil", "ipykernel.embed",
                 "zmq.utils.garbage"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
