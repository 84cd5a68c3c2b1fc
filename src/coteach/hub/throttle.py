"""Slowing down whoever guesses passwords.

Rule: never lock a person out because of somebody else. What is counted is failures of one name from
one address (a guesser at one desk), and of one name from everywhere (a guesser with many machines).
A school shares one address, so an address alone is only slowed when it fails very often.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """So many failures within so many seconds, and no more."""

    failures: int
    seconds: float


NAME_AND_ADDRESS = Limit(5, 60)
NAME = Limit(30, 600)
ADDRESS = Limit(60, 300)
REMEMBERED = 10_000
"""Keys kept in memory; the oldest are forgotten first."""


class Throttle:
    """Counts failures in memory; a restart of the Hub forgets them.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[Hashable, deque[float]] = {}

    @staticmethod
    def _keys(name: str, address: str) -> list[tuple[Hashable, Limit]]:
        return [(("both", name, address), NAME_AND_ADDRESS), (("name", name), NAME),
                (("address", address), ADDRESS)]

    def wait(self, name: str, address: str) -> float:
        """Return the seconds until the next try is allowed; zero when it is allowed now."""
        now = self._clock()
        longest = 0.0
        for key, limit in self._keys(name, address):
            times = self._failures.get(key, ())
            recent = [at for at in times if at > now - limit.seconds]
            if len(recent) >= limit.failures:
                longest = max(longest, recent[-limit.failures] + limit.seconds - now)
        return longest

    def failed(self, name: str, address: str) -> None:
        """Count a failure."""
        for key, limit in self._keys(name, address):
            times = self._failures.pop(key, deque(maxlen=limit.failures))
            times.append(self._clock())
            self._failures[key] = times
        while len(self._failures) > REMEMBERED:
            del self._failures[next(iter(self._failures))]

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a person who got in from here."""
        self._failures.pop(("both", name, address), None)
