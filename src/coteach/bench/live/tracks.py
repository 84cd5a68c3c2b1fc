"""Tracks of a publisher: encoded packets that go round, in real time."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction

import av
from aiortc.mediastreams import MediaStreamTrack

from coteach.bench.live import picture


class _Round(MediaStreamTrack):
    """Gives encoded frames at a steady pace."""

    def __init__(self, frames: list[picture.Encoded], seconds: Fraction) -> None:
        super().__init__()
        self._frames, self._seconds = frames, seconds
        self._begun: float | None = None
        self._number = self._place = 0

    async def recv(self) -> av.Packet:
        if self._begun is None:
            self._begun = time.monotonic()
        await asyncio.sleep(max(0.0, self._begun + float(self._number * self._seconds)
                                - time.monotonic()))
        packet = av.Packet(self._next())
        packet.pts, packet.time_base = self._number, self._seconds
        self._number += 1
        return packet

    def _next(self) -> bytes:
        frame = self._frames[self._place]
        self._place = (self._place + 1) % len(self._frames)
        return frame.data


class Video(_Round):
    """The picture; jumps to its next key frame when asked for one."""

    kind = "video"
    _encoded: list[picture.Encoded] | None = None

    def __init__(self) -> None:
        if Video._encoded is None:
            Video._encoded = picture.video()
        super().__init__(Video._encoded, Fraction(1, picture.SPEED))

    def want_key_frame(self) -> None:
        """Go on with a key frame."""
        while not self._frames[self._place].key:
            self._place = (self._place + 1) % len(self._frames)

    def _next(self) -> bytes:
        return picture.stamped(super()._next())


class Sound(_Round):
    """The sound."""

    kind = "audio"
    _encoded: list[picture.Encoded] | None = None

    def __init__(self) -> None:
        if Sound._encoded is None:
            Sound._encoded = picture.sound()
        super().__init__(Sound._encoded, Fraction(1, 50))
