"""Giving one viewer the quality that her line carries, where a publisher sends two.

A publisher may offer two pictures, the large one first and the same one small second. The viewer
has one picture, which goes on with the other source at its next key frame.
"""

from __future__ import annotations

from collections.abc import Mapping

from coteach.live.forward import ForwardSender
from coteach.live.ladder import Ladder
from coteach.live.line import Judgement
from coteach.live.source import Source

SMALL = "small"
"""The key of the second picture beside ``video`` and ``audio``."""


class Adapter:
    """Moves one viewer between the qualities of one publisher.

    Parameters
    ----------
    senders
        The viewer's senders by kind.
    sources
        What is published; both ``video`` and `SMALL` are there.
    now
        Monotonic seconds.
    """

    def __init__(self, senders: Mapping[str, ForwardSender], sources: Mapping[str, Source],
                 now: float) -> None:
        self._senders = senders
        self._pictures = (sources["video"], sources[SMALL], None)
        """What is sent on each rung; on the last one, sound alone."""
        self._ladder = Ladder(now)

    def tick(self, now: float) -> None:
        """Look at the line and act; called about once a second."""
        rung = self._ladder.decide(self._judge(now), self._rates(), now)
        self._senders["video"].switch(self._pictures[rung])

    def _judge(self, now: float) -> Judgement:
        """Return the line as the worst off of its streams sees it."""
        found = [sender.line.judge(now) for sender in self._senders.values()]
        return Judgement(
            max(each.loss for each in found),
            min((each.bitrate for each in found if each.bitrate is not None), default=None))

    def _rates(self) -> list[int]:
        # Of the pictures alone: what viewers estimate (REMB) counts only streams with send times.
        return [picture.rate if picture else 0 for picture in self._pictures]
