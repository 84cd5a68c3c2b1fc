"""Real peers for the live server's tests: aiortc over loopback, and the server as a process."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import fractions
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import aioice.ice
import av
import httpx
import numpy as np
import websockets
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamTrack
from ports import free_port

from coteach.settings import Settings, secrets_of
from coteach.store import Database, utcnow
from coteach.store.schema import Cohort, CohortMember, Person, Room
from coteach.tokens import TokenSigner

# aioice leaves loopback out, but a test machine may have nothing else.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]

ROOM = "practice-test-m1"
MODULE = "m1-set-up-the-online-classroom"
SPEED = 20
"""Pictures a second that a test peer sends."""


class Picture(MediaStreamTrack):
    """A plain colour with a bar that moves; 160x120."""

    kind = "video"

    def __init__(self, red: int = 30, green: int = 60, blue: int = 200) -> None:
        super().__init__()
        self._colour, self._number, self._start = (red, green, blue), 0, None

    async def recv(self) -> av.VideoFrame:
        if self._start is None:
            self._start = time.monotonic()
        await asyncio.sleep(max(0, self._start + self._number / SPEED - time.monotonic()))
        pixels = np.zeros((120, 160, 3), np.uint8)
        pixels[:] = self._colour
        x = self._number * 4 % 150
        pixels[:, x:x + 10] = 255
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = self._number * 90000 // SPEED, fractions.Fraction(1, 90000)
        self._number += 1
        return frame


class Tone(MediaStreamTrack):
    """A sine tone."""

    kind = "audio"

    def __init__(self, hertz: float = 440) -> None:
        super().__init__()
        self._hertz, self._samples, self._start = hertz, 0, None

    async def recv(self) -> av.AudioFrame:
        if self._start is None:
            self._start = time.monotonic()
        await asyncio.sleep(max(0, self._start + self._samples / 48000 - time.monotonic()))
        at = (self._samples + np.arange(960)) / 48000
        wave = (np.sin(2 * np.pi * self._hertz * at) * 8000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48000, self._samples
        frame.time_base = fractions.Fraction(1, 48000)
        self._samples += 960
        return frame


class LiveServer:
    """`python -m coteach.live` on free ports, with a room, its teacher and two peers."""

    def __init__(self, settings: Settings) -> None:
        self.settings = dataclasses.replace(
            settings, live_port=free_port(), media_port=free_port())
        self.url = f"http://127.0.0.1:{self.settings.live_port}"
        self.database = Database.of(self.settings)
        self.database.migrate()
        self.signer = TokenSigner(secrets_of(self.settings).get("live"), "live")
        with self.database.session() as session:
            people = [Person(username=n, display_name=n.title(), role="teacher")
                      for n in ("linh", "mei", "anh")]
            trainer = Person(username="trainer", display_name="Trainer", role="trainer")
            cohort = Cohort(name="C", course="teaching-at-a-distance", starts=utcnow(), ends=utcnow())
            session.add_all([*people, trainer, cohort])
            session.flush()
            for person in people:
                session.add(CohortMember(cohort_id=cohort.id, person_id=person.id, role="teacher"))
            session.add(CohortMember(cohort_id=cohort.id, person_id=trainer.id, role="trainer"))
            session.add(Room(name=ROOM, owner_id=people[0].id, cohort_id=cohort.id, module=MODULE))
            self.cohort = cohort.id
            self.people = {p.username: p.id for p in [*people, trainer]}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environ = {**os.environ, "COTEACH_DATA": str(self.settings.data),
                   "COTEACH_LIVE_PORT": str(self.settings.live_port),
                   "COTEACH_MEDIA_PORT": str(self.settings.media_port),
                   "COTEACH_BIND": self.settings.bind}
        if self.settings.turn_urls:
            environ["COTEACH_TURN_URLS"] = self.settings.turn_urls
        self.settings.layout.logs.mkdir(exist_ok=True)
        with (self.settings.layout.logs / "live.log").open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "coteach.live"], env=environ,
                                            stdout=log, stderr=log)
        for _ in range(200):
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/live/healthz").json() == {"ok": True}:
                    return
            assert self.process.poll() is None, self.log()
            time.sleep(0.05)
        raise AssertionError(self.log())

    def log(self) -> str:
        return (self.settings.layout.logs / "live.log").read_text()

    def kill(self, number: int = signal.SIGKILL) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(10)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill(signal.SIGTERM)
        self.database.close()

    def token(self, name: str = "linh", *, room: str = ROOM, lifetime: float = 600,
              lang: str = "en") -> str:
        return self.signer.mint(
            {"room": room, "person": self.people.get(name, name), "name": name.title(),
             "owner": name == "linh", "lang": lang, "module": MODULE, "cohort": self.cohort},
            lifetime=lifetime)

    def folder(self, recording: str) -> Path:
        return self.settings.layout.recordings / recording


class Visitor:
    """One person's page: an events socket, a publisher and viewers."""

    def __init__(self, server: LiveServer, name: str = "linh", *, room: str = ROOM) -> None:
        self.server, self.name, self.room = server, name, room
        self.token = server.token(name, room=room)
        self.state: dict = {}
        self.messages: list[dict] = []
        self.seat = ""
        self._peers: list[RTCPeerConnection] = []
        self._new = asyncio.Condition()

    async def enter(self, *, consent: bool | None = None) -> Visitor:
        self.socket = await websockets.connect(
            f"ws://127.0.0.1:{self.server.settings.live_port}/live/{self.room}/events")
        await self.say(type="hello", token=self.token)
        self._reading = asyncio.create_task(self._read())
        await self.wait(lambda v: v.seat)
        if consent is not None:
            await self.say(type="consent", given=consent)
        return self

    async def say(self, **message) -> None:
        await self.socket.send(json.dumps(message))

    async def _read(self) -> None:
        async for text in self.socket:
            message = json.loads(text)
            async with self._new:
                if message["type"] == "state":
                    self.state, self.seat = message, message["you"]
                else:
                    self.messages.append(message)
                self._new.notify_all()

    async def wait(self, until, seconds: float = 10):
        """Wait for a state or message; returns what `until` returns."""
        async with asyncio.timeout(seconds), self._new:
            await self._new.wait_for(lambda: until(self))
        return until(self)

    def heard(self, kind: str) -> dict | None:
        return next((m for m in self.messages if m["type"] == kind), None)

    def person(self, name: str) -> dict | None:
        return next((p for p in self.state.get("people", ()) if p["name"] == name.title()), None)

    async def post(self, door: str, offer: str, **params) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.post(
                f"{self.server.url}/live/{self.room}/{door}", content=offer, params=params,
                headers={"content-type": "application/sdp",
                         **({"authorization": f"Bearer {self.token}"} if self.token else {})})

    def connection(self) -> RTCPeerConnection:
        made = RTCPeerConnection(RTCConfiguration(
            iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._peers.append(made)
        return made

    async def publish(self, *tracks: MediaStreamTrack) -> httpx.Response:
        peer = self.publisher = self.connection()
        for track in tracks or (Tone(), Picture()):
            peer.addTrack(track)
        await peer.setLocalDescription(await peer.createOffer())
        answer = await self.post("whip", peer.localDescription.sdp)
        assert answer.status_code == 201, answer.text
        await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        return answer

    async def watch(self, seat: str) -> dict[str, MediaStreamTrack]:
        peer = self.viewer = self.connection()
        tracks: dict[str, MediaStreamTrack] = {}
        peer.on("track", lambda track: tracks.setdefault(track.kind, track))
        for kind in ("audio", "video"):
            peer.addTransceiver(kind, "recvonly")
        await peer.setLocalDescription(await peer.createOffer())
        answer = await self.post("whep", peer.localDescription.sdp, source=seat)
        assert answer.status_code == 201, answer.text
        await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        return tracks

    async def close_media(self) -> None:
        peers, self._peers = self._peers, []
        await asyncio.gather(*(peer.close() for peer in peers))

    async def close(self) -> None:
        await self.close_media()
        if hasattr(self, "socket"):
            await self.socket.close()
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)


def decode(file: Path) -> dict:
    """Decode a whole file: pictures, colours, seconds of sound, its loudest tone."""
    found: dict = {"pictures": [], "colours": [], "sound": 0.0, "keys": []}
    samples = []
    with av.open(str(file)) as container:
        found["duration"] = container.duration / 1e6 if container.duration else None
        for packet in container.demux():
            if packet.stream.type == "video" and packet.is_keyframe and packet.size:
                found["keys"].append(float(packet.pts * packet.time_base))
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    found["pictures"].append(frame.time)
                    if len(found["pictures"]) % 10 == 1:
                        found["colours"].append(
                            frame.to_ndarray(format="rgb24")[60].astype(int).mean(axis=0))
                else:
                    found["sound"] += frame.samples / frame.sample_rate
                    samples.append(frame.to_ndarray()[0].astype(float))
    if samples:
        wave = np.concatenate(samples)
        spectrum = np.abs(np.fft.rfft(wave))
        found["tone"] = float(np.fft.rfftfreq(len(wave), 1 / 48000)[spectrum.argmax()])
        found["energy"] = lambda hertz: float(
            spectrum[int((hertz - 5) * len(wave) / 48000):int((hertz + 5) * len(wave) / 48000)]
            .sum() / spectrum.sum())
    return found
