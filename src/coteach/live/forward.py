"""Sending a source's packets to one viewer: headers are rewritten, the payload is shared.

`ForwardSender` stands where aiortc's `RTCRtpSender` stands, but has no encoder. A viewer
sees one unbroken stream, also when its source begins anew or is replaced: numbers and times are
moved by an offset. Times keep the publisher's pace, so her sender reports keep lips in step.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import Callable
from struct import Struct, pack
from typing import Any

from aiortc import clock
from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpSendParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    RtpPacket,
    unpack_remb_fci,
)
from aiortc.utils import random32

from coteach.live.line import Line
from coteach.live.source import NOW, Source

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
RESENT_MOST = 1500
"""Packets that are sent again in a second at most, whatever a viewer asks for."""
_HEADER = Struct("!BBHLL").pack


class _Coming:
    """Waits at a source for the key frame with which a sender goes over to it."""

    def __init__(self, sender: ForwardSender, source: Source) -> None:
        self._sender, self.source = sender, source

    def forward(self, packet: RtpPacket, key: bool, bodies: dict[Any, Any]) -> None:
        if not key:
            self.source.want_key_frame()
            return
        self._sender._arrived(self.source)
        self._sender.forward(packet, key, bodies)


class ForwardSender:
    """What aiortc calls as a sender; see `coteach.live.peer` for the names it relies on."""

    def __init__(self, kind: str, transport: Any) -> None:
        self.kind = kind
        self.transport = transport
        self.track: Any = None
        self.source: Source | None = None
        self.line = Line()
        self._ssrc = random32()
        self._rtx_ssrc = random32()
        self._stream_id = str(uuid.uuid4())
        self._track_id = str(uuid.uuid4())
        self._enabled = True
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._from: int | None = None
        """The SSRC that is forwarded; None until there was a key frame to begin with."""
        self._first = 0
        """Its first number: what comes later but lies before would not be decoded."""
        self._number_offset = self._time_offset = 0
        self._last_number = self._last_time = 0
        self._last_sent = 0.0
        self._packets = self._octets = self._begun = 0
        # In the lower half, since a wrap-around early on breaks SRTP decryption (aiortc does so).
        self._rtx_sequence = random.randrange(32768)  # noqa: S311
        self._resent: tuple[int, int] = (0, 0)
        self._coming: _Coming | None = None
        self._pair: Any = None
        self._to: Any = None
        self._out: Callable[[bytes, Any], None] | None = None

    def setTransport(self, transport: Any) -> None:
        self.transport = transport

    def replaceTrack(self, track: Any) -> None:
        """aiortc calls this when a track is added; a forwarding sender has none."""

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Start forwarding with the negotiated codecs and header extensions."""
        # aiortc may come this far after the connection was closed.
        if self._task is not None or self._stopped:
            return
        self._payload_type = parameters.codecs[0].payloadType or 0
        self._rtx_payload_type = next(
            (codec.payloadType for codec in parameters.codecs
             if is_rtx(codec) and codec.parameters["apt"] == self._payload_type), None)
        ids = {extension.uri: extension.id for extension in parameters.headerExtensions}
        self._extensions = (ids.get(MID_URI, 0), ids.get(SEND_TIME_URI, 0),
                            parameters.muxId.encode())
        self._cname = (parameters.rtcp.cname or "coteach").encode()
        self._nominated = self.transport.transport._connection._nominated
        self._protect = self.transport._tx_srtp.protect
        self.transport._register_rtp_sender(self, parameters)
        self._task = asyncio.create_task(self._report_forever())
        if self.source is not None:
            self.source.outputs.append(self)
            self.source.want_key_frame(newcomer=True)

    def switch(self, source: Source | None) -> None:
        """Go on with another source at its next key frame; with none, be silent."""
        coming = self._coming.source if self._coming else self.source
        if source is coming or self._task is None:
            return
        self._forget_coming()
        if source is self.source:
            return
        if source is None:
            self._detach()
            self.source = None
            return
        self._coming = _Coming(self, source)
        source.outputs.append(self._coming)
        source.want_key_frame()

    def _arrived(self, source: Source) -> None:
        self._forget_coming()
        self._detach()
        self.source = source
        # Begin anew even with the same stream: what it sent meanwhile is no loss.
        self._from = None
        source.outputs.append(self)

    def _forget_coming(self) -> None:
        coming, self._coming = self._coming, None
        if coming is not None and coming in coming.source.outputs:
            coming.source.outputs.remove(coming)

    def _detach(self) -> None:
        if self.source is not None and self in self.source.outputs:
            self.source.outputs.remove(self)

    async def stop(self) -> None:
        """Stop for good."""
        self._stopped = True
        self._forget_coming()
        self._detach()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._send(RtcpByePacket(sources=[self._ssrc]))
            self.transport._unregister_rtp_sender(self)

    def forward(self, packet: RtpPacket, key: bool, bodies: dict[Any, Any]) -> None:
        """Send one packet; begins with a key frame, so that no viewer decodes rubble."""
        if packet.ssrc != self._from:
            if not key:
                if self.source is not None:
                    self.source.want_key_frame(newcomer=not self._packets)
                return
            self._begin(packet, bodies[NOW])
        number = packet.sequence_number
        if (number - self._first) & 0x8000 and self._packets - self._begun < 16384:
            return
        shared = bodies.get(self._extensions)
        if shared is None:
            flag, extension = self._header_extension()
            shared = bodies[self._extensions] = (0x80 | flag, extension + packet.payload)
        number = (number + self._number_offset) & 0xFFFF
        at = (packet.timestamp + self._time_offset) & 0xFFFFFFFF
        self._emit(_HEADER(shared[0], packet.marker << 7 | self._payload_type, number, at,
                           self._ssrc) + shared[1])
        if not (number - self._last_number) & 0x8000:
            self._last_number, self._last_time, self._last_sent = number, at, bodies[NOW]
        self._packets += 1
        self._octets += len(packet.payload)

    def _begin(self, packet: RtpPacket, now: float) -> None:
        """Go on with another stream where the last one ended."""
        if not self._packets:
            number, at = random.randrange(32768), packet.timestamp  # noqa: S311
        else:
            rate = self.source.codec.clockRate if self.source and self.source.codec else 90000
            number = self._last_number + 1
            at = self._last_time + max(1, int((now - self._last_sent) * rate))
        self._from, self._first = packet.ssrc, packet.sequence_number
        self._number_offset = number - packet.sequence_number
        self._time_offset = at - packet.timestamp
        self._last_number = (number - 1) & 0xFFFF
        self._begun = self._packets

    def _header_extension(self) -> tuple[int, bytes]:
        mid_id, time_id, mid = self._extensions
        values = b""
        if mid_id and mid:
            values += bytes([mid_id << 4 | len(mid) - 1]) + mid
        if time_id:
            now = (clock.current_ntp_time() >> 14) & 0xFFFFFF
            values += bytes([time_id << 4 | 2]) + pack("!L", now)[1:]
        if not values:
            return 0, b""
        values += b"\0" * (-len(values) % 4)
        return 0x10, pack("!HH", 0xBEDE, len(values) // 4) + values

    def _emit(self, data: bytes) -> None:
        # Straight to the socket: the coroutines between would cost as much as the encryption.
        pair = self._nominated.get(1)
        if pair is not self._pair:
            self._pair = pair
            self._to = pair and pair.remote_addr
            self._out = pair and pair.protocol.transport.send
        if self._out is not None:
            self._out(self._protect(data), self._to)

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        now = time.monotonic()
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            for sequence_number in packet.lost:
                self._send_again(sequence_number, int(now))
        elif isinstance(packet, (RtcpRrPacket, RtcpSrPacket)):
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self.line.heard_report(report.fraction_lost, now)
        elif isinstance(packet, RtcpPsfbPacket):
            if packet.fmt in (RTCP_PSFB_FIR, RTCP_PSFB_PLI) and self.source is not None:
                self.source.want_key_frame()
            elif packet.fmt == RTCP_PSFB_APP:
                try:
                    bitrate, ssrcs = unpack_remb_fci(packet.fci)
                except ValueError:
                    return
                if self._ssrc in ssrcs:
                    self.line.heard_estimate(bitrate, now)

    def _send_again(self, sequence_number: int, second: int) -> None:
        if self.source is None or self._from is None:
            return
        original = (sequence_number - self._number_offset) & 0xFFFF
        packet = self.source.packet(original)
        count = self._resent[1] + 1 if self._resent[0] == second else 1
        if packet is None or packet.ssrc != self._from or count > RESENT_MOST:
            return
        self._resent = (second, count)
        flag, extension = self._header_extension()
        at = (packet.timestamp + self._time_offset) & 0xFFFFFFFF
        if self._rtx_payload_type is None:
            self._emit(_HEADER(
                0x80 | flag, packet.marker << 7 | self._payload_type, sequence_number, at,
                self._ssrc) + extension + packet.payload)
            return
        self._emit(_HEADER(
            0x80 | flag, packet.marker << 7 | self._rtx_payload_type, self._rtx_sequence, at,
            self._rtx_ssrc) + extension + pack("!H", sequence_number) + packet.payload)
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF

    async def _send(self, *packets: Any) -> None:
        with contextlib.suppress(ConnectionError):
            await self.transport._send_rtp(b"".join(bytes(packet) for packet in packets))

    async def _report_forever(self) -> None:
        while True:
            await asyncio.sleep(0.5 + random.random())  # noqa: S311
            source, now = self.source, time.monotonic()
            clocks = source.clocks(now) if source is not None else None
            if not self._packets or clocks is None:
                continue
            # The publisher's own pair of clocks, moved on to now: audio and video of one person
            # keep the relation that her browser gave them.
            ntp, rtp = clocks
            await self._send(
                RtcpSrPacket(ssrc=self._ssrc, sender_info=RtcpSenderInfo(
                    ntp_timestamp=ntp, rtp_timestamp=(rtp + self._time_offset) & 0xFFFFFFFF,
                    packet_count=self._packets & 0xFFFFFFFF,
                    octet_count=self._octets & 0xFFFFFFFF)),
                RtcpSdesPacket(chunks=[RtcpSourceInfo(
                    ssrc=self._ssrc, items=[(1, self._cname)])]))
