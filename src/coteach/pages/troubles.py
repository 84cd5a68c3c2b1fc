"""What a lesson's callbacks stumbled over on pupils' pages, kept for its teacher.

Rule: a page may send anything, so it only says that it has shown an error. Which one is known from
the kernel, and the teacher reads its kind: what it says may be a pupil's own words. Those are in
the log, cut and without signs that a terminal would obey. The newest few of a lesson are kept.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

MOST_LESSONS = 200
MOST_EACH = 10
MOST_TEXT = 6000
MOST_LINE = 300

_NAME = re.compile(r"[A-Z]\w{0,60}")
"""The kind of an error as classes are named."""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

log = structlog.get_logger("pages")


def _plain(text: Any, most: int) -> str:
    kept = (c for c in str(text)[:most] if c.isprintable() or c == "\n")
    return "".join(kept).strip()


@dataclass
class Troubles:
    """The errors of callbacks, by lesson.

    Parameters
    ----------
    heard
        Called with a lesson's digest, a cell and what its kernel said when that is news: for the
        log of whoever wrote the lesson, since it may hold words of a pupil.
    """

    heard: Callable[[str, str, str], None] = lambda digest, cell, error: None
    _known: OrderedDict[str, dict[str, str]] = field(default_factory=OrderedDict)

    def add(self, digest: str, lesson: str, body: bytes,
            seen: Mapping[str, str], cells: Collection[str]) -> None:
        """Write an error to the log, unless the same one of this lesson was there before.

        Parameters
        ----------
        seen
            The errors that the kernel of this page told of, and where each one stopped.
        cells
            The cells of the lesson; a page may name one of them.
        """
        try:
            raw = json.loads(body[:4 * MOST_TEXT])
            name = str(raw["error"]).partition(":")[0]
            cell = str(raw.get("cell", ""))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        found = self._known.setdefault(digest, {})
        self._known.move_to_end(digest)
        while len(self._known) > MOST_LESSONS:
            self._known.popitem(last=False)
        if name in found or name not in seen or not _NAME.fullmatch(name):
            return
        while len(found) >= MOST_EACH:
            del found[next(iter(found))]
        found[name] = cell if cell in cells else ""
        traceback = _plain(_COLOURS.sub("", seen[name]), MOST_TEXT)
        log.warning("a part of a lesson failed on a page", lesson=lesson, cell=found[name],
                    error=name, traceback=traceback)
        self.heard(digest, found[name], (traceback.splitlines() or [name])[-1][:MOST_LINE])

    def of(self, digest: str) -> dict[str, str]:
        """Return the errors of a lesson, each once, with the cell it came from or nothing."""
        return dict(self._known.get(digest, {}))
