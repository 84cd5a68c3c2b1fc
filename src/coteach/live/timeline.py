"""Placing RTP timestamps on the one timeline of a recording, in seconds."""

from __future__ import annotations

MAX_DRIFT = 1.0
"""Seconds by which a stream may leave the wall clock before it is placed anew."""


class StreamClock:
    """Maps one stream's RTP timestamps; a new stream (SSRC) is placed by when it arrived."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._ssrc: int | None = None
        self._last = 0
        self._origin = 0.0

    def place(self, ssrc: int, timestamp: int, now: float) -> float:
        """Return the second of the timeline for a timestamp that arrived at second `now`."""
        if ssrc != self._ssrc:
            self._ssrc, self._last = ssrc, timestamp
            self._origin = now - timestamp / self._rate
        delta = (timestamp - self._last + (1 << 31)) % (1 << 32) - (1 << 31)
        self._last += delta
        second = self._origin + self._last / self._rate
        if abs(second - now) > MAX_DRIFT:
            self._origin += now - second
            second = now
        return second
