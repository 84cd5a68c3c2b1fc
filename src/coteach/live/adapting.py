"""Giving one viewer the quality that her line carries, where a publisher sends two.

A publisher may offer two pictures, the large one first and the same one small second. The viewer
has one picture, which goes on with the other source at its next key frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coteach.live.forward import ForwardSender
from coteach.live.ladder import Ladder
from coteach.live.line import Judgement
from coteach.live.source import Source

SMALL = "small"
"""The key of the second picture beside ``video`` and ``audio``."""


@dataclass(frozen=True)
class Rung:
    """What is sent on a rung."""

    name: str
    picture: Source | None


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
        self._senders, self._sources = senders, sources
        self._rungs = (Rung("full", sources["video"]), Rung("small", sources[SMALL]),
                       Rung("sound", None))
        self._ladder = Ladder(now)

    @property
    def rung(self) -> str:
        """The name of what the viewer gets."""
        return self._rungs[self._ladder.rung].name

    def tick(self, now: float) -> None:
        """Look at the line and act; called about once a second."""
        rung = self._ladder.decide(self._judge(now), self._rates(), now)
        self._senders["video"].switch(self._rungs[rung].picture)

    def _judge(self, now: float) -> Judgement:
        """Return the line as the worst off of its streams sees it."""
        found = [sender.line.judge(now) for sender in self._senders.values()]
        return Judgement(
            max(each.loss for each in found),
            min((each.bitrate for each in found if each.bitrate is not None), default=None))

    def _rates(self) -> list[int]:
        # Of the pictures alone: what viewers estimate (REMB) counts only streams with send times.
        return [rung.picture.rate if rung.picture else 0 for rung in self._rungs]
