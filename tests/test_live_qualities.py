"""A viewer of a publisher with two qualities gets the one that her line carries."""

from __future__ import annotations

import asyncio
import random

import aiortc.rtcpeerconnection
import pytest
from aiortc import RTCSessionDescription
from live_peers import LiveServer, Picture, Tone, Visitor

from coteach.live import vp8
from coteach.live.ingest import IngestReceiver


class Small(Picture):
    """The same picture, half as wide and high."""

    async def recv(self):
        frame = await super().recv()
        small = frame.reformat(width=80, height=60)
        small.pts, small.time_base = frame.pts, frame.time_base
        return small


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from coteach import settings as settings_module

    settings = settings_module.load(tmp_path_factory.mktemp("qualities") / "data", environ={})
    settings.layout.create()
    made = LiveServer(settings)
    made.start()
    yield made
    made.stop()


class BadLine:
    """Loses a part of what a viewer is sent."""

    def __init__(self, peer) -> None:
        self.part = 0.0
        ice = peer.getTransceivers()[0].receiver.transport.transport
        receive, dice = ice._recv, random.Random(3)

        async def lossy():
            while True:
                data = await receive()
                if not 127 < data[0] < 192 or dice.random() >= self.part:
                    return data

        ice._recv = lossy


class Watched:
    """Notes how wide the picture is that a viewer gets."""

    def __init__(self, peer) -> None:
        self.width = 0
        self.packets = 0
        receiver = next(t.receiver for t in peer.getTransceivers() if t.kind == "video")
        receiver.source.outputs.append(self)

    def forward(self, packet, key, bodies) -> None:
        self.packets += 1
        if key and (size := vp8.size_of_key_frame(vp8.body(packet.payload))):
            self.width = size[0]

    async def until(self, width: int, seconds: float) -> None:
        for _ in range(int(seconds * 20)):
            if self.width == width:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{self.width} wide after {seconds} s")


async def test_a_bad_line_gets_the_small_picture_and_a_good_one_the_large_again(
        server, monkeypatch):
    linh, mei = Visitor(server, "linh"), Visitor(server, "mei")
    try:
        await linh.enter()
        await mei.enter()
        await linh.publish(Tone(), Picture(200, 30, 30), Small(200, 30, 30))
        await mei.wait(lambda v: v.person("linh") and v.person("linh")["publication"])
        assert mei.person("linh")["media"] == ["audio", "video"]
        # A receiver that asks again for what is lost, as browsers do and aiortc's own does not.
        monkeypatch.setattr(aiortc.rtcpeerconnection, "RTCRtpReceiver", IngestReceiver)
        peer = mei.connection()
        for kind in ("audio", "video"):
            peer.addTransceiver(kind, "recvonly")
        await peer.setLocalDescription(await peer.createOffer())
        answer = await mei.post("whep", peer.localDescription.sdp)
        await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        picture, line = Watched(peer), BadLine(peer)
        await picture.until(160, 10)
        # So much that the picture is too large, not so much that only sound would be left at once.
        line.part = 0.2
        await picture.until(80, 20)
        line.part = 0.0
        before = picture.packets
        await picture.until(160, 40)
        assert picture.packets > before + 20, "the small one went on"
    finally:
        await asyncio.gather(linh.close(), mei.close())
