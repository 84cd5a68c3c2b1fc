"""People come and go all day, and nothing of those who went stays behind."""

from __future__ import annotations

import asyncio
import gc
import os
from collections import Counter
from types import SimpleNamespace

import aiortc.rtcpeerconnection
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from live_peers import Picture, Tone

from coteach.live import certificate
from coteach.live.ingest import IngestReceiver
from coteach.live.offers import clean
from coteach.live.peer import RelayPeer
from coteach.live.udp import MediaPort

JOINS = 100
"""Of each of three ways to leave."""
OURS = ("RelayPeer", "IngestReceiver", "ForwardSender", "Source", "_Transport", "RTCDtlsTransport",
        "StunProtocol", "Session", "RTCPeerConnection")


def connection() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(
        iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


async def join(port, sources, leave: str) -> None:
    """Watch, and leave in one of three ways."""
    viewer = connection()
    for kind in ("audio", "video"):
        viewer.addTransceiver(kind, "recvonly")
    await viewer.setLocalDescription(await viewer.createOffer())
    relay = RelayPeer(port)
    answer = await relay.answer_viewer(clean(viewer.localDescription.sdp.encode()), sources)
    if leave == "half-open":
        await relay.close()
        await viewer.close()
        return
    connected = asyncio.Event()
    viewer.on("connectionstatechange", lambda: (
        connected.set() if viewer.connectionState == "connected" else None))
    await viewer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await connected.wait()
    # The relay may not have begun to send yet: the moment in which a late start would stay.
    for one in (relay, viewer) if leave == "relay-first" else (viewer, relay):
        await one.close()


def alive() -> Counter[str]:
    gc.collect()
    return Counter(name for o in gc.get_objects() if (name := type(o).__name__) in OURS)


async def test_three_hundred_joins_and_leaves_leave_nothing(monkeypatch):
    # What viewers do themselves is not what is tested: no decoder, no certificate for each.
    monkeypatch.setattr(aiortc.rtcpeerconnection, "RTCRtpReceiver", IngestReceiver)
    monkeypatch.setattr(aiortc.rtcpeerconnection, "RTCCertificate",
                        SimpleNamespace(generateCertificate=certificate.shared))
    port = MediaPort("127.0.0.1", "", 0)
    await port.open()
    publisher, relay = connection(), RelayPeer(port)
    publisher.addTrack(Tone())
    publisher.addTrack(Picture())
    await publisher.setLocalDescription(await publisher.createOffer())
    answer, sources = await relay.answer_publisher(
        clean(publisher.localDescription.sdp.encode()))
    await publisher.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    try:
        await join(port, sources, "relay-first")
        await asyncio.sleep(0.2)
        before = (alive(), len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd")))
        for leave in ("half-open", "relay-first", "viewer-first"):
            for _ in range(JOINS // 10):
                await asyncio.gather(*(join(port, sources, leave) for _ in range(10)))
        await asyncio.sleep(0.2)
        assert port.peers == 1, "the publisher alone"
        assert [len(source.outputs) for source in sources.values()] == [0, 0]
        after = (alive(), len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd")))
        assert after[1:] == before[1:]
        # A few are held for seconds by timers that were cancelled; asyncio drops them in bulk.
        assert after[0]["RelayPeer"] - before[0]["RelayPeer"] < JOINS // 2
    finally:
        await asyncio.gather(relay.close(), publisher.close())
        port.close()
