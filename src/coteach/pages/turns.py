"""A fair queue: who asked first gets the next kernel, and who went away loses the place.

Rule: a person who has a kernel waits behind those who have none, and a group (a class) that has
more kernels behind one that has fewer. Several devices of one person gain nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

AGAIN = 1.5
"""Seconds after which a waiting page asks again."""
LOST_AFTER = 9.0
"""Seconds without a word after which a place is lost; a bad line may miss some."""

Party = tuple[str, str]
"""A group and a person in it."""


@dataclass
class _Place:
    seen: float


class Turns:
    """Who waits, in order of their turns.

    Parameters
    ----------
    clock
        Seconds that only grow.
    party
        Returns whose an entry of the queue is; each is somebody else's if not given.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic,
                 party: Callable[[Any], Party] = lambda who: ("", repr(who))) -> None:
        self._clock = clock
        self._party = party
        self._waiting: dict[Any, _Place] = {}

    def __len__(self) -> int:
        self._forget()
        return len(self._waiting)

    def ask(self, who: Any, free: int, held: Iterable[Party] = ()) -> int:
        """Return 0 when it is this one's turn, else the place in the queue.

        Parameters
        ----------
        who
            Who asks; asking again keeps the place.
        free
            How many can be served now. The first of the queue are, in whatever order they ask.
        held
            Whose the kernels are that are somebody's already, one entry for each.
        """
        self._forget()
        self._waiting.setdefault(who, _Place(0.0)).seen = self._clock()
        place = self._in_order(held).index(who)
        if place < free:
            del self._waiting[who]
            return 0
        return place - max(0, free) + 1

    def _in_order(self, held: Iterable[Party]) -> list[Any]:
        have = list(held)
        groups, persons = Counter(group for group, _person in have), Counter(have)
        party = {who: self._party(who) for who in self._waiting}
        more: dict[Any, int] = {}
        for who in reversed(self._waiting):  # of a person's devices the newest counts
            more[who] = persons[party[who]]
            persons[party[who]] += 1
        rank: dict[Any, tuple[int, int, int]] = {}
        for place, who in enumerate(sorted(self._waiting, key=more.__getitem__)):
            group = party[who][0]
            rank[who] = (more[who], groups[group], place)
            groups[group] += 1
        return sorted(rank, key=rank.__getitem__)

    def leave_all(self, gone: Callable[[Any], bool]) -> None:
        """Give up the places of those who are gone."""
        for who in [who for who in self._waiting if gone(who)]:
            del self._waiting[who]

    def _forget(self) -> None:
        before = self._clock() - LOST_AFTER
        for who in [w for w, place in self._waiting.items() if place.seen < before]:
            del self._waiting[who]
