"""Publishers and viewers as a process of their own: ``python -m coteach.bench.live.peers JOB``.

JOB is JSON. The process says ``{"ready": true}`` on stdout when media flow, counts between the
lines ``start`` and ``stop`` on stdin, and then writes what it counted.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from typing import Any

import aioice
import aioice.ice
import aiortc.rtcpeerconnection
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from coteach.bench.live import signalling
from coteach.bench.live.count import Onlooker, Viewer
from coteach.bench.live.tracks import Sound, Video
from coteach.live.ingest import IngestReceiver


def lose(part: float) -> None:
    """Lose a part of the media packets of this process, at random, in both directions.

    What makes and keeps up the connection (STUN, DTLS) gets through.
    """
    dice = random.Random(7)  # noqa: S311
    receive, send = aioice.Connection.recv, aioice.Connection.send

    def lost(data: bytes) -> bool:
        return bool(data) and 127 < data[0] < 192 and dice.random() < part

    async def lossy_recv(self: aioice.Connection) -> bytes:
        while lost(data := await receive(self)):
            pass
        return data

    async def lossy_send(self: aioice.Connection, data: bytes) -> None:
        if not lost(data):
            await send(self, data)

    aioice.Connection.recv = lossy_recv  # type: ignore[method-assign]
    aioice.Connection.send = lossy_send  # type: ignore[method-assign]


def _peer() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(
        iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


async def _connected(peer: RTCPeerConnection) -> None:
    end = time.monotonic() + 20
    while peer.connectionState != "connected":
        if time.monotonic() > end or peer.connectionState in ("failed", "closed"):
            raise ConnectionError(peer.connectionState)
        await asyncio.sleep(0.05)


async def publish(job: dict[str, Any], door: signalling.Door) -> list[RTCPeerConnection]:
    """Publish as many people as the job says."""
    made = []
    for number in range(job["count"]):
        peer = _peer()
        if job["sound"]:
            peer.addTrack(Sound())
        track = Video()
        sender = peer.addTrack(track)
        # aiortc can't make a key frame of what is encoded already; our track jumps to one.
        sender._send_keyframe = track.want_key_frame  # type: ignore[method-assign]
        await peer.setLocalDescription(await peer.createOffer())
        answer = await door.publish(number, peer.localDescription.sdp)
        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        made.append(peer)
    for peer in made:
        await _connected(peer)
    return made


async def watch(job: dict[str, Any], door: signalling.Door) -> list[Viewer | Onlooker]:
    """Watch as many times as the job says."""
    # Viewers count packets; decoding them would measure libvpx.
    aiortc.rtcpeerconnection.RTCRtpReceiver = IngestReceiver  # type: ignore[misc,assignment]
    viewers: list[Viewer | Onlooker] = []
    kind = Onlooker if job["crowd"] else Viewer
    for _number in range(job["count"]):
        peer = _peer()
        await door.watch(peer, sound=job["sound"])
        viewers.append(kind(peer))
    end = time.monotonic() + 30
    while not all(viewer.sees for viewer in viewers):
        if time.monotonic() > end:
            raise TimeoutError(f"{sum(v.sees for v in viewers)} of {len(viewers)} see something")
        await asyncio.sleep(0.1)
    return viewers


async def _line() -> str:
    return (await asyncio.to_thread(sys.stdin.readline)).strip()


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


async def main(job: dict[str, Any]) -> None:
    """Do a job until stdin says `stop` or is closed."""
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [job["address"]]
    if job.get("loss"):
        lose(job["loss"])
    door = signalling.door(job["door"])
    try:
        people: list[Any] = await (publish if job["role"] == "publish" else watch)(job, door)
        _say({"ready": True})
        while (word := await _line()) not in ("stop", ""):
            if word == "start":
                for one in people:
                    if not isinstance(one, RTCPeerConnection):
                        one.begin()
        _say({"viewers": [one.found() for one in people
                          if not isinstance(one, RTCPeerConnection)]})
        for one in people:
            await (one if isinstance(one, RTCPeerConnection) else one.peer).close()
    finally:
        await door.close()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
