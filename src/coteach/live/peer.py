"""One WebRTC connection to one browser: a publisher's or a viewer's.

`RelayPeer` is aiortc's peer connection with our receiver, our sender and our UDP port in it. All
private names of aiortc and aioice that coteach relies on are listed in `PRIVATE_NAMES`; a test
fails when one of them disappears, and the version is pinned in pyproject.toml.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from aiortc import (
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
    sdp,
)
from aiortc.exceptions import InvalidStateError
from aiortc.rtcconfiguration import RTCBundlePolicy

from coteach.live import certificate, codecs, offers
from coteach.live.adapting import SMALL, Adapter
from coteach.live.forward import ForwardSender
from coteach.live.ingest import IngestReceiver
from coteach.live.source import Source
from coteach.live.udp import MediaPort

CONNECT_TIMEOUT = 15.0
"""Seconds that a connection may take; after that it is closed (half-open offers)."""
SILENCE_TIMEOUT = 8.0
"""Seconds without any datagram after which a peer counts as gone; browsers send every 2.5 s."""

PRIVATE_NAMES: dict[str, tuple[str, ...]] = {
    "aiortc.codecs": ("CODECS", "is_rtx"),
    "aiortc.rtcpeerconnection": ("find_common_codecs",),
    "aiortc.sdp": ("candidate_from_sdp",),
    "aiortc.rtcrtpreceiver": ("StreamStatistics",),
    "aiortc.rtp": ("pack_remb_fci", "unpack_remb_fci", "unwrap_rtx"),
    "aiortc.clock": ("current_ntp_time",),
    "aiortc.RTCPeerConnection": (
        "_RTCPeerConnection__createTransceiver", "_RTCPeerConnection__createDtlsTransport",
        "_RTCPeerConnection__connect"),
    "aiortc.exceptions": ("InvalidStateError",),
    "aiortc.RTCPeerConnection()": (
        "_RTCPeerConnection__transceivers", "_RTCPeerConnection__stream_id",
        "_RTCPeerConnection__dtlsTransports", "_RTCPeerConnection__certificates"),
    "aiortc.rtcdtlstransport.RTCCertificate": ("_create_ssl_context", "generateCertificate"),
    "aiortc.RTCRtpTransceiver()": (
        "_bundled", "_codecs", "_headerExtensions", "_preferred_codecs", "_offerDirection"),
    "aiortc.rtcdtlstransport.RTCDtlsTransport": (
        "_register_rtp_receiver", "_unregister_rtp_receiver", "_register_rtp_sender",
        "_unregister_rtp_sender", "_send_rtp"),
    "aiortc.rtcdtlstransport.RTCDtlsTransport()": ("_tx_srtp",),
    "aiortc.rtcicetransport.RTCIceTransport()": ("_connection",),
    "aioice.ice": ("get_host_addresses",),
    "aioice.candidate": ("candidate_foundation", "candidate_priority"),
    "aioice.ice.Connection": ("get_component_candidates", "data_received"),
    "aioice.ice.Connection()": ("_nominated", "_protocols"),
    "aioice.ice.StunProtocol": ("datagram_received", "connection_lost"),
    "aioice.ice.StunProtocol()": ("transactions", "receiver"),
    "aiortc.RTCRtpReceiver": (
        "receive", "stop", "setTransport", "_handle_disconnect", "_handle_rtcp_packet",
        "_handle_rtp_packet", "_set_rtcp_ssrc"),
    "aiortc.RTCRtpReceiver()": ("_track", "_enabled"),
    "aiortc.RTCRtpSender": ("send", "stop", "setTransport", "replaceTrack",
                            "_handle_rtcp_packet"),
    "aiortc.RTCRtpSender()": ("_ssrc", "_rtx_ssrc", "_stream_id", "_track_id", "_enabled"),
}
"""Class to the names we use or stand in for; ``()`` marks attributes of an instance."""


class RelayPeer(RTCPeerConnection):
    """A peer connection that relays encoded packets.

    Parameters
    ----------
    port
        The media port that this connection uses.
    """

    def __init__(self, port: MediaPort) -> None:
        self._port = port
        self._connections: list[Any] = []
        self._born = time.monotonic()
        self.remote_user = ""
        """The other side's ICE user name, as its offer said."""
        self.adapter: Adapter | None = None
        """Gives a viewer what her line carries; only where there is something to choose."""
        super().__init__(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._RTCPeerConnection__certificates = [certificate.shared()]

    def _RTCPeerConnection__createDtlsTransport(self) -> Any:
        transport = super()._RTCPeerConnection__createDtlsTransport()  # type: ignore[misc]
        connection = transport.transport._connection
        self._port.attach(connection)
        self._connections.append(connection)
        return transport

    async def _RTCPeerConnection__connect(self) -> None:
        # Who leaves while the connection is being made is no fault of the server's.
        with contextlib.suppress(InvalidStateError, ConnectionError):
            await super()._RTCPeerConnection__connect()  # type: ignore[misc]

    def _RTCPeerConnection__createTransceiver(
        self, direction: str, kind: str, sender_track: Any = None
    ) -> RTCRtpTransceiver:
        made = super()._RTCPeerConnection__createTransceiver(  # type: ignore[misc]
            direction=direction, kind=kind)
        transport = made.receiver.transport
        ours = RTCRtpTransceiver(
            direction=direction, kind=kind,
            sender=ForwardSender(kind, transport),  # type: ignore[arg-type]
            receiver=IngestReceiver(kind, transport))  # type: ignore[arg-type]
        ours.receiver._set_rtcp_ssrc(ours.sender._ssrc)
        ours.sender._stream_id = self._RTCPeerConnection__stream_id  # type: ignore[attr-defined]
        ours._bundled = made._bundled
        self._RTCPeerConnection__transceivers[-1] = ours  # type: ignore[attr-defined]
        return ours

    @property
    def alive(self) -> bool:
        """Whether the other side was heard lately, or is still allowed to connect."""
        now = time.monotonic()
        if self.connectionState in ("failed", "closed") or self._said_goodbye:
            return False
        if self.connectionState != "connected":
            return now - self._born < CONNECT_TIMEOUT
        heard = max((c.heard for c in self._connections), default=self._born)
        return bool(now - heard < SILENCE_TIMEOUT)

    async def answer_publisher(self, offer: str) -> tuple[str, dict[str, Source]]:
        """Answer an offer to publish; return the answer and a source for each kind of media."""
        await self._offered(offer)
        sources: dict[str, Source] = {}
        for transceiver in self.getTransceivers():
            wanted = transceiver._offerDirection in ("recvonly", "sendrecv")
            transceiver.direction = "recvonly" if wanted else "inactive"
            codec = codecs.restrict(transceiver)
            if wanted:
                receiver: Any = transceiver.receiver
                # A second picture is the first one again, small.
                place = SMALL if transceiver.kind in sources else transceiver.kind
                source = sources[place] = receiver.source
                source.codec = codec
        await self.setLocalDescription(await self.createAnswer())
        return self.localDescription.sdp, sources

    async def answer_viewer(self, offer: str, sources: dict[str, Source]) -> str:
        """Answer an offer to watch with the sources there are.

        Raises
        ------
        UserError
            The viewer does not take what a source is sent in.
        """
        await self._offered(offer)
        senders: dict[str, ForwardSender] = {}
        for transceiver in self.getTransceivers():
            kind = transceiver.kind
            wanted = transceiver._offerDirection in ("sendonly", "sendrecv")
            source = sources.get(kind) if wanted and kind not in senders else None
            transceiver.direction = "sendonly" if source else "inactive"
            codecs.restrict(transceiver, source.codec if source else None)
            if source is not None:
                sender: Any = transceiver.sender
                sender.source = source
                senders[kind] = sender
        if "video" in senders and SMALL in sources:
            self.adapter = Adapter(senders, sources, time.monotonic())
        await self.setLocalDescription(await self.createAnswer())
        return self.localDescription.sdp

    @property
    def _said_goodbye(self) -> bool:
        """Whether the other side has closed DTLS, which aiortc does not count as closed."""
        transports = self._RTCPeerConnection__dtlsTransports  # type: ignore[attr-defined]
        return any(transport.state in ("closed", "failed") for transport in transports)

    async def add_candidates(self, lines: list[str], *, last: bool) -> None:
        """Take more addresses of the other side (trickle ICE).

        Parameters
        ----------
        lines
            What follows ``candidate:``, cleaned.
        last
            Whether no more will come.
        """
        transport = self.getTransceivers()[0].receiver.transport.transport
        for line in lines:
            await transport.addRemoteCandidate(sdp.candidate_from_sdp(line))
        if last:
            await transport.addRemoteCandidate(None)

    async def _offered(self, offer: str) -> None:
        self.remote_user = offers.ice_user(offer)
        await self.setRemoteDescription(RTCSessionDescription(offer, "offer"))

    async def close(self) -> None:
        """Close and wait until nothing of it is left."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(super().close(), 5)
