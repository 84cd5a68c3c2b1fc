"""Slowing down whoever guesses passwords.

Rule: never lock a person out because of somebody else. What is counted is failures of one name from
one address (a guesser at one desk), and of one name from everywhere (a guesser with many machines).
A school shares one address, so an address alone is only slowed when it fails very often.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator

from coteach.tries import Limit, Tries

NAME_AND_ADDRESS = Limit(5, 60)
NAME = Limit(30, 600)
ADDRESS = Limit(60, 300)


class Throttle:
    """Counts failures in memory; a restart of the Hub forgets them.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._both, self._name, self._address = (
            Tries(limit.tries) for limit in (NAME_AND_ADDRESS, NAME, ADDRESS))

    def _each(self, name: str, address: str) -> Iterator[tuple[Tries, Hashable, Limit]]:
        yield self._both, (name, address), NAME_AND_ADDRESS
        yield self._name, name, NAME
        yield self._address, address, ADDRESS

    def wait(self, name: str, address: str) -> float:
        """Return the seconds until the next try is allowed; zero when it is allowed now."""
        until = max(failures.until(key, limit)
                    for failures, key, limit in self._each(name, address))
        return max(0.0, until - self._clock())

    def failed(self, name: str, address: str) -> None:
        """Count a failure."""
        now = self._clock()
        for failures, key, _limit in self._each(name, address):
            failures.note(key, now)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a person who got in from here."""
        self._both.forget((name, address))
