"""Sending a source's packets to one viewer: headers are rewritten, the payload is shared.

`ForwardSender` stands where aiortc's `RTCRtpSender` stands, but has no encoder. RTP timestamps
pass through unchanged, so that the publisher's sender reports keep lips in step.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from struct import pack
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
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    RtpPacket,
    unpack_remb_fci,
)
from aiortc.utils import random32

from coteach.live.ingest import Source

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"


class ForwardSender:
    """What aiortc calls as a sender; see `coteach.live.peer` for the names it relies on."""

    def __init__(self, kind: str, transport: Any) -> None:
        self.kind = kind
        self.transport = transport
        self.track: Any = None
        self.source: Source | None = None
        self.bitrate: int | None = None
        """What the viewer's line carries, as she last reported (REMB), in bit/s."""
        self._ssrc = random32()
        self._rtx_ssrc = random32()
        self._stream_id = str(uuid.uuid4())
        self._track_id = str(uuid.uuid4())
        self._enabled = True
        self._task: asyncio.Task[None] | None = None
        self._offset: int | None = None
        self._packets = self._octets = 0
        # In the lower half, since a wrap-around early on breaks SRTP decryption (aiortc does so).
        self._rtx_sequence = random.randrange(32768)  # noqa: S311

    def setTransport(self, transport: Any) -> None:
        self.transport = transport

    def replaceTrack(self, track: Any) -> None:
        """aiortc calls this when a track is added; a forwarding sender has none."""

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Start forwarding with the negotiated codecs and header extensions."""
        if self._task is not None:
            return
        self._payload_type = parameters.codecs[0].payloadType or 0
        self._rtx_payload_type = next(
            (codec.payloadType for codec in parameters.codecs
             if is_rtx(codec) and codec.parameters["apt"] == self._payload_type), None)
        self._mid = parameters.muxId.encode()
        ids = {extension.uri: extension.id for extension in parameters.headerExtensions}
        self._extensions = (ids.get(MID_URI, 0), ids.get(SEND_TIME_URI, 0), self._mid)
        self._cname = (parameters.rtcp.cname or "coteach").encode()
        self.transport._register_rtp_sender(self, parameters)
        self._task = asyncio.create_task(self._report_forever())
        if self.source is not None:
            self.source.outputs.append(self)
            self.source.want_key_frame()

    async def stop(self) -> None:
        """Stop for good."""
        if self.source is not None and self in self.source.outputs:
            self.source.outputs.remove(self)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._send(RtcpByePacket(sources=[self._ssrc]))
            self.transport._unregister_rtp_sender(self)

    def forward(self, packet: RtpPacket, key: bool, bodies: dict[Any, Any]) -> None:
        """Send one packet; begins with a key frame, so that no viewer decodes rubble."""
        if self._offset is None:
            if not key:
                if self.source is not None:
                    self.source.want_key_frame()
                return
            start = random.randrange(32768)  # noqa: S311
            self._offset = (start - packet.sequence_number) & 0xFFFF
        shared = bodies.get(self._extensions)
        if shared is None:
            flag, extension = self._header_extension()
            shared = bodies[self._extensions] = (flag, extension + packet.payload)
        self._emit(pack(
            "!BBHLL", 0x80 | shared[0], packet.marker << 7 | self._payload_type,
            (packet.sequence_number + self._offset) & 0xFFFF, packet.timestamp, self._ssrc,
        ) + shared[1])
        self._packets += 1
        self._octets += len(packet.payload)

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
        pair = self.transport.transport._connection._nominated.get(1)
        if pair is not None and self.transport._tx_srtp is not None:
            pair.protocol.transport.sendto(self.transport._tx_srtp.protect(data),
                                           pair.remote_addr)

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            for sequence_number in packet.lost:
                self._send_again(sequence_number)
        elif isinstance(packet, RtcpPsfbPacket):
            if packet.fmt in (RTCP_PSFB_FIR, RTCP_PSFB_PLI) and self.source is not None:
                self.source.want_key_frame()
            elif packet.fmt == RTCP_PSFB_APP:
                try:
                    bitrate, ssrcs = unpack_remb_fci(packet.fci)
                except ValueError:
                    return
                if self._ssrc in ssrcs:
                    self.bitrate = bitrate

    def _send_again(self, sequence_number: int) -> None:
        if self.source is None or self._offset is None:
            return
        packet = self.source.packet((sequence_number - self._offset) & 0xFFFF)
        if packet is None:
            return
        flag, extension = self._header_extension()
        if self._rtx_payload_type is None:
            self._emit(pack(
                "!BBHLL", 0x80 | flag, packet.marker << 7 | self._payload_type, sequence_number,
                packet.timestamp, self._ssrc) + extension + packet.payload)
            return
        self._emit(pack(
            "!BBHLL", 0x80 | flag, packet.marker << 7 | self._rtx_payload_type,
            self._rtx_sequence, packet.timestamp, self._rtx_ssrc,
        ) + extension + pack("!H", sequence_number) + packet.payload)
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF

    async def _send(self, *packets: Any) -> None:
        with contextlib.suppress(ConnectionError):
            await self.transport._send_rtp(b"".join(bytes(packet) for packet in packets))

    async def _report_forever(self) -> None:
        while True:
            await asyncio.sleep(0.5 + random.random())  # noqa: S311
            source = self.source
            if not self._packets or source is None or source.report is None or (
                    source.codec is None):
                continue
            # The publisher's own pair of clocks, moved on to now: audio and video of one person
            # keep the relation that her browser gave them.
            ntp, rtp, came = source.report
            passed = time.monotonic() - came
            await self._send(
                RtcpSrPacket(ssrc=self._ssrc, sender_info=RtcpSenderInfo(
                    ntp_timestamp=(ntp + int(passed * (1 << 32))) & 0xFFFFFFFFFFFFFFFF,
                    rtp_timestamp=(rtp + int(passed * source.codec.clockRate)) & 0xFFFFFFFF,
                    packet_count=self._packets & 0xFFFFFFFF,
                    octet_count=self._octets & 0xFFFFFFFF)),
                RtcpSdesPacket(chunks=[RtcpSourceInfo(
                    ssrc=self._ssrc, items=[(1, self._cname)])]))
