"""The lessons that a service was asked for, and what is known of each.

Rule: few are held in memory whole; what the others showed is read again from the shelf, or their
lesson is executed again.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog

from coteach.errors import NotFound
from coteach.i18n import gettext as _
from coteach.pages.executed import Executed
from coteach.pages.page import Page
from coteach.pages.questions import questions_of
from coteach.pages.renderer import Rendered
from coteach.pages.shelf import Shelf, states_json

MOST = 300
"""Lessons that are remembered; the one that was used last stays longest."""
MOST_WHOLE = 24
"""Lessons whose outputs and states are held in memory."""
AGAIN_AFTER = 60.0
"""Seconds after which a lesson that could not be executed at all is tried again."""

log = structlog.get_logger("pages")


class Known:
    """One lesson."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.executed: Executed | None = None
        self.states = b""
        """Widget states as gzipped JSON."""
        self.stamp = ""
        self.rendered: dict[tuple[str, bool], Rendered] = {}
        self.rendering = asyncio.Lock()
        self._failed = float("-inf")

    @property
    def failed(self) -> bool:
        """Whether it could not be executed when that was tried last."""
        return self.executed is None and time.monotonic() - self._failed < AGAIN_AFTER

    def fail(self) -> None:
        """Note that it could not be executed."""
        self._failed = time.monotonic()

    def learn(self, executed: Executed) -> list[dict[str, Any]]:
        """Take what it showed; return the questions it asks, in order."""
        cells = [{"id": cell.id, "outputs": executed.outputs.get(str(cell.id), [])}
                 for cell in self.page.notebook.cells]
        states = {model: about["state"] for model, about in executed.states.items()}
        asked: list[dict[str, Any]] = []
        try:
            asked = questions_of(_Cells(cells), states)
        except Exception:
            log.exception("the questions of a lesson could not be read")
        self.executed = replace(executed, questions=tuple(asked))
        self.states = states_json(executed)
        self.stamp = hashlib.sha256(self.states).hexdigest()[:12]
        self.rendered.clear()
        return asked

    def forget(self) -> None:
        """Let go of what can be had again."""
        self.executed, self.states = None, b""
        self.rendered.clear()


class _Cells:
    """A notebook as far as `questions_of` looks at it."""

    def __init__(self, cells: list[dict[str, Any]]) -> None:
        self.cells = cells


class KnownLessons:
    """The lessons of a service.

    Parameters
    ----------
    shelf
        Where results are kept.
    in_use
        Says whether somebody has a kernel of a lesson.
    """

    def __init__(self, shelf: Shelf, in_use: Callable[[str], bool]) -> None:
        self._shelf, self._in_use = shelf, in_use
        self._lessons: OrderedDict[str, Known] = OrderedDict()

    def add(self, page: Page) -> Known:
        """Know a lesson from here on; the same one with another header is the same."""
        digest = page.digest
        if digest not in self._lessons:
            lesson_only = replace(page, header="", footer="", data={}, version=digest)
            self._lessons[digest] = Known(lesson_only)
        return self.get(digest)

    def has(self, digest: str) -> bool:
        """Say whether a lesson is known."""
        return digest in self._lessons

    def get(self, digest: str) -> Known:
        """Return a lesson; raises NotFound."""
        if digest not in self._lessons:
            raise NotFound(_("This lesson is not open here any more."), code="no-lesson")
        known = self._lessons[digest]
        self._lessons.move_to_end(digest)
        if known.executed is None:
            kept = self._shelf.get(digest, {cell["id"] for cell in known.page.code})
            if kept is not None:
                known.learn(kept)
                self._make_room()
        return known

    def learn(self, digest: str, executed: Executed) -> tuple[Page, list[dict[str, Any]]] | None:
        """Take what a host found out; return the page and its questions when it is news."""
        known = self._lessons.get(digest)
        if known is None or (known.executed is not None and not known.executed.errors):
            return None
        asked = known.learn(executed)
        self._shelf.put(digest, executed)
        self._make_room()
        return known.page, asked

    def _make_room(self) -> None:
        whole = [d for d, known in self._lessons.items() if known.executed is not None]
        for digest in whole[:-MOST_WHOLE]:
            if not self._in_use(digest):
                self._lessons[digest].forget()
        while len(self._lessons) > MOST:
            digest = next(iter(self._lessons))
            if self._in_use(digest):
                break
            del self._lessons[digest]
