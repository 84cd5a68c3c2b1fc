"""Putting RTP packets back into whole VP8 frames, in order, for a file.

A missing packet is waited for a short time (the publisher sends it again when asked); after that
everything up to the next key frame is left out, since it could not be decoded anyway.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiortc.rtp import RtpPacket

from coteach.live import vp8

PATIENCE = 0.6
"""Seconds to wait for a packet that is sent again."""
LIMIT = 2000
"""Packets to hold at most while waiting."""


@dataclass(frozen=True)
class Frame:
    """One encoded picture."""

    data: bytes
    timestamp: int
    key: bool


def ahead(number: int, of: int) -> int:
    """Return how far a packet's 16-bit number lies ahead of a number, extended or not.

    Of the two ways round the shorter one counts; what lies behind is negative.
    """
    return (number - of + 32768) % 65536 - 32768


class FrameAssembler:
    """Takes packets in any order and gives frames in decoding order."""

    def __init__(self) -> None:
        self._held: dict[int, RtpPacket] = {}
        self._next: int | None = None
        """Extended number of the packet that comes next; None while waiting for a key frame."""
        self._highest: int | None = None
        self._open: list[bytes] = []
        self._stuck_since: float | None = None

    @property
    def lost(self) -> bool:
        """Whether a key frame is needed to go on."""
        return self._next is None

    def _extended(self, number: int) -> int:
        if self._highest is None:
            self._highest = number + 65536
        extended = self._highest + ahead(number, self._highest)
        self._highest = max(self._highest, extended)
        return extended

    def add(self, packet: RtpPacket, now: float) -> list[Frame]:
        """Take a packet; return the frames that are complete now."""
        number = self._extended(packet.sequence_number)
        if self._next is None:
            if not vp8.starts_key_frame(packet.payload):
                return []
            self._next = number
        if number < self._next:
            return []
        self._held[number] = packet
        frames = self._take_complete()
        if not self._held:
            self._stuck_since = None
        elif self._stuck_since is None or frames:
            self._stuck_since = now
        elif now - self._stuck_since > PATIENCE or len(self._held) > LIMIT:
            self._give_up()
            frames += self._take_complete()
        return frames

    def _take_complete(self) -> list[Frame]:
        frames: list[Frame] = []
        while self._next is not None and (packet := self._held.pop(self._next, None)):
            self._next += 1
            if vp8.starts_frame(packet.payload):
                self._open = []
            self._open.append(vp8.body(packet.payload))
            if packet.marker:
                data = b"".join(self._open)
                self._open = []
                frames.append(Frame(data, packet.timestamp, vp8.is_key_frame(data)))
        return frames

    def _give_up(self) -> None:
        self._open, self._stuck_since = [], None
        keys = [n for n, p in self._held.items() if vp8.starts_key_frame(p.payload)]
        self._next = min(keys) if keys else None
        self._held = {n: p for n, p in self._held.items() if keys and n >= min(keys)}
