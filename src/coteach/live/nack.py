"""Which packets of a stream are missing, and when to ask for them again.

A request, or what it asks for, may get lost as well, so requests are repeated about once a round
trip until the packet is here or nobody waits for it any more. Sans I/O: the caller has the clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from coteach.live.frames import ahead

FIRST_RETRY = 0.04
"""Seconds until a request is repeated while no round trip was measured."""
MIN_RETRY, MAX_RETRY = 0.02, 0.4
GIVE_UP_AFTER = 1.5
"""Seconds after which a picture without this packet is past mending: a key frame is cheaper."""
MAX_MISSING = 250
"""Missing packets at most; when more are, the line was cut, and a key frame is cheaper."""
JUMP = 3000
"""Numbers further apart than this belong to another count."""
_SMOOTHING = 0.8


@dataclass
class _Gap:
    since: float
    asked: float
    times: int = 1


class NackList:
    """The missing packets of one stream."""

    def __init__(self) -> None:
        self._highest: int | None = None
        """The newest packet's number, extended beyond 16 bits."""
        self._missing: dict[int, _Gap] = {}
        self._round_trip: float | None = None
        self.given_up = 0
        """Packets that never came."""
        self.repaired = 0
        """Packets that came after they were asked for."""

    @property
    def waiting(self) -> bool:
        """Whether something is missing that is still hoped for."""
        return bool(self._missing)

    @property
    def retry_after(self) -> float:
        """Seconds between two requests for the same packet."""
        if self._round_trip is None:
            return FIRST_RETRY
        return min(max(1.5 * self._round_trip, MIN_RETRY), MAX_RETRY)

    def add(self, number: int, now: float) -> list[int]:
        """Note a packet that came; return the numbers to ask for now, most often none."""
        if self._highest is None:
            self._highest = number + 65536
            return []
        step = ahead(number, self._highest)
        if step > JUMP or step < -JUMP:
            self._highest = number + 65536
            self._missing.clear()
            return []
        extended = self._highest + step
        if step <= 0:
            self._came(extended, now)
            return []
        lost = range(self._highest + 1, extended)
        self._highest = extended
        if len(lost) + len(self._missing) > MAX_MISSING:
            self.given_up += len(lost) + len(self._missing)
            self._missing.clear()
            return []
        for each in lost:
            self._missing[each] = _Gap(now, now)
        return [each & 0xFFFF for each in lost]

    def wants(self, number: int) -> bool:
        """Say whether a packet is missing and still hoped for."""
        return self._highest is not None and (
            self._highest + ahead(number, self._highest) in self._missing)

    def _came(self, extended: int, now: float) -> None:
        gap = self._missing.pop(extended, None)
        if gap is None:
            return
        self.repaired += 1
        if gap.times == 1:  # which of several requests was answered is not known
            took = now - gap.asked
            self._round_trip = took if self._round_trip is None else (
                _SMOOTHING * self._round_trip + (1 - _SMOOTHING) * took)

    def due(self, now: float) -> list[int]:
        """Return the numbers to ask for once more, and forget those past mending."""
        again = []
        for extended, gap in list(self._missing.items()):
            if now - gap.since > GIVE_UP_AFTER:
                del self._missing[extended]
                self.given_up += 1
            elif now - gap.asked >= self.retry_after:
                gap.asked = now
                gap.times += 1
                again.append(extended & 0xFFFF)
        return again
