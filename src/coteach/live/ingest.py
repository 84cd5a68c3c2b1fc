"""Taking in one published stream without decoding it.

`IngestReceiver` stands where aiortc's `RTCRtpReceiver` stands, but has no jitter buffer and no
decoder: every packet goes to the outputs of its `Source` as it came.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import Any

from aiortc.codecs import is_rtx
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
    unwrap_rtx,
)

from coteach.live.nack import NackList
from coteach.live.source import Source

MOST_STREAMS = 8
"""Streams of one connection that are reported on: a picture, its repairs, and earlier ones."""


class IngestReceiver:
    """What aiortc calls as a receiver; see `coteach.live.peer` for the names it relies on."""

    def __init__(self, kind: str, transport: Any) -> None:
        self.kind = kind
        self.source = Source(kind, self._key_frame)
        self.transport = transport
        self.track: Any = None
        self._track: Any = None
        self._enabled = True
        self._codecs: dict[int, RTCRtpCodecParameters] = {}
        self._declared: set[int] = set()
        """The streams that the offer names; empty when it names none, as OBS's may."""
        self._rtx: dict[int, int] = {}
        self._streams: dict[int, StreamStatistics] = {}
        self._reports: dict[int, tuple[int, float]] = {}
        self._rtcp_ssrc: int | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._sending: set[asyncio.Task[None]] = set()
        self.missing: NackList | None = NackList() if kind == "video" else None
        self._retry: asyncio.TimerHandle | None = None
        self._rate: RemoteBitrateEstimator | None = None

    def setTransport(self, transport: Any) -> None:
        self.transport = transport

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._rtcp_ssrc = ssrc

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Start taking packets."""
        # aiortc may come this far after the connection was closed.
        if self._task is not None or self._stopped:
            return
        for codec in parameters.codecs:
            self._codecs[codec.payloadType or 0] = codec
        for encoding in parameters.encodings:
            self._declared.add(encoding.ssrc)
            if encoding.rtx:
                self._rtx[encoding.rtx.ssrc] = encoding.ssrc
        if self.kind == "video":
            # Only now: viewers' connections have a receiver as well, which never starts.
            self._rate = RemoteBitrateEstimator()
        self.transport._register_rtp_receiver(self, parameters)
        self._task = asyncio.create_task(self._report_forever())

    async def stop(self) -> None:
        """Stop for good."""
        self._stopped = True
        if self._task is not None:
            self.transport._unregister_rtp_receiver(self)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self.source.close()

    def _handle_disconnect(self) -> None:
        """aiortc calls this when the peer is gone; there is no decoder to stop."""

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, RtcpSrPacket):
            info = packet.sender_info
            if packet.ssrc in self._streams:
                self._reports[packet.ssrc] = (
                    (info.ntp_timestamp >> 16) & 0xFFFFFFFF, time.monotonic())
            self.source.reported(packet.ssrc, info.ntp_timestamp, info.rtp_timestamp)

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        await self._estimate_rate(packet, arrival_time_ms)
        codec = self._codecs.get(packet.payload_type)
        if codec is None:
            return
        if self._declared and packet.ssrc not in self._declared and not is_rtx(codec):
            return
        if packet.ssrc not in self._streams:
            # Whoever makes up a new one with each packet gets no more room by it.
            while len(self._streams) >= MOST_STREAMS:
                oldest = next(iter(self._streams))
                del self._streams[oldest]
                self._reports.pop(oldest, None)
            self._streams[packet.ssrc] = StreamStatistics(codec.clockRate)
        self._streams[packet.ssrc].add(packet)
        if is_rtx(codec):
            # An offer without SSRC lines does not say whose retransmissions these are.
            original = self._rtx.get(packet.ssrc, self.source.ssrc)
            apt = codec.parameters.get("apt")
            if original is None or len(packet.payload) < 2 or apt not in self._codecs:
                return
            packet = unwrap_rtx(packet, payload_type=int(apt), ssrc=original)
            codec = self._codecs[int(apt)]
            # What nobody waits for probes the line, or is nonsense that would move the numbers.
            if self.missing is None or not self.missing.wants(packet.sequence_number):
                return
        if not packet.payload:  # padding that probes the line
            return
        if self.missing is not None and packet.ssrc == (self.source.ssrc or packet.ssrc):
            given_up = self.missing.given_up
            lost = self.missing.add(packet.sequence_number, time.monotonic())
            if lost:
                self._ask_again(packet.ssrc, lost)
            elif self.missing.given_up != given_up:
                self.source.want_key_frame()
        self.source.take(packet, codec)

    async def _estimate_rate(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        if self._rate is None or packet.extensions.abs_send_time is None:
            return
        estimate = self._rate.add(
            abs_send_time=packet.extensions.abs_send_time, arrival_time_ms=arrival_time_ms,
            payload_size=len(packet.payload) + packet.padding_size, ssrc=packet.ssrc)
        if estimate is not None and self._rtcp_ssrc is not None:
            await self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self._rtcp_ssrc, media_ssrc=0,
                                            fci=pack_remb_fci(*estimate)))

    async def _send(self, packet: Any) -> None:
        with contextlib.suppress(ConnectionError):
            await self.transport._send_rtp(bytes(packet))

    def _send_soon(self, packet: Any) -> None:
        task = asyncio.get_running_loop().create_task(self._send(packet))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _ask_again(self, ssrc: int, lost: list[int]) -> None:
        """Ask for lost packets, and look again after a round trip whether they have come."""
        if self._rtcp_ssrc is None or self.missing is None:
            return
        if lost:
            packet = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._rtcp_ssrc, media_ssrc=ssrc)
            packet.lost = lost
            self._send_soon(packet)
        if self._retry is None and self.missing.waiting:
            self._retry = asyncio.get_running_loop().call_later(
                self.missing.retry_after, self._look_again, ssrc)

    def _look_again(self, ssrc: int) -> None:
        self._retry = None
        if self.missing is None or self._task is None:
            return
        given_up = self.missing.given_up
        again = self.missing.due(time.monotonic())
        if self.missing.given_up != given_up:
            self.source.want_key_frame()
        self._ask_again(ssrc, again)

    def _key_frame(self, ssrc: int) -> None:
        if self._rtcp_ssrc is not None:
            self._send_soon(RtcpPsfbPacket(
                fmt=RTCP_PSFB_PLI, ssrc=self._rtcp_ssrc, media_ssrc=ssrc))

    async def _report_forever(self) -> None:
        while True:
            # The interval is varied as RFC 3550, section 6.3.1, asks.
            await asyncio.sleep(0.5 + random.random())  # noqa: S311
            if self._rtcp_ssrc is None or not self._streams:
                continue
            await self._send(RtcpRrPacket(ssrc=self._rtcp_ssrc, reports=[
                self._receiver_info(ssrc, stream) for ssrc, stream in self._streams.items()]))

    def _receiver_info(self, ssrc: int, stream: StreamStatistics) -> RtcpReceiverInfo:
        lsr, dlsr = 0, 0
        if ssrc in self._reports:
            lsr, came = self._reports[ssrc]
            delay = time.monotonic() - came
            dlsr = int(delay * 65536) if 0 < delay < 65536 else 0
        return RtcpReceiverInfo(
            ssrc=ssrc, fraction_lost=stream.fraction_lost, packets_lost=stream.packets_lost,
            highest_sequence=stream.max_seq or 0, jitter=stream.jitter, lsr=lsr, dlsr=dlsr)
