"""Can kernels be forked from a lesson that was executed? If not, why.

Runs inside the sandbox. A fork copies memory and the one thread that forks, nothing else: what
lives outside of that would be dead in the copy, or shared by all copies.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator

from coteach.pages import kept


def _descriptors() -> Iterator[tuple[int, str]]:
    for name in os.listdir("/proc/self/fd"):
        try:
            yield int(name), os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue


def _inet(number: int) -> bool:
    try:
        with socket.socket(fileno=os.dup(number)) as found:
            return found.family in (socket.AF_INET, socket.AF_INET6)
    except OSError:
        return False


HARMLESS = ("jemalloc_bg_thd",)
"""Native threads whose library knows about forks (pyarrow's memory)."""


def _threads() -> list[str]:
    """Return the names of the threads besides this one, as the system knows them."""
    found = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/comm", encoding="utf-8", errors="replace") as file:
                name = file.read().strip()
        except OSError:
            continue
        if int(task) != os.getpid() and name not in HARMLESS:
            found.append(name)
    return found


def calm_helpers() -> None:
    """End helper threads of libraries that start again by themselves when they are needed."""
    import sys
    tqdm = sys.modules.get("tqdm")
    monitor = getattr(getattr(tqdm, "tqdm", None), "monitor", None)
    if monitor is not None:
        monitor.exit()


def reasons(loop: asyncio.AbstractEventLoop | None = None) -> list[dict[str, str]]:
    """Return why this process can't be forked, as ``{"reason": word, "detail": text}``.

    Parameters
    ----------
    loop
        The lesson's event loop, whose tasks would stop.
    """
    found = []
    if native := _threads():
        names = [t.name for t in threading.enumerate() if t is not threading.main_thread()]
        found.append({"reason": "threads", "detail": ", ".join(names or native)[:200]})
    if children := len(kept.children()):
        found.append({"reason": "processes", "detail": str(children)})
    links = list(_descriptors())
    if any(_inet(number) for number, link in links if link.startswith("socket:")):
        found.append({"reason": "network", "detail": ""})
    devices = sorted({link for _number, link in links
                      if link.startswith(("/dev/nvidia", "/dev/dri", "/dev/kfd"))})
    if devices:
        found.append({"reason": "graphics", "detail": devices[0]})
    if loop is not None and not loop.is_closed() and (tasks := asyncio.all_tasks(loop)):
        found.append({"reason": "tasks", "detail": str(len(tasks))})
    if not found and (why := kept.trial()):
        found.append({"reason": "fork", "detail": why})
    return found
