"""What is known about one viewer's line: how much is lost, and what it carries.

Browsers tell it in receiver reports (RFC 3550) and REMB messages; nothing here does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass

OLD = 10.0
"""Seconds after which a report says nothing about the line any more."""
_SMOOTHING = 0.6


@dataclass(frozen=True)
class Judgement:
    """What the line is like now."""

    loss: float
    """The part of packets that does not arrive, 0 to 1."""
    bitrate: int | None
    """Bits a second that the viewer believes she can take (REMB)."""


class Line:
    """The line to one viewer."""

    def __init__(self) -> None:
        self._loss = 0.0
        self._bitrate: int | None = None
        self._heard = self._estimated = float("-inf")

    def heard_report(self, fraction_lost: int, now: float) -> None:
        """Take a receiver report: how many of 256 packets are lost."""
        lost = min(max(fraction_lost, 0), 255) / 256
        fresh = now - self._heard > OLD
        self._loss = lost if fresh else _SMOOTHING * self._loss + (1 - _SMOOTHING) * lost
        self._heard = now

    def heard_estimate(self, bitrate: int, now: float) -> None:
        """Take what the viewer believes her line carries."""
        self._bitrate, self._estimated = bitrate, now

    def judge(self, now: float) -> Judgement:
        """Return what the line is like now; what is old is left out."""
        recent = now - self._heard <= OLD
        return Judgement(self._loss if recent else 0.0,
                         self._bitrate if now - self._estimated <= OLD else None)
