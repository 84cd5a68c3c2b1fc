"""Finding and ending every process of one run, however it was started.

Rule: everything a run starts carries `COTEACH_RUN=<mark>` in its environment, Labs included. Labs
must outlive a restart of the Hub, so they can't be tied to their parent; the mark finds them.

Run as a program (``python mark.py MARK``) this file is the guardian: it waits until its standard
input ends, which happens when the supervisor is gone however it went, and then ends what is left.
It imports nothing but the standard library, so it is small and starts at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

VARIABLE = "COTEACH_RUN"


def marked(run: str) -> list[int]:
    """Return the processes that carry a mark, without this one."""
    needle = f"{VARIABLE}={run}".encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
            if needle in file.read().split(b"\0"):
                found.append(int(name))
    return found


def end_marked(run: str, grace: float = 3.0, spare: frozenset[int] = frozenset()) -> int:
    """Ask the processes of a run to end, then end them; return how many there were."""
    everyone: set[int] = set()
    deadline = time.monotonic() + grace
    force = False
    while True:
        left = [pid for pid in marked(run) if pid not in spare]
        if not left:
            return len(everyone)
        for pid in left:
            if force or pid not in everyone:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL if force else signal.SIGTERM)
        everyone.update(left)
        if time.monotonic() > deadline + 2:
            return len(everyone)
        force = time.monotonic() > deadline
        time.sleep(0.1)


def main() -> None:
    """Be the guardian."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C in the terminal is not for this process
    while sys.stdin.buffer.read(1):
        pass
    end_marked(sys.argv[1])


if __name__ == "__main__":
    main()
