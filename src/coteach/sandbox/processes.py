"""A sandbox seen from outside: is it still that one, and how to end it at once."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def started(pid: int) -> int | None:
    """Return when a process started (in the kernel's ticks), or None if there is no such process.

    Process ids are used again; id and start time together name one process for good.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def end(pid: int) -> None:
    """End a sandbox at once, with everything in it.

    The first process inside is killed and not its supervisor: so the supervisor ends when really
    all is gone, and takes the control groups away.
    """
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        children = []
    for target in [int(child) for child in children] or [pid]:
        try:
            os.kill(target, signal.SIGKILL)
        except ProcessLookupError:
            pass
        except PermissionError:
            os.kill(pid, signal.SIGKILL)
