"""A practice is recorded with consent and nothing is lost, whatever ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from datetime import timedelta

import pytest
from aiortc.rtp import RTCP_PSFB_PLI, RtcpPsfbPacket
from live_peers import MODULE, ROOM, LiveServer, Picture, Tone, Visitor, decode

from coteach.live import retention
from coteach.store import events, recordings, rooms, utcnow
from coteach.store.schema import Consent, Recording


@pytest.fixture
def server(settings):
    made = LiveServer(settings)
    made.start()
    yield made
    made.stop()


def row(server, recording):
    with server.database.reading() as session:
        return session.get(Recording, recording)


async def test_two_people_are_recorded_and_a_third_who_refused_is_not(server):
    linh = await Visitor(server, "linh").enter(consent=True)
    mei = await Visitor(server, "mei").enter(consent=True)
    anh = await Visitor(server, "anh").enter(consent=False)
    await asyncio.gather(linh.publish(Tone(440), Picture(200, 30, 30)),
                         mei.publish(Tone(660), Picture(30, 30, 200)),
                         anh.publish(Tone(1000), Picture(0, 255, 0)))
    await linh.wait(lambda v: v.state["people"] and all(
        p["publication"] for p in v.state["people"]))
    await linh.say(type="record")
    await linh.wait(lambda v: v.state["recording"])
    assert linh.person("anh")["recorded"] is False
    assert linh.person("mei")["recorded"] is True
    # The refuser is in the room all the same.
    seen = await linh.watch(linh.person("anh")["seat"])
    picture = await asyncio.wait_for(seen["video"].recv(), 5)
    assert picture.to_ndarray(format="rgb24").mean(axis=(0, 1))[1] > 150
    await asyncio.sleep(4)
    await linh.say(type="stop")
    told = await linh.wait(lambda v: v.heard("recorded"))
    assert told["status"] == "ready"

    made = row(server, told["recording"])
    assert made.status == "ready" and made.ended is not None
    assert made.duration == pytest.approx(4.3, abs=1.2)
    assert [t["name"] for t in made.tracks] == ["Linh", "Mei"]
    for track, tone, colour in zip(made.tracks, (440, 660), (0, 2), strict=True):
        file = decode(server.folder(made.id) / track["file"])
        assert file["duration"] == pytest.approx(track["duration"], abs=0.3)
        assert file["sound"] == pytest.approx(file["duration"], abs=0.5)
        assert len(file["pictures"]) > 40
        assert file["tone"] == pytest.approx(tone, abs=3)
        assert file["energy"](1000) < 0.01
        assert all(c.argmax() == colour for c in file["colours"])
        assert track["kind"] == "audio+video"
    with server.database.reading() as session:
        told = [e for e in events.read(session, verbs=["practised"])]
        assert [e.actor for e in told] == [server.people["linh"]]
        assert told[0].value["recording"] == made.id and told[0].lesson == MODULE
        answers = {c.actor: c.given for c in session.query(Consent)}
        assert answers == {server.people["linh"]: True, server.people["mei"]: True,
                           server.people["anh"]: False}
    await asyncio.gather(linh.close(), mei.close(), anh.close())


async def test_nothing_is_recorded_without_the_teachers_consent(server):
    linh = await Visitor(server, "linh").enter(consent=False)
    mei = await Visitor(server, "mei").enter(consent=True)
    await linh.publish()
    await linh.wait(lambda v: v.person("linh")["publication"])
    await linh.say(type="record")
    assert (await linh.wait(lambda v: v.heard("error")))["code"] == "no-consent"
    await mei.say(type="record")
    assert (await mei.wait(lambda v: v.heard("error")))["code"] == "not-owner"
    assert linh.state["recording"] is None
    assert not list(server.settings.layout.recordings.iterdir())
    await asyncio.gather(linh.close(), mei.close())


async def test_a_killed_server_leaves_a_playable_recording_of_two_that_goes_on(server):
    async def both_publish(*people):
        await asyncio.gather(*(one.publish() for one in people))
        await people[0].wait(lambda v: all(v.person(n) and v.person(n)["publication"]
                                           for n in ("linh", "mei")))

    linh = await Visitor(server, "linh").enter(consent=True)
    mei = await Visitor(server, "mei").enter(consent=True)
    await both_publish(linh, mei)
    await linh.say(type="record")
    recording = (await linh.wait(lambda v: v.state["recording"]))["id"]
    begun = time.monotonic()
    await asyncio.sleep(4.5)
    server.kill()
    killed = time.monotonic() - begun
    parts = list(server.folder(recording).glob("*.part.webm"))
    assert len(parts) == 2
    for part in parts:
        pictures = decode(part)["pictures"]
        assert pictures[-1] > killed - 2, "playable as the kill left it, to 2 s before it"
    await asyncio.gather(linh.close(), mei.close())

    server.start()
    made = row(server, recording)
    assert (made.status, made.reason) == ("ready", "server-stopped")
    assert killed - 2 < made.duration < killed + 1
    for track in made.tracks:
        file = decode(server.folder(recording) / track["file"])
        assert file["duration"] == pytest.approx(made.duration, abs=0.5)

    linh, mei = await Visitor(server, "linh").enter(), await Visitor(server, "mei").enter()
    assert linh.person("linh")["consent"] is True, "asked once in this room"
    await both_publish(linh, mei)
    await linh.say(type="record", resume=recording)
    again = await linh.wait(lambda v: v.state["recording"])
    assert again["id"] == recording and again["seconds"] > 4
    await asyncio.sleep(2)
    await linh.say(type="stop")
    await linh.wait(lambda v: v.heard("recorded"))
    whole = row(server, recording)
    assert whole.status == "ready" and [t["name"] for t in whole.tracks] == ["Linh", "Mei"]
    assert whole.duration > made.duration + 2
    for track in whole.tracks:
        file = decode(server.folder(recording) / track["file"])
        assert file["duration"] == pytest.approx(whole.duration, abs=0.5)
        assert file["sound"] == pytest.approx(file["duration"], abs=0.5), "silence fills the gap"
    with server.database.reading() as session:
        assert [r.id for r in session.query(Recording)] == [recording]
    await asyncio.gather(linh.close(), mei.close())


async def test_a_lost_request_for_a_key_frame_costs_no_sound_and_a_second_of_picture(server):
    linh = await Visitor(server, "linh").enter(consent=True)
    mei = await Visitor(server, "mei").enter(consent=True)
    await asyncio.gather(linh.publish(), mei.publish())
    await linh.wait(lambda v: all(v.person(n) and v.person(n)["publication"]
                                  for n in ("linh", "mei")))
    await asyncio.sleep(1)
    sender = next(s for s in mei.publisher.getSenders() if s.kind == "video")
    take, asked = sender._handle_rtcp_packet, []

    async def lose_the_first(packet):
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_PLI:
            asked.append(packet)
            if len(asked) == 1:
                return
        await take(packet)

    sender._handle_rtcp_packet = lose_the_first
    await linh.say(type="record")
    recording = (await linh.wait(lambda v: v.state["recording"]))["id"]
    await asyncio.sleep(3.5)
    server.kill()
    await asyncio.gather(linh.close(), mei.close())
    assert len(asked) > 1

    server.start()
    made = row(server, recording)
    assert sorted(t["name"] for t in made.tracks) == ["Linh", "Mei"]
    track = next(t for t in made.tracks if t["name"] == "Mei")
    file = decode(server.folder(recording) / track["file"])
    assert track["offset"] < 0.4, "heard from the first packet"
    assert track["kind"] == "audio+video"
    assert 0.3 < file["pictures"][0] < 1.5
    assert file["sound"] > 1.5


async def test_a_closed_page_pauses_and_comes_back_into_the_same_recording(server):
    linh = await Visitor(server, "linh").enter(consent=True)
    mei = await Visitor(server, "mei").enter(consent=True)
    await linh.publish()
    await linh.wait(lambda v: v.person("linh")["publication"])
    await linh.say(type="record")
    recording = (await linh.wait(lambda v: v.state["recording"]))["id"]
    await asyncio.sleep(2)
    await linh.close()
    await mei.wait(lambda v: not v.person("linh")["here"], 10)
    assert mei.state["recording"]["id"] == recording
    linh = await Visitor(server, "linh").enter()
    assert linh.state["recording"]["id"] == recording
    await linh.publish()
    await asyncio.sleep(2.5)
    await linh.say(type="stop")
    await linh.wait(lambda v: v.heard("recorded"))
    made = row(server, recording)
    assert len(made.tracks) == 1
    file = decode(server.folder(recording) / made.tracks[0]["file"])
    assert file["duration"] == pytest.approx(made.duration, abs=0.5)
    assert file["sound"] == pytest.approx(made.duration, abs=0.6)
    assert made.duration > 4.4
    await asyncio.gather(linh.close(), mei.close())


async def test_a_withdrawn_consent_removes_the_person_from_the_file(server):
    linh = await Visitor(server, "linh").enter(consent=True)
    mei = await Visitor(server, "mei").enter(consent=True)
    await asyncio.gather(linh.publish(), mei.publish(Tone(1000), Picture(0, 255, 0)))
    await linh.wait(lambda v: all(v.person(n) and v.person(n)["publication"]
                                  for n in ("linh", "mei")))
    await linh.say(type="record")
    recording = (await linh.wait(lambda v: v.state["recording"]))["id"]
    await asyncio.sleep(1.5)
    await mei.say(type="consent", given=False)
    await linh.wait(lambda v: not v.person("mei")["recorded"])
    await linh.say(type="stop")
    await linh.wait(lambda v: v.heard("recorded"))
    assert [t["name"] for t in row(server, recording).tracks] == ["Linh"]
    assert len(list(server.folder(recording).iterdir())) == 1
    await asyncio.gather(linh.close(), mei.close())


async def test_sigterm_finishes_the_recording_within_five_seconds(server):
    linh = await Visitor(server, "linh").enter(consent=True)
    await linh.publish()
    await linh.wait(lambda v: v.person("linh")["publication"])
    await linh.say(type="record")
    recording = (await linh.wait(lambda v: v.state["recording"]))["id"]
    await asyncio.sleep(2)
    started = asyncio.get_running_loop().time()
    await asyncio.to_thread(server.kill, signal.SIGTERM)
    assert asyncio.get_running_loop().time() - started < 5
    assert row(server, recording).status == "ready"
    await linh.close()


def test_an_unreadable_leftover_is_noted_as_broken(server):
    server.stop()
    with server.database.session() as session:
        made = recordings.start(session, rooms.get(session, ROOM),
                                purpose="p", days=1)
        recordings.set_tracks(session, made.id, [
            {"person": "x", "name": "X", "file": "1-1.part.webm", "kind": "video", "offset": 0}])
    server.folder(made.id).mkdir()
    (server.folder(made.id) / "1-1.part.webm").write_bytes(os.urandom(5000))
    server.start()
    found = row(server, made.id)
    assert (found.status, found.reason) == ("broken", "server-stopped")


def test_recordings_are_deleted_by_date(server):
    with server.database.session() as session:
        room = rooms.get(session, ROOM)
        old, fresh = (recordings.start(session, room, purpose="p", days=d) for d in (1, 30))
        for made in (old, fresh):
            made.status = "ready"
        old.delete_after = utcnow() - timedelta(hours=1)
    for made in (old, fresh):
        server.folder(made.id).mkdir()
        (server.folder(made.id) / "1.webm").write_bytes(b"x")
    assert retention.sweep(server.database, server.settings.layout) == 1
    assert row(server, old.id).status == "deleted" and not server.folder(old.id).exists()
    assert row(server, fresh.id).status == "ready" and server.folder(fresh.id).exists()
