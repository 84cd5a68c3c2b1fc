"""Counting tries, so that whoever guesses is slowed and nobody else.

Rule: who is counted together is the caller's choice; here is only when, by key. Kept in memory, so
much and no more: the keys that were silent longest are forgotten first, and a restart forgets all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass

REMEMBERED = 20_000
"""Keys kept of each sort."""


@dataclass(frozen=True)
class Limit:
    """So many tries within so many seconds, and no more."""

    tries: int
    seconds: float


class Tries:
    """When tries of one sort were made.

    Parameters
    ----------
    most
        Tries remembered of each key: those of the largest limit that is asked for.
    remembered
        Keys kept; `REMEMBERED`, if it is not given.
    """

    def __init__(self, most: int, remembered: int | None = None) -> None:
        self._most = most
        self._remembered = REMEMBERED if remembered is None else remembered
        self._made: dict[Hashable, deque[float]] = {}

    def note(self, key: Hashable, now: float) -> None:
        """Note that one was made now."""
        made = self._made.pop(key, None) or deque(maxlen=self._most)
        made.append(now)
        self._made[key] = made
        while len(self._made) > self._remembered:
            del self._made[next(iter(self._made))]

    def until(self, key: Hashable, limit: Limit) -> float:
        """Return from when on the key is below a limit; zero when it never reached it."""
        made = self._made.get(key, ())
        return made[-limit.tries] + limit.seconds if len(made) >= limit.tries else 0.0

    def forget(self, key: Hashable) -> None:
        """Forget what a key did."""
        self._made.pop(key, None)
