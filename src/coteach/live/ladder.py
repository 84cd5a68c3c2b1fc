"""The ladder: what one viewer's line can carry, and when to change it.

Rungs are numbered from the best, 0, to the last. Down goes quickly, since a bad line hurts at once;
up goes one rung at a time after a calm while, as a trial: nothing tells what a line could carry
that is not being asked to. A trial that fails makes the next one come later. Sans I/O.
"""

from __future__ import annotations

from collections.abc import Sequence

from coteach.live.line import Judgement

BAD_LOSS, TERRIBLE_LOSS = 0.10, 0.30
"""Parts of packets lost: with more than this a rung is too high; with more than that, at once."""
CALM_LOSS = 0.07
"""With less than this the line is calm: sound and its repairs bear 5 %."""
TIGHT = 0.85
"""The viewer's own estimate may be this much lower than what she is sent."""
DOWN_AFTER, UP_AFTER = 2.0, 3.0
"""Seconds that a line must be bad, or calm, before something changes."""
FAILED_WITHIN = 8.0
"""Seconds after a climb within which a fall shows that it was a mistake."""
UP_AFTER_MOST = 60.0
FORGET_AFTER = 60.0
"""Seconds on one rung after which earlier mistakes say nothing any more."""


class Ladder:
    """One viewer's rung."""

    def __init__(self, now: float) -> None:
        self.rung = 0
        self._since = now
        self._climbed = float("-inf")
        self._patience = UP_AFTER
        self._bad: float | None = None
        self._calm: float | None = None

    def decide(self, line: Judgement, rates: Sequence[int], now: float) -> int:
        """Return the rung for now.

        Parameters
        ----------
        line
            What the viewer's line is like.
        rates
            Bits a second that each rung takes now, the best one first.
        """
        self.rung = min(self.rung, len(rates) - 1)
        needed = rates[self.rung]
        tight = line.bitrate is not None and line.bitrate < TIGHT * needed
        if line.loss > BAD_LOSS or tight:
            self._calm = None
            self._bad = now if self._bad is None else self._bad
            if now - self._bad >= DOWN_AFTER or line.loss > TERRIBLE_LOSS:
                self._fall(line, rates, now)
            return self.rung
        self._bad = None
        if line.loss > CALM_LOSS:
            self._calm = None
            return self.rung
        self._calm = now if self._calm is None else self._calm
        if now - self._since > FORGET_AFTER:
            self._patience = UP_AFTER
        if self.rung and now - self._calm >= self._patience:
            self._move(self.rung - 1, now)
            self._climbed = now
        return self.rung

    def _fall(self, line: Judgement, rates: Sequence[int], now: float) -> None:
        if self.rung == len(rates) - 1:
            return
        if now - self._climbed < FAILED_WITHIN:
            self._patience = min(2 * self._patience, UP_AFTER_MOST)
        lower = range(self.rung + 1, len(rates))
        estimate = line.bitrate
        if estimate is None or estimate >= TIGHT * rates[self.rung]:
            target = lower[0]  # losses do not say how far
        else:
            target = next((rung for rung in lower if estimate >= TIGHT * rates[rung]), lower[-1])
        self._move(target, now)

    def _move(self, rung: int, now: float) -> None:
        self.rung, self._since = rung, now
        self._bad = self._calm = None
