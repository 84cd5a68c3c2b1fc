"""Offers as browsers and encoders write them are answered with what rooms use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aiortc import sdp

from coteach.errors import UserError
from coteach.live import h264
from coteach.live.offers import clean, fragment
from coteach.live.peer import RelayPeer
from coteach.live.source import Source
from coteach.live.udp import MediaPort

DATA = Path(__file__).parent / "data" / "sdp"


def recorded(name: str) -> bytes:
    return (DATA / f"{name}.sdp").read_bytes()


@pytest.fixture
async def peer():
    port = MediaPort("127.0.0.1", "", 0)
    await port.open()
    made = RelayPeer(port)
    yield made
    await made.close()
    assert port.peers == 0
    port.close()


def described(answer: str) -> dict[str, tuple[str, list[str]]]:
    return {m.kind: (m.direction, [c.name for c in m.rtp.codecs])
            for m in sdp.SessionDescription.parse(answer).media}


@pytest.mark.parametrize(("name", "video"), [
    ("firefox-publish", ["VP8", "rtx"]), ("obs-publish", ["H264"])])
async def test_what_publishers_offer_is_taken(peer, name, video):
    answer, sources = await peer.answer_publisher(clean(recorded(name)))
    assert described(answer) == {"audio": ("recvonly", ["opus"]), "video": ("recvonly", video)}
    assert set(sources) == {"audio", "video"}
    assert "useinbandfec=1" in answer, "every packet of sound mends the one before"
    assert "goog-remb" in answer and "nack pli" in answer
    assert answer.count("m=") == 2 and "a=group:BUNDLE 0 1" in answer
    assert len(set(re.findall(r"a=candidate:.* (\d+) typ host", answer))) == 1, "one port"


@pytest.mark.parametrize("name", ["firefox-watch", "safari-watch"])
@pytest.mark.parametrize("codec", ["firefox-publish", "obs-publish"])
async def test_viewers_get_what_is_published(peer, name, codec):
    port = peer._port
    publisher = RelayPeer(port)
    try:
        _answer, sources = await publisher.answer_publisher(clean(recorded(codec)))
        answer = await peer.answer_viewer(clean(recorded(name)), sources)
    finally:
        await publisher.close()
    wanted = sources["video"].codec.name
    found = described(answer)
    assert found["audio"] == ("sendonly", ["opus"])
    assert found["video"] == ("sendonly", [wanted, "rtx"])
    if wanted == "H264":
        assert "profile-level-id=42e01f" in answer, "the profile that is sent, not Safari's first"


async def test_a_player_without_the_codec_is_told_in_a_sentence(peer):
    source = Source("video", lambda ssrc: None)
    publisher = RelayPeer(peer._port)
    try:
        await publisher.answer_publisher(clean(recorded("obs-publish")))
        source.codec = publisher.getTransceivers()[1]._codecs[0]
    finally:
        await publisher.close()
    only_vp8 = recorded("firefox-watch").replace(b"H264", b"H263")
    with pytest.raises(UserError, match=r"H\.264") as refused:
        await peer.answer_viewer(clean(only_vp8), {"video": source})
    assert (refused.value.status, refused.value.code) == (422, "no-common-codec")


@pytest.mark.parametrize("name", ["firefox-publish", "safari-watch"])
def test_names_that_take_a_second_to_look_up_are_left_out(name):
    assert b".local" in recorded(name) and ".local" not in clean(recorded(name))


def test_a_fragment_tells_candidates_and_whose_they_are():
    found = fragment(b"a=ice-ufrag:abcd\r\na=ice-pwd:x\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
                     b"a=candidate:1 1 udp 1 10.0.0.1 5000 typ host\r\n"
                     b"a=candidate:2 1 udp 1 aa.local 5000 typ host\r\na=end-of-candidates\r\n")
    assert (found.user, found.last) == ("abcd", True)
    assert found.candidates == ["1 1 udp 1 10.0.0.1 5000 typ host"]
    with pytest.raises(UserError):
        fragment(b"hello")


async def test_a_restart_is_seen_by_the_other_user_name(peer):
    await peer.answer_publisher(clean(recorded("obs-publish")))
    assert peer.remote_user == "sxtO"


@pytest.mark.parametrize(("payload", "parameters", "picture"), [
    (b"\x67\x42\xe0\x1f", True, False), (b"\x65\x88\x84", False, True),
    (b"\x41\x9a\x01", False, False), (b"\x7c\x85\x88", False, True),
    (b"\x7c\x05\x88", False, False), (b"\x7c\x81\x88", False, False),
    (b"\x78\x00\x02\x67\x42\x00\x02\x68\xce\x00\x02\x65\x88", True, True),
    (b"\x78\x00", False, False), (b"", False, False)])
def test_key_frames_of_h264_are_found_in_every_kind_of_packet(payload, parameters, picture):
    assert h264.starts_key_frame(payload) is parameters
    assert h264.has_key_frame(payload) is picture
