"""The lesson host: executes a lesson once, then forks a kernel from it for each visitor.

Runs inside the sandbox, started by `hosts`. Rule: no threads and no secrets here. What the lesson
showed is written as a file for the service, which trusts none of it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coteach.pages import chance, forkable, kept, touched, visitor
from coteach.pages.lessonshell import Execution

RESULT, PROGRESS = "result.json", "cell"
QUIET = 0.7
"""Seconds without a visitor after which a host looks what its kernels will need."""
_open, _replace = open, os.replace
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
_TURN = 100_000_000
"""Nanoseconds; the longest turn that there is."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _LARGE = -1, -3, 128 << 10


def _plain(value: Any) -> Any:
    """Make a value that JSON has no word for into text."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return ""
    for name in ("item", "tolist"):  # numbers and arrays of numpy
        if hasattr(value, name):
            try:
                return getattr(value, name)()
            except (TypeError, ValueError):
                continue
    return str(value)


def _write(folder: Path, name: str, text: str) -> None:
    scratch = folder / f".{name}"
    with _open(scratch, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    _replace(scratch, folder / name)


def _dumps(value: Any) -> str:
    """Return JSON; a widget whose state can't be written is left out, not the page."""
    try:
        return json.dumps(value, default=_plain, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        kept = {}
        for model, state in value["states"].items():
            try:
                json.dumps(state, default=_plain)
                kept[model] = state
            except (TypeError, ValueError, RecursionError):
                continue
        return json.dumps({**value, "states": kept}, default=_plain, ensure_ascii=False)


@contextlib.contextmanager
def _bounded(memory_mb: int) -> Iterator[None]:
    """Let a lesson use so much memory and no more: the host's own limit is for all visitors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        used = next((int(line.split()[1]) for line in file if line.startswith("VmData")), 0)
    most = (used << 10) + (memory_mb << 20)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _listener(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(256)
    return listener


def _execute(spec: dict[str, Any]
             ) -> tuple[Execution, list[dict[str, str]], socket.socket]:
    out = Path(spec["out"])
    lesson = json.loads(Path(spec["lesson"]).read_text(encoding="utf-8"))
    os.chdir(spec["cwd"])
    if spec["cwd"] not in sys.path:
        sys.path.insert(0, spec["cwd"])
    visitor.prepare()
    execution = Execution(spec["digest"], float(spec["seconds"]))
    chance.watch()
    skipped = set(spec.get("skip", ()))
    cells = [cell for cell in lesson["cells"] if cell["id"] not in skipped]
    parts = kept.Kept()
    with _bounded(int(spec.get("memory_mb", 2048))):
        execution.run(cells, before=lambda cell: _write(out, PROGRESS, cell))
    parts.put_back()
    _write(out, PROGRESS, "")
    forkable.calm_helpers()
    reasons = forkable.reasons(execution.loop)
    # After the lesson, which may close every file; and nobody asks before there is a result.
    listener = _listener(spec["socket"])
    _write(out, RESULT, _dumps({
        "cells": execution.outputs(), "states": execution.states(), "errors": execution.errors,
        "reasons": reasons}))
    return execution, reasons, listener


def _lean() -> None:
    """Give back what was freed, and let the kernels do so with each picture's memory at once.

    glibc keeps large blocks once one has been freed, more in each of thirty kernels.
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library has other habits
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        libc.mallopt(_M_TRIM_THRESHOLD, _LARGE)
        libc.malloc_trim(0)


def _unhurried() -> None:
    """Ask for long turns of the processor, for this process and those that are forked from it.

    Thirty that draw at the same moment on two processors would each be interrupted every three
    milliseconds, and find the processor's caches full of the others' figures when they go on. Who
    asks for long turns waits longer for each, so the service comes first as before. Source:
    sched(7) and sched_setattr(2); a slice of its own is Linux 6.12, an older one takes no notice.
    """
    number = _SCHED_SETATTR.get(os.uname().machine)
    if number is not None:
        wanted = struct.pack("=IIQiIQQQ", 48, os.SCHED_OTHER, 0,
                             os.getpriority(os.PRIO_PROCESS, 0), 0, _TURN, 0, 0)
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).syscall(number, 0, wanted, 0)


def _serve(listener: socket.socket, execution: Execution, *, draws: bool) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    _lean()
    _unhurried()
    gc.freeze()
    if draws:
        listener.settimeout(QUIET)
    while True:
        try:
            line, _address = listener.accept()
        except TimeoutError:  # nobody waits
            listener.settimeout(None)
            touched.learn()
            continue
        if kept.fork() == 0:
            listener.close()
            visitor.become_kernel(line, execution, alone=False)
        line.close()


def main(spec: dict[str, Any]) -> int:
    """Execute a lesson and serve its visitors.

    Parameters
    ----------
    spec
        ``lesson`` (file of the cells), ``out`` (folder for results), ``socket``, ``cwd``,
        ``digest``, ``seconds``, ``skip`` (cells that ended an earlier host), ``alone`` (this
        process becomes the kernel of its one visitor).
    """
    execution, reasons, listener = _execute(spec)
    if spec.get("alone"):
        execution.end(keep_loop=True)
        line, _address = listener.accept()
        listener.close()
        visitor.become_kernel(line, execution, alone=True)
    execution.end(keep_loop=bool(reasons))
    if reasons:
        return 0
    _serve(listener, execution, draws=touched.draws(execution.outputs(), execution.states()))
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
