"""What reaches one viewer: packets, losses, repairs, and how long frames were under way."""

from __future__ import annotations

import time
from typing import Any

import aioice
from aiortc import RTCPeerConnection
from aiortc.rtp import RtpPacket

from coteach.bench.live import picture
from coteach.live.frames import ahead
from coteach.live.ingest import IngestReceiver
from coteach.live.nack import GIVE_UP_AFTER


class Viewer:
    """Counts at a connection whose receivers are `IngestReceiver`.

    A frame has arrived when it and everything before it is here, as a decoder needs it.
    """

    def __init__(self, peer: RTCPeerConnection) -> None:
        self.peer = peer
        for transceiver in peer.getTransceivers():
            receiver: Any = transceiver.receiver
            assert isinstance(receiver, IngestReceiver)
            if receiver.kind == "video":
                self._receiver = receiver
                receiver.source.outputs.append(self)
        self._next: int | None = None
        self._held: dict[int, float] = {}
        """Numbers that came too early, with the moment their frame was sent (0 when unknown)."""
        self.begin()

    @property
    def sees(self) -> bool:
        """Whether anything has come."""
        return self._next is not None

    def begin(self) -> None:
        """Count from now on."""
        self._packets = self._never = 0
        self._waits: list[float] = []
        missing = self._receiver.missing
        assert missing is not None
        self._repaired = missing.repaired

    def forward(self, packet: RtpPacket, key: bool, bodies: dict[Any, Any]) -> None:
        """Take one packet that came (an `Output` of the source)."""
        self._packets += 1
        if self._next is None:
            self._next = packet.sequence_number + 65536
        number = self._next + ahead(packet.sequence_number, self._next)
        if number < self._next:
            return
        age = picture.age(packet.payload) if packet.marker else None
        now = time.monotonic()
        # Kept as a moment, so that waiting for an earlier packet counts too.
        self._held[number] = now - age if age is not None else 0.0
        self._deliver(now)

    def _deliver(self, now: float) -> None:
        assert self._next is not None
        while self._held:
            sent = self._held.pop(self._next, None)
            if sent is None:
                oldest = min(filter(None, self._held.values()), default=now)
                if now - oldest < GIVE_UP_AFTER + 0.5:
                    return
                first = min(self._held)
                self._never += first - self._next
                self._next = first
                continue
            if sent:
                self._waits.append(now - sent)
            self._next += 1

    def found(self) -> dict[str, Any]:
        """Return the counts; times in seconds."""
        missing = self._receiver.missing
        assert missing is not None
        return {"packets": self._packets, "never": self._never, "waits": self._waits,
                "repaired": missing.repaired - self._repaired}


class Onlooker:
    """One of a crowd: takes what comes without decrypting it, and counts by the plain numbers.

    Two hundred viewers that decrypt would take more of the machine than what is measured.
    """

    def __init__(self, peer: RTCPeerConnection) -> None:
        self.peer = peer
        transport: Any = peer.getTransceivers()[0].receiver.transport.transport
        connection: aioice.Connection = transport._connection
        self._pass_on = connection.data_received
        connection.data_received = self._take  # type: ignore[method-assign]
        self._next: int | None = None
        self._packets = self._never = 0

    @property
    def sees(self) -> bool:
        """Whether anything has come."""
        return self._packets > 0

    def begin(self) -> None:
        """Count from now on."""
        self._packets = self._never = 0

    def _take(self, data: bytes, component: int) -> None:
        # RTP and RTCP differ in their second byte (RFC 5761); DTLS begins lower.
        if len(data) < 12 or not 127 < data[0] < 192 or 63 < data[1] & 0x7F < 96:
            self._pass_on(data, component)
            return
        number = int.from_bytes(data[2:4])
        self._packets += 1
        gap = 0 if self._next is None else ahead(number, self._next)
        if gap >= 0:
            self._never += gap
            self._next = (number + 1) % 65536
        else:
            self._never -= 1

    def found(self) -> dict[str, Any]:
        """Return the counts; how long frames were under way is in what was not decrypted."""
        return {"packets": self._packets, "never": self._never, "waits": [], "repaired": 0}
