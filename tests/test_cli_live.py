"""`coteach live`: FFmpeg publishes as it is, a player and Chromium watch, with one token."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import aioice.ice
import av
import httpx
import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import sync_playwright
from ports import free_port

from coteach.cli import live
from coteach.errors import UserError

COTEACH = Path(sys.executable).with_name("coteach")
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--autoplay-policy=no-user-gesture-required"]
BARS = 8
"""Black and white bars across the picture: its number, eight bits."""

PLAYER = """async ({url, token}) => {
  const begun = performance.now(), peer = window.peer = new RTCPeerConnection();
  const video = window.video = document.createElement('video');
  Object.assign(video, {muted: true, autoplay: true, playsInline: true});
  document.body.append(video);
  const stream = new MediaStream();
  peer.ontrack = e => { stream.addTrack(e.track); video.srcObject = stream; };
  for (const kind of ['video', 'audio']) peer.addTransceiver(kind, {direction: 'recvonly'});
  await peer.setLocalDescription();
  const said = await fetch(url, {method: 'POST', body: peer.localDescription.sdp, headers: {
    'content-type': 'application/sdp', authorization: 'Bearer ' + token}});
  if (said.status !== 201) throw new Error(await said.text());
  window.session = new URL(said.headers.get('location'), url).href;
  window.tag = said.headers.get('etag');
  await peer.setRemoteDescription({type: 'answer', sdp: await said.text()});
  await new Promise(done => video.requestVideoFrameCallback(done));
  return performance.now() - begun;
}"""

NUMBER = """() => { const c = document.createElement('canvas'); c.width = 160; c.height = 120;
  const p = c.getContext('2d'); p.drawImage(window.video, 0, 0, 160, 120);
  let n = 0;
  for (let bit = 0; bit < 8; bit++) {
    const [r] = p.getImageData(bit * 20 + 10, 60, 1, 1).data;
    n += (r > 127) << bit;
  }
  return n; }"""


def certificate(folder: Path) -> dict[str, str]:
    """Make a certificate for FFmpeg.

    FFmpeg 8.1 with GnuTLS makes its own on P-224, which OpenSSL 4 refuses and RFC 8827 does not
    ask anybody to take; since FFmpeg 9 it makes it on P-256, as this one.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "encoder")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        issuer_name=name, subject_name=name, public_key=key.public_key(),
        serial_number=x509.random_serial_number(), not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=1)).sign(key, hashes.SHA256())
    files = {"cert_file": folder / "cert.pem", "key_file": folder / "key.pem"}
    files["cert_file"].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files["key_file"].write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption()))
    return {option: str(file) for option, file in files.items()}


class Encoder(threading.Thread):
    """FFmpeg's WHIP muxer, as it comes with PyAV: H.264 and Opus."""

    def __init__(self, url: str, token: str, folder: Path) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._options = {"authorization": token, **certificate(folder)}
        self._ended = threading.Event()
        self.fault: Exception | None = None

    def run(self) -> None:
        try:
            self._publish()
        except Exception as fault:
            self.fault = fault

    def _publish(self) -> None:
        with av.open(self._url, "w", format="whip", options=self._options) as out:
            video = out.add_stream("libx264", rate=20)
            video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
            video.gop_size, video.max_b_frames = 20, 0
            video.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
            audio = out.add_stream("libopus", rate=48000)
            audio.layout = "stereo"
            cut = av.AudioResampler(format=audio.format.name, layout="stereo", rate=48000,
                                    frame_size=960)
            begun, number, samples = time.monotonic(), 0, 0
            while not self._ended.wait(max(0, begun + number / 20 - time.monotonic())):
                while samples / 48000 < number / 20:
                    for part in cut.resample(self._tone(samples)):
                        out.mux(audio.encode(part))
                    samples += 960
                out.mux(video.encode(self._picture(number)))
                number += 1

    @staticmethod
    def _tone(samples: int) -> av.AudioFrame:
        at = (samples + np.arange(960)) / 48000
        wave = np.repeat((np.sin(2 * np.pi * 440 * at) * 9000).astype(np.int16), 2)
        frame = av.AudioFrame.from_ndarray(wave[None, :], format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48000, samples
        return frame

    @staticmethod
    def _picture(number: int) -> av.VideoFrame:
        pixels = np.zeros((120, 160, 3), np.uint8)
        for bit in range(BARS):
            if number >> bit & 1:
                pixels[:, bit * 20:bit * 20 + 20] = 255
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 20)
        return frame

    def end(self) -> None:
        self._ended.set()
        self.join(10)
        assert self.fault is None, self.fault


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    file, scratch = folder / "ready.json", folder / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [str(COTEACH), "live", "--room", "stage", "--port", str(free_port()),
         "--ready-file", str(file)], cwd=folder, stderr=subprocess.PIPE,
        env={**os.environ, "COTEACH_LANGUAGE": "en", "TMPDIR": str(scratch)})
    end = time.monotonic() + 60
    while not file.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.05)
    yield json.loads(file.read_text()), file, process
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert not file.exists() and not list(scratch.iterdir()), "it takes all with it"
    process.stderr.close()


