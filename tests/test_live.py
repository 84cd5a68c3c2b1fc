"""The live server's doors: who gets in, what is refused with a sentence, what is passed on."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import socket
import time
from dataclasses import replace

import httpx
import numpy as np
import pytest
import websockets
from aiortc import RTCSessionDescription
from aiortc.mediastreams import VideoStreamTrack
from live_peers import ROOM, LiveServer, Picture, Tone, Visitor

from coteach.errors import UserError
from coteach.live.offers import MAX_BYTES, clean
from coteach.live.peer import PRIVATE_NAMES
from coteach.live.udp import MediaPort


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from coteach import settings as settings_module

    settings = settings_module.load(tmp_path_factory.mktemp("live") / "data", environ={})
    settings.layout.create()
    made = LiveServer(settings)
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def visitors(server):
    made = []

    def visitor(name="linh", room=ROOM):
        made.append(Visitor(server, name, room=room))
        return made[-1]

    yield visitor
    await asyncio.gather(*(one.close() for one in made))


async def an_offer(visitor, *kinds) -> str:
    peer = visitor.connection()
    for kind in kinds or ("audio", "video"):
        peer.addTransceiver(kind, "sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    return peer.localDescription.sdp


async def test_two_people_see_and_hear_each_other(server, visitors):
    linh, mei = await visitors("linh").enter(), await visitors("mei").enter()
    await asyncio.gather(linh.publish(Tone(440), Picture(200, 30, 30)),
                         mei.publish(Tone(660), Picture(30, 30, 200)))
    await linh.wait(lambda v: all(v.person(n) and v.person(n)["publication"]
                                  for n in ("linh", "mei")))
    for me, other, colour in ((linh, "mei", 2), (mei, "linh", 0)):
        tracks = await me.watch(me.person(other)["seat"])
        first = (await asyncio.wait_for(tracks["video"].recv(), 5)).to_ndarray(format="rgb24")
        assert first.mean(axis=(0, 1)).argmax() == colour
        later = first
        for _ in range(5):
            later = (await asyncio.wait_for(tracks["video"].recv(), 5)).to_ndarray(format="rgb24")
        assert np.abs(later.astype(int) - first).max() > 100, "the picture moves"
        loud = [np.abs((await asyncio.wait_for(tracks["audio"].recv(), 5)).to_ndarray()).max()
                for _ in range(25)]
        assert max(loud) > 3000


async def test_a_pass_opens_its_own_room_only_and_not_for_ever(server, visitors):
    linh = visitors("linh")
    offer = await an_offer(linh)
    for token, status, code in (("", 401, "no-token"), ("forged", 403, "bad-token"),
                                (server.token(lifetime=-1), 403, "expired-token"),
                                (server.token(room="practice-other"), 403, "other-room")):
        linh.token = token
        for door in ("whip", "whep"):
            answer = await linh.post(door, offer)
            assert (answer.status_code, answer.json()["error"]) == (status, code)
            assert answer.json()["message"]


async def test_the_events_socket_refuses_a_bad_pass_with_a_sentence(server, visitors):
    mei = visitors("mei")
    mei.token = server.token("mei", lifetime=-1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(mei.enter(), 1)
    assert mei.heard("error")["code"] == "expired-token"


async def test_a_client_that_says_nonsense_gets_an_error_and_stays(server, visitors):
    mei = await visitors("mei").enter()
    await mei.socket.send("{")
    assert (await mei.wait(lambda v: v.heard("error")))["code"] == "bad-message"
    mei.messages.clear()
    await mei.say(type="consent", given="perhaps")
    await mei.wait(lambda v: v.heard("error"))
    await mei.say(type="ping")
    await mei.wait(lambda v: v.heard("pong"))


DEEP = "[" * 100_000


@pytest.mark.parametrize(("frame", "code"), [
    (b"\x00\x01", "not-text"), (b"", "not-text"), (DEEP, "long-message"),
    ("[" * 4000, "bad-message"), ("[]", "bad-message"), ("", "bad-message")])
async def test_any_frame_is_answered_with_a_sentence(server, visitors, frame, code):
    url = f"ws://127.0.0.1:{server.settings.live_port}/live/{ROOM}/events"
    async with websockets.connect(url) as stranger:
        await stranger.send(frame)
        said = json.loads(await stranger.recv())
        assert (said["code"], said["message"][-1]) == (code, ".")
        await stranger.wait_closed()
        assert (stranger.close_code, stranger.close_reason) == (1003, code)
    mei = await visitors("mei").enter()
    await mei.socket.send(frame)
    assert (await mei.wait(lambda v: v.heard("error")))["code"] == code
    await mei.say(type="ping")
    await mei.wait(lambda v: v.heard("pong"))
    assert "Traceback" not in server.log() and "exception" not in server.log()


async def test_a_frame_beyond_all_measure_ends_the_connection(server, visitors):
    mei = await visitors("mei").enter()
    await mei.socket.send("[" * 1_000_000)
    await mei.socket.wait_closed()
    assert mei.socket.close_code == 1009
    assert "Traceback" not in server.log() and "exception" not in server.log()


async def test_a_wrong_candidate_harms_neither_the_offer_nor_the_log(server, visitors):
    linh = visitors("linh")
    offer = await an_offer(linh)
    end = offer.index("a=candidate") if "a=candidate" in offer else offer.index("a=ice-ufrag")
    wrong = "".join(f"a=candidate:9 1 udp 1 {place} typ host\r\n" for place in (
        "127.0.0.1 99999999", "127.0.0.1 -1", "127.0.0.1 0", "127.0.0.1 port", "300.1.1.1 5000",
        "example.org 5000", "0.0.0.0 5000", "224.0.0.1 5000", "fe80::1%eth0 5000"))
    answer = await linh.post("whip", offer[:end] + wrong + offer[end:])
    assert answer.status_code == 201
    await asyncio.sleep(1)
    assert "OverflowError" not in server.log() and "Traceback" not in server.log()
    kept = clean((offer[:end] + wrong + offer[end:]).encode())
    assert "candidate:9" not in kept


async def test_who_names_no_address_is_found_by_her_own_checks(server, visitors):
    linh = visitors("linh")
    offer = await an_offer(linh)
    unreachable = re.sub(r"a=candidate:.*\r\n", "", offer)
    assert "a=end-of-candidates" in unreachable
    answer = await linh.post("whip", unreachable)
    await linh._peers[0].setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
    async with asyncio.timeout(5):
        while linh._peers[0].connectionState != "connected":  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def test_a_media_port_in_use_is_one_sentence(server, tmp_path):
    from coteach import settings as settings_module

    settings = settings_module.load(tmp_path / "data", environ={})
    settings.layout.create()
    second = LiveServer(settings)
    second.settings = replace(second.settings, media_port=server.settings.media_port)
    with pytest.raises(AssertionError, match="can't be used"):
        second.start()
    assert second.process.wait(10) == 1
    assert "Traceback" not in second.log()
    second.stop()


async def test_a_media_port_that_nobody_chose_moves_when_it_is_taken():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        port = MediaPort("127.0.0.1", "", taken, may_move=True)
        await port.open()
        try:
            assert port.port not in (0, taken)
            assert [s.public for s in port._sockets] == [("127.0.0.1", port.port)]
        finally:
            port.close()


def broken(offer: str) -> dict[str, tuple[bytes, int]]:
    video = offer[offer.index("m=video"):]
    return {
        "empty": (b"", 400), "not text": (b"\xff\xfe\x00", 400), "not sdp": (b"hello", 400),
        "10 MB": (offer.encode() + b"a" * 10_000_000, 413),
        "many media lines": ((offer + video * 6).encode(), 400),
        "1000 media lines": ((offer + video * 1000).encode(), 413),
        "no ice": (re.sub(r"a=ice-\w+:.*\r\n", "", offer).encode(), 400),
        "no fingerprint": (re.sub(r"a=fingerprint:.*\r\n", "", offer).encode(), 400),
        "not bundled": (re.sub(r"a=group:.*\r\n", "", offer).encode(), 400),
        "no codec of ours": (re.sub("VP8|H264", "VP7", offer).encode(), 422),
        "cut in the middle": (offer[:len(offer) // 2].encode(), 400),
        "a data channel": (re.sub("m=audio", "m=application", offer).encode(), 400),
    }


async def test_a_broken_offer_gets_a_sentence_and_never_a_fault(server, visitors):
    linh = visitors("linh")
    for what, (offer, status) in broken(await an_offer(linh)).items():
        answer = await linh.post("whip", offer)
        assert answer.status_code == status, what
        assert answer.json()["message"].endswith("."), what
    answer = await linh.post("whip", "x" * (MAX_BYTES + 1))
    assert answer.status_code == 413
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{server.url}/live/{ROOM}/whip", content="{}", headers={
            "authorization": f"Bearer {linh.token}", "content-type": "application/json"})
    assert answer.status_code == 415


def test_addresses_that_take_a_second_to_find_nothing_are_left_out():
    offer = ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
             "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\n"
             "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\n"
             f"a=fingerprint:sha-256 {':'.join(['AA'] * 32)}\r\na=rtpmap:111 opus/48000/2\r\n"
             "a=candidate:1 1 udp 1 8a1c.local 5000 typ host\r\n"
             "a=candidate:2 1 tcp 1 10.0.0.1 9 typ host tcptype active\r\n"
             "a=candidate:3 1 udp 1 10.0.0.1 5000 typ host\r\n")
    assert re.findall(r"a=candidate:(\d)", clean(offer.encode())) == ["3"]
    with pytest.raises(UserError):
        clean(offer.replace("opus", "PCMU").encode())


async def test_a_second_window_of_one_person_takes_over_her_seat(server, visitors):
    first = await visitors("anh").enter()
    second = await visitors("anh").enter()
    assert second.seat == first.seat
    await asyncio.wait_for(first.socket.wait_closed(), 5)
    assert first.socket.close_code == 4409
    await second.wait(lambda v: v.person("anh")["here"])


async def test_empty_and_foreign_datagrams_harm_nobody(server, visitors):
    linh = await visitors("linh").enter()
    mei = await visitors("mei").enter()
    await linh.publish(Tone(), Picture())
    await mei.wait(lambda v: v.person("linh") and v.person("linh")["publication"])
    track = (await mei.watch(mei.person("linh")["seat"]))["video"]
    await asyncio.wait_for(track.recv(), 5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for datagram in (b"", b"\x00", b"\x00\x01" + b"\x00" * 18, b"\x80" * 200, b"\x16\xfe\xfd"):
            stranger.sendto(datagram, ("127.0.0.1", server.settings.media_port))
    # A browser's own socket, too, may send an empty datagram.
    for peer in (linh.publisher, mei.viewer):
        pair = peer.getTransceivers()[0].receiver.transport.transport._connection._nominated[1]
        pair.protocol.transport.sendto(b"", pair.remote_addr)
    await asyncio.sleep(0.3)
    for _ in range(10):
        await asyncio.wait_for(track.recv(), 3)


async def test_a_publisher_that_vanishes_is_noticed_within_ten_seconds(server, visitors):
    linh = await visitors("linh").enter()
    mei = await visitors("mei").enter()
    await mei.publish(Tone(), Picture())
    await linh.wait(lambda v: v.person("mei") and v.person("mei")["publication"])
    # Cut the wire without a word, as a closed laptop does.
    connection = mei.publisher.getTransceivers()[0].receiver.transport.transport._connection
    for protocol in connection._protocols:
        protocol.transport.abort()
    mei.socket.transport.abort()
    cut = time.monotonic()
    await linh.wait(lambda v: not v.person("mei") or not v.person("mei")["publication"], 12)
    assert time.monotonic() - cut < 10


def _instance(name: str):
    from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCRtpSender, RTCRtpTransceiver
    from aiortc.rtcicetransport import RTCIceGatherer

    peer = RTCPeerConnection()
    transceiver: RTCRtpTransceiver = peer.addTransceiver(VideoStreamTrack())
    transport = transceiver.receiver.transport
    connection = RTCIceGatherer(iceServers=[])._connection
    return {
        "aiortc.RTCPeerConnection()": peer, "aiortc.RTCRtpTransceiver()": transceiver,
        "aiortc.rtcdtlstransport.RTCDtlsTransport()": transport,
        "aiortc.rtcicetransport.RTCIceTransport()": transport.transport,
        "aioice.ice.Connection()": connection,
        "aioice.ice.StunProtocol()": importlib.import_module("aioice.ice").StunProtocol(connection),
        "aiortc.RTCRtpReceiver()": RTCRtpReceiver("video", transport),
        "aiortc.RTCRtpSender()": RTCRtpSender("video", transport),
    }[name]


@pytest.mark.parametrize("owner", PRIVATE_NAMES)
async def test_the_private_names_we_rely_on_exist(owner):
    module, _dot, name = owner.rpartition(".")
    thing = _instance(owner) if owner.endswith("()") else getattr(
        importlib.import_module(module), name)
    missing = [attribute for attribute in PRIVATE_NAMES[owner] if not hasattr(thing, attribute)]
    assert not missing
