"""The stock side: aiortc's `MediaRelay` behind WHIP and WHEP, as its examples use it.

``python -m coteach.bench.live.stockrelay PORT ADDRESS``. Every viewer's picture is decoded once and
encoded for her.
"""

from __future__ import annotations

import sys

import aioice.ice
import uvicorn
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole, MediaRelay
from aiortc.mediastreams import MediaStreamTrack
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class Relay:
    """The last publisher's tracks, and everybody who watches them."""

    def __init__(self) -> None:
        self._relay = MediaRelay()
        self._tracks: dict[str, MediaStreamTrack] = {}
        self._peers: set[RTCPeerConnection] = set()

    def _peer(self) -> RTCPeerConnection:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peers.add(peer)
        return peer

    @staticmethod
    async def _answer(peer: RTCPeerConnection) -> Response:
        await peer.setLocalDescription(await peer.createAnswer())
        return Response(peer.localDescription.sdp, status_code=201, media_type="application/sdp")

    async def publish(self, request: Request) -> Response:
        """POST /whip"""
        peer = self._peer()
        await peer.setRemoteDescription(RTCSessionDescription(
            (await request.body()).decode(), "offer"))
        for transceiver in peer.getTransceivers():
            track = transceiver.receiver.track
            self._tracks[track.kind] = track
            drain = MediaBlackhole()
            drain.addTrack(self._relay.subscribe(track))
            await drain.start()
        return await self._answer(peer)

    async def watch(self, request: Request) -> Response:
        """POST /whep"""
        peer = self._peer()
        await peer.setRemoteDescription(RTCSessionDescription(
            (await request.body()).decode(), "offer"))
        for transceiver in peer.getTransceivers():
            if transceiver.kind == "video":
                vp8 = [codec for codec in RTCRtpSender.getCapabilities("video").codecs
                       if codec.mimeType in ("video/VP8", "video/rtx")]
                transceiver.setCodecPreferences(vp8)
            if transceiver.kind in self._tracks:
                peer.addTrack(self._relay.subscribe(self._tracks[transceiver.kind]))
        return await self._answer(peer)


def main(port: int, address: str) -> None:
    """Serve until a signal."""
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [address]
    relay = Relay()
    uvicorn.run(Starlette(routes=[
        Route("/whip", relay.publish, methods=["POST"]),
        Route("/whep", relay.watch, methods=["POST"])]),
        host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
