"""How often one person may act, so that nobody floods a room."""

from __future__ import annotations

from collections import deque

from coteach.errors import TooMany
from coteach.i18n import gettext as _

WITHIN = 10.0
MOST = {"chat": 5}
MOST_OTHERS = 30
"""Acts within that many seconds."""


class Pace:
    """One person's acts."""

    def __init__(self) -> None:
        self._acts: dict[str, deque[float]] = {}

    def act(self, verb: str, now: float) -> None:
        """Count one.

        Raises
        ------
        TooMany
            Too many within a short time.
        """
        kind = verb if verb in MOST else ""
        acts = self._acts.setdefault(kind, deque())
        while acts and now - acts[0] > WITHIN:
            acts.popleft()
        if len(acts) >= MOST.get(kind, MOST_OTHERS):
            raise TooMany(_("That was too much at once."), hint=_("Wait a few seconds."))
        acts.append(now)
