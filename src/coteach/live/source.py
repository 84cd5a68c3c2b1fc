"""One published stream: its last packets, its clocks, and the outputs that take it.

Many viewers hang on one source. What they want from the publisher becomes few requests.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

from aiortc import clock
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import RtpPacket

from coteach.live import h264, vp8

HISTORY = 1024
"""Packets kept for viewers who miss one; about 13 s of a 650 kbit/s picture."""
KEY_FRAME_INTERVAL = 0.5
"""Seconds between two requests for a key frame: many viewers' wishes are one request."""
NEWCOMER_INTERVAL = 0.32
"""The same when somebody waits who sees nothing yet; Chromium hears no more than one in 0.3 s."""


RATE_INTERVAL = 1.0
"""Seconds over which a source's rate is measured."""
NOW = "now"
"""The key in `bodies` of when the packet came (monotonic seconds)."""


class Output(Protocol):
    """Something that takes a source's packets: a viewer's sender, a recorder."""

    def forward(self, packet: RtpPacket, key: bool, bodies: dict[Any, Any]) -> None:
        """Take one packet; `key` marks the start of a key frame, `bodies` is shared by outputs."""


class Source:
    """One published stream: the last packets and where they go."""

    def __init__(self, kind: str, ask_key_frame: Callable[[int], Any]) -> None:
        self.kind = kind
        self.codec: RTCRtpCodecParameters | None = None
        """What it is sent in; known from the answer to the publisher on."""
        self.ssrc: int | None = None
        self.outputs: list[Output] = []
        self.held = False
        """Whether nothing is sent on: its person is muted."""
        self.rate = 0
        """Bits of media a second, lately."""
        self._octets, self._counted = 0, time.monotonic()
        self._report: tuple[int, int, int, float] | None = None
        self._newest: tuple[int, float] | None = None
        self._begun = time.monotonic()
        self._ask_key_frame = ask_key_frame
        self._asked = float("-inf")
        self._later: asyncio.TimerHandle | None = None
        self._parameters_seen = False
        self._history: list[RtpPacket | None] = [None] * HISTORY

    def take(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> None:
        """Keep a packet and hand it to every output; one that came twice is dropped."""
        place = packet.sequence_number % HISTORY
        before = self._history[place]
        if before is not None and before.sequence_number == packet.sequence_number and (
                before.ssrc == packet.ssrc):
            return
        if packet.ssrc != self.ssrc:
            self._parameters_seen = False
        self.ssrc, self.codec = packet.ssrc, codec
        if self.held:
            self._newest = (packet.timestamp, time.monotonic())
            return
        self._history[place] = packet
        now = time.monotonic()
        self._count(len(packet.payload), now)
        self._newest = (packet.timestamp, now)
        key = self._starts_key_frame(packet.payload, codec.name)
        if key and self._later is not None:
            self._later.cancel()
            self._later = None
        bodies: dict[Any, Any] = {NOW: now}
        for output in tuple(self.outputs):
            output.forward(packet, key, bodies)

    def silent_for(self, now: float) -> float:
        """Return the seconds in which nothing has come, until a moment (monotonic)."""
        return now - (self._newest[1] if self._newest else self._begun)

    def _count(self, octets: int, now: float) -> None:
        self._octets += octets
        passed = now - self._counted
        if passed >= RATE_INTERVAL:
            newest = int(8 * self._octets / passed)
            # Key frames come in bursts: what a source takes is more than its last second.
            self.rate = max(newest, int(0.8 * self.rate + 0.2 * newest))
            self._octets, self._counted = 0, now

    def _starts_key_frame(self, payload: bytes, codec: str) -> bool:
        if self.kind == "audio":
            return True
        if codec != "H264":
            return vp8.starts_key_frame(payload)
        if h264.starts_key_frame(payload):
            self._parameters_seen = True
            return True
        # Some encoders say their parameters only in the offer.
        return not self._parameters_seen and h264.has_key_frame(payload)

    def packet(self, sequence_number: int) -> RtpPacket | None:
        """Return a recent packet by its number."""
        found = self._history[sequence_number % HISTORY]
        return found if found and found.sequence_number == sequence_number else None

    def reported(self, ssrc: int, ntp: int, rtp: int) -> None:
        """Take the publisher's sender report: the same moment by her two clocks."""
        self._report = (ssrc, ntp, rtp, time.monotonic())

    def clocks(self, now: float) -> tuple[int, int] | None:
        """Return the publisher's NTP and RTP times at a moment (monotonic seconds).

        A publisher that sends no reports gets a pair made of when her packets came.
        """
        if self.codec is None or self._newest is None:
            return None
        if self._report is not None and self._report[0] == self.ssrc:
            _ssrc, ntp, rtp, came = self._report
        else:
            rtp, came = self._newest
            ntp = clock.current_ntp_time() - int((now - came) * (1 << 32))
        passed = now - came
        return ((ntp + int(passed * (1 << 32))) & 0xFFFFFFFFFFFFFFFF,
                (rtp + int(passed * self.codec.clockRate)) & 0xFFFFFFFF)

    def want_key_frame(self, *, newcomer: bool = False) -> None:
        """Ask the publisher for a key frame: many wishes within a short time are one request.

        Parameters
        ----------
        newcomer
            Whether it is for somebody who sees nothing yet.
        """
        if self.kind != "video" or self.ssrc is None:
            return
        wait = self._asked - time.monotonic() + (
            NEWCOMER_INTERVAL if newcomer else KEY_FRAME_INTERVAL)
        if wait <= 0:
            self._ask_now()
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + wait
        if self._later is not None:
            # Within a moment of it: packets come fast, and each of them may be a wish.
            if self._later.when() <= due + 0.02:
                return
            self._later.cancel()
        self._later = loop.call_at(due, self._ask_now)

    def _ask_now(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self._asked = time.monotonic()
        if self.ssrc is not None:
            self._ask_key_frame(self.ssrc)

    def close(self) -> None:
        """Let go of everything."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self.outputs.clear()
        self._history = [None] * HISTORY
