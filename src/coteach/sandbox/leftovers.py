"""Folders for as long as a process lives, and what is left of them when one was killed.

Rule: a folder says who made it, and only its maker's death lets somebody else remove it.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from pathlib import Path

from coteach.sandbox.processes import started

PREFIXES = ("ct-k-", "ct-w-", "coteach-grade-", "ct-report-")
OWNER = ".owner"
_MAX_OWNER = 200


def _namespace() -> str:
    """Return in which count of processes an id is meant; containers may share a /tmp."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def claim(folder: Path) -> None:
    """Write down that this process made a folder of temporary files."""
    pid = os.getpid()
    (folder / OWNER).write_text(json.dumps([pid, started(pid), _namespace()]), encoding="ascii")


def _abandoned(folder: Path) -> bool:
    try:
        found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            return False
        handle = os.open(folder / OWNER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return False
            pid, began, namespace = json.loads(file.read(_MAX_OWNER))
        return (isinstance(pid, int) and isinstance(began, int) and namespace == _namespace()
                and started(pid) != began)
    except (OSError, ValueError, TypeError):
        return False


def sweep() -> int:
    """Remove the folders of processes that were killed; return how many."""
    places = {Path(tempfile.gettempdir()), Path("/tmp")}  # noqa: S108  only our own are touched
    gone = 0
    for place in places:
        try:
            names = [entry.name for entry in os.scandir(place) if entry.name.startswith(PREFIXES)]
        except OSError:
            continue
        for name in names:
            if _abandoned(place / name):
                shutil.rmtree(place / name, ignore_errors=True)
                gone += 1
    return gone
