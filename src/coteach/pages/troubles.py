"""What a lesson's callbacks stumbled over on pupils' pages, kept for its teacher.

Rule: a page may send anything, so it only says that it has shown an error. Which one is known from
the kernel, and the teacher reads its kind: what it says may be a pupil's own words. Those are in
the log, cut and without signs that a terminal would obey. The newest few of a lesson are kept.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

MOST_LESSONS = 200
MOST_EACH = 10
MOST_TEXT = 6000

_NAME = re.compile(r"[A-Z]\w{0,60}")
"""The kind of an error as classes are named."""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

log = structlog.get_logger("pages")


def _plain(text: Any, most: int) -> str:
    kept = (c for c in str(text)[:most] if c.isprintable() or c == "\n")
    return "".join(kept).strip()


@dataclass
class Troubles:
    """The errors of callbacks, by lesson."""

    _known: OrderedDict[str, list[str]] = field(default_factory=OrderedDict)

    def add(self, digest: str, lesson: str, body: bytes,
            seen: Mapping[str, str]) -> None:
        """Write an error to the log, unless the same one of this lesson was there before.

        Parameters
        ----------
        seen
            The errors that the kernel of this page told of, and where each one stopped.
        """
        try:
            raw = json.loads(body[:4 * MOST_TEXT])
            name = str(raw["error"]).partition(":")[0]
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        found = self._known.setdefault(digest, [])
        self._known.move_to_end(digest)
        while len(self._known) > MOST_LESSONS:
            self._known.popitem(last=False)
        if name in found or name not in seen or not _NAME.fullmatch(name):
            return
        while len(found) >= MOST_EACH:
            del found[0]
        found.append(name)
        log.warning("a part of a lesson failed on a page", lesson=lesson, error=name,
                    traceback=_plain(_COLOURS.sub("", seen[name]), MOST_TEXT))

    def of(self, digest: str) -> list[str]:
        """Return the errors of a lesson, each once."""
        return list(self._known.get(digest, ()))