@pytest.fixture(scope="module")
def encoder(server):
    told, file, _process = server
    made = Encoder(told["whip"], told["token"], file.parent)
    made.start()
    time.sleep(0.5)
    yield made
    made.end()


def test_the_ready_file_tells_where_to_publish_and_watch(server):
    told, _file, process = server
    assert set(told) == {"pid", "whip", "whep", "token"}
    assert told["pid"] == process.pid
    assert told["whip"].endswith("/live/stage/whip") and told["whep"].endswith("/live/stage/whep")
    assert httpx.post(told["whip"], headers={"authorization": "Bearer forged"}).status_code == 403


async def test_ffmpeg_publishes_and_a_player_gets_h264_and_opus_as_they_were(
        server, encoder, monkeypatch):
    told = server[0]
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    tracks = {}
    peer.on("track", lambda track: tracks.setdefault(track.kind, track))
    for kind in ("audio", "video"):
        peer.addTransceiver(kind, "recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    headers = {"authorization": f"Bearer {told['token']}", "content-type": "application/sdp"}
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(50):
            answer = await client.post(told["whep"], content=peer.localDescription.sdp,
                                       headers=headers)
            if answer.status_code != 404:  # nobody publishes yet
                break
            await asyncio.sleep(0.2)
    assert answer.status_code == 201, answer.text
    assert "H264/90000" in answer.text and "VP8" not in answer.text
    await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
    numbers = []
    for _ in range(8):
        frame = await asyncio.wait_for(tracks["video"].recv(), 10)
        row = frame.to_ndarray(format="rgb24")[60, 10::20, 0] > 127
        numbers.append(sum(1 << bit for bit in range(BARS) if row[bit]))
    assert [(b - a) % 256 for a, b in pairwise(numbers)] == [1] * 7
    loud = [np.abs((await asyncio.wait_for(tracks["audio"].recv(), 5)).to_ndarray()).max()
            for _ in range(10)]
    assert max(loud) > 5000
    await peer.close()


def test_chromium_watches_what_ffmpeg_publishes(server, encoder):
    told = server[0]
    # In a thread of its own: another test's event loop may still be known to this one.
    found: dict = {}

    def watch() -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            page = browser.new_page()
            found["first"] = page.evaluate(PLAYER, {"url": told["whep"], "token": told["token"]})
            numbers = []
            for _ in range(6):
                numbers.append(page.evaluate(NUMBER))
                page.wait_for_timeout(250)
            found["numbers"] = numbers
            found["tag"] = page.evaluate("window.tag")
            found["end"] = page.evaluate(
                "async token => (await fetch(window.session, {method: 'DELETE', headers: "
                "{authorization: 'Bearer ' + token}})).status", told["token"])
            browser.close()

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join(60)
    steps = [(b - a) % 256 for a, b in pairwise(found["numbers"])]
    assert all(0 < step < 40 for step in steps), found
    assert found["first"] < 8000 and found["tag"] and found["end"] == 200


def test_a_wrong_name_is_one_sentence():
    with pytest.raises(UserError, match="'a/b' can't be the name of a room") as refused:
        live.live(room="a/b")
    assert refused.value.status == 400


def test_a_port_in_use_is_one_sentence_and_an_old_ready_file_goes(tmp_path):
    file = tmp_path / "ready"
    file.write_text("{}")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(UserError, match="can't be used"):
            live.live(port=other.getsockname()[1], ready_file=file)
    assert not file.exists()
