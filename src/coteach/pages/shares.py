"""How many kernels one person may have, on however many devices, and one group of persons.

Rule: a person's newest device counts. While somebody waits, everybody has one kernel at most; so a
class never has more than its pupils.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable

from coteach.pages.turns import Party
from coteach.tries import Limit, Tries

MOST_PERSON = 3
"""Kernels of one person: two devices, and a lesson that has been replaced."""
MOST_STARTS = 12
"""Kernels that one person may start within `STARTS_IN` seconds; a reload starts none."""
STARTS_IN = 60.0
MOST_KNOWN = 5000


class Shares:
    """Who has how much.

    Parameters
    ----------
    of
        Returns the group and the person behind a visitor. A group without a name has no bound.
    part
        The part of the pool that one group may have.
    clock
        Seconds that only grow.
    """

    def __init__(self, of: Callable[[str], tuple[str, str]] | None = None, part: float = 1.0,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.of: Callable[[str], Party] = of or (lambda visitor: ("", visitor))
        self._part, self._clock = part, clock
        self.begun = Tries(MOST_STARTS, MOST_KNOWN)

    def has_enough(self, visitor: str, limit: int, starting: Iterable[str],
                   have: Iterable[str]) -> bool:
        """Say whether a visitor has to wait though kernels are free.

        Parameters
        ----------
        limit
            The size of the pool.
        starting, have
            The visitors whose kernels are on the way, and of those that are there.
        """
        party = self.of(visitor)
        on_the_way = [self.of(other) for other in starting]
        if on_the_way.count(party) >= MOST_PERSON:
            return True
        if self._clock() < self.begun.until(party, Limit(MOST_STARTS, STARTS_IN)):
            return True
        group = party[0]
        if not group or self._part >= 1:
            return False
        theirs = sum(one[0] == group for one in on_the_way) + sum(
            self.of(other)[0] == group for other in have)
        return theirs >= max(1, int(limit * self._part))

    def begins(self, visitor: str) -> None:
        """Note that a kernel is started for a visitor."""
        self.begun.note(self.of(visitor), self._clock())

    def too_many(self, visitor: str, kernels: Iterable[tuple[float, str, str]]) -> list[str]:
        """Return the kernels that make room for one more of a visitor, longest ago seen first.

        Parameters
        ----------
        kernels
            When each was seen, its id and its visitor.
        """
        party = self.of(visitor)
        hers = [one for _seen, one, whose in sorted(kernels) if self.of(whose) == party]
        return hers[:max(0, len(hers) - MOST_PERSON + 1)]

    def beside(self, kernels: Iterable[tuple[float, str, str]]) -> list[str]:
        """Return the kernels that persons have beside their newest, longest ago seen first."""
        known = sorted(kernels)
        left = Counter(self.of(whose) for _seen, _one, whose in known)
        found = []
        for _seen, one, whose in known:
            party = self.of(whose)
            if left[party] > 1:
                left[party] -= 1
                found.append(one)
        return found
