"""What a lesson's callbacks stumbled over on pupils' pages, kept for its teacher.

Rule: a page may send anything, so this is text for the log, cut and without signs that a terminal
would obey, and a few different ones for each lesson; nothing of a pupil is in it.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import structlog

MOST_LESSONS = 200
MOST_EACH = 10
MOST_TEXT = 6000

log = structlog.get_logger("pages")


def _plain(text: Any, most: int) -> str:
    kept = (c for c in str(text)[:most] if c.isprintable() or c == "\n")
    return "".join(kept).strip()


@dataclass
class Troubles:
    """The errors of callbacks, by lesson."""

    _known: OrderedDict[str, list[str]] = field(default_factory=OrderedDict)

    def add(self, digest: str, lesson: str, body: bytes) -> None:
        """Write an error to the log, unless the same one of this lesson was there before."""
        try:
            raw = json.loads(body[:4 * MOST_TEXT])
            error, traceback = str(raw["error"]), str(raw["traceback"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        found = self._known.setdefault(digest, [])
        self._known.move_to_end(digest)
        while len(self._known) > MOST_LESSONS:
            self._known.popitem(last=False)
        name = " ".join(_plain(error, 200).split()).rstrip(": ")
        if not name or name in found or len(found) >= MOST_EACH:
            return
        found.append(name)
        log.warning("a part of a lesson failed on a page", lesson=lesson, error=name,
                    traceback=_plain(traceback, MOST_TEXT))

    def of(self, digest: str) -> list[str]:
        """Return the errors of a lesson, each once."""
        return list(self._known.get(digest, ()))
