"""What a service says goes to DIR/logs/<name>.log, one line a fact, never more than two files.

Rule: writing a log never stops a service. The supervisor reads the service's output through a pipe,
so a full disk loses lines and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path

LIMIT = 10_000_000
"""Bytes after which the file is put aside as `<name>.log.1`, over the last such file."""

_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


class LogFile:
    """One service's log.

    Parameters
    ----------
    path
        The file; lines are appended.
    limit
        Its size in bytes after which it is put aside.
    """

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self.path = path
        self._limit = limit
        self._lost = 0

    def write(self, line: bytes) -> None:
        """Append a line; when the disk refuses, count it and say so with the next one."""
        line = _COLOUR.sub(b"", line).rstrip(b"\r\n")
        if not line:
            return
        try:
            with contextlib.suppress(FileNotFoundError):
                if self.path.stat().st_size > self._limit:
                    self.path.replace(self.path.with_name(self.path.name + ".1"))
            with self.path.open("ab", buffering=0) as file:
                if self._lost:
                    file.write(b"(%d lines were lost: the disk was full)\n" % self._lost)
                    self._lost = 0
                file.write(line + b"\n")
        except OSError:
            self._lost += 1

    async def follow(self, stream: asyncio.StreamReader) -> None:
        """Write what a process says until it says no more."""
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line longer than the reader's limit; it was dropped
                line = b"(a very long line was left out)"
            if not line:
                return
            self.write(line)

    def last_said(self) -> str:
        """Return the last line that the service itself said; ours are in brackets."""
        lines = self.tail(40)
        return next((line for line in reversed(lines) if line.strip() and line[0] != "("),
                    lines[-1] if lines else "")

    def tail(self, lines: int = 5) -> list[str]:
        """Return the last lines."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, self.path.stat().st_size - 8000))
                return file.read().decode("utf-8", "replace").splitlines()[-lines:]
        except OSError:
            return []
