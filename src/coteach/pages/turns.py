"""A fair queue: who asked first gets the next kernel, and who went away loses the place."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

AGAIN = 1.5
"""Seconds after which a waiting page asks again."""
LOST_AFTER = 9.0
"""Seconds without a word after which a place is lost; a bad line may miss some."""


@dataclass
class _Place:
    seen: float


class Turns:
    """Who waits, in order of asking.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[Hashable, _Place] = {}

    def __len__(self) -> int:
        self._forget()
        return len(self._waiting)

    def ask(self, who: Hashable, free: int) -> int:
        """Return 0 when it is this one's turn, else the place in the queue.

        Parameters
        ----------
        who
            Who asks; asking again keeps the place.
        free
            How many can be served now. The first of the queue are, in whatever order they ask.
        """
        self._forget()
        self._waiting.setdefault(who, _Place(0.0)).seen = self._clock()
        place = list(self._waiting).index(who)
        if place < free:
            del self._waiting[who]
            return 0
        return place - max(0, free) + 1

    def leave_all(self, gone: Callable[[Any], bool]) -> None:
        """Give up the places of those who are gone."""
        for who in [who for who in self._waiting if gone(who)]:
            del self._waiting[who]

    def _forget(self) -> None:
        before = self._clock() - LOST_AFTER
        for who in [w for w, place in self._waiting.items() if place.seen < before]:
            del self._waiting[who]
