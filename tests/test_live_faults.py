"""What goes wrong with a peer, a page or the clock stays that one's trouble."""

from __future__ import annotations

import asyncio
import random
import socket
from datetime import timedelta

import aiortc.rtcpeerconnection
import av
import pytest
from aiortc import RTCSessionDescription
from live_house import entered, offered, open_house
from live_peers import LiveServer, Picture, Tone, Visitor, decode

from coteach.live import peer as peer_module
from coteach.live import seat as seat_module
from coteach.live.events import WAITING, Client
from coteach.live.frames import ahead
from coteach.live.ingest import IngestReceiver
from coteach.live.offers import clean
from coteach.live.seat import Pass
from coteach.store import recordings, rooms, utcnow
from coteach.store.schema import Recording


@pytest.fixture
async def house(settings):
    async with open_house(settings) as made:
        yield made


@pytest.fixture
async def room(house):
    made, teacher = await entered(house)
    made.teacher = teacher
    return made


async def until(condition, seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


class Seen:
    """What a viewer gets."""

    def __init__(self) -> None:
        self.packets, self.steps, self._last = 0, [], None

    def forward(self, packet, key, bodies) -> None:
        if self._last is not None:
            self.steps.append(abs(ahead(packet.sequence_number, self._last)))
        self._last, self.packets = packet.sequence_number, self.packets + 1


async def test_garbage_and_what_is_sent_twice_harm_neither_room_nor_recording(
        settings, monkeypatch):
    server = LiveServer(settings)
    server.start()
    linh, mei = Visitor(server, "linh"), Visitor(server, "mei")
    try:
        await linh.enter(consent=True)
        await mei.enter(consent=True)
        await mei.publish(Tone(), Picture())
        await linh.publish(Tone(), Picture())
        await linh.wait(lambda v: all(v.person(n) and v.person(n)["publication"]
                                      for n in ("linh", "mei")))
        await linh.say(type="record")
        await linh.wait(lambda v: v.state["recording"])
        # aiortc's own viewer never asks for a new picture when it can't decode one.
        monkeypatch.setattr(aiortc.rtcpeerconnection, "RTCRtpReceiver", IngestReceiver)
        viewer = linh.connection()
        viewer.addTransceiver("video", "recvonly")
        await viewer.setLocalDescription(await viewer.createOffer())
        answer = await linh.post("whep", viewer.localDescription.sdp,
                                 source=linh.person("mei")["seat"])
        await viewer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        seen = Seen()
        viewer.getTransceivers()[0].receiver.source.outputs.append(seen)
        await until(lambda: seen.packets > 3)

        sender = next(s for s in mei.publisher.getSenders() if s.kind == "video")
        transport, dice = sender.transport, random.Random(5)
        pair = transport.transport._connection._nominated[1]
        wire, said = pair.protocol.transport.sendto, []

        def note(data, addr):
            said.append(data)
            wire(data, addr)

        pair.protocol.transport.sendto = note
        send = transport._send_rtp

        async def corrupt(data):
            # Well encrypted nonsense, as a broken browser sends it: pictures that are none.
            if dice.random() < 0.3 and 200 <= data[1] < 208:
                data = data[:8] + dice.randbytes(len(data) - 8)
            elif dice.random() < 0.3:
                data = b"\x80" + data[1:12] + dice.randbytes(dice.randrange(1, 40))
            await send(data)

        transport._send_rtp = corrupt
        # Streams that nobody announced, and reports that are none.
        for _ in range(150):
            body, ssrc = dice.randbytes(4 * dice.randrange(15)), dice.randbytes(4)
            kind = dice.choice((97, 98, 99, 0, 127))
            await send(bytes([0x80, kind]) + dice.randbytes(6) + ssrc + body)
            await send(bytes([0x80 | dice.randrange(32), dice.randrange(200, 208)])
                       + (len(body) // 4 + 1).to_bytes(2) + ssrc + body)
            await asyncio.sleep(0.005)
        transport._send_rtp = send
        # Everything once more, from her own address and from a stranger's.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for data in list(said):
                wire(data, pair.remote_addr)
                stranger.sendto(data, pair.remote_addr)
        before = seen.packets
        await until(lambda: seen.packets > before + 10)
        assert max(seen.steps) < 50, "numbers go on without a jump"
        assert mei.publisher.connectionState == "connected"
        await linh.say(type="stop")
        told = await linh.wait(lambda v: v.heard("recorded"))
        assert told["status"] == "ready"
        with server.database.reading() as session:
            tracks = {t["name"]: t for t in session.get(Recording, told["recording"]).tracks}
        folder = server.folder(told["recording"])
        assert decode(folder / tracks["Linh"]["file"])["pictures"], "the other's is whole"
        with av.open(str(folder / tracks["Mei"]["file"])) as container:
            assert sum(1 for _packet in container.demux()) > 50
        log = server.log()
        assert "Traceback" not in log and "exception" not in log, log
    finally:
        await asyncio.gather(linh.close(), mei.close())
        server.stop()


async def test_an_offer_whose_answer_is_never_used_ends_by_itself(house, room, monkeypatch):
    page = await offered(Tone())
    await room.publish(room.teacher, clean(page.localDescription.sdp.encode()))
    await room.tick()
    assert room.teacher.publisher is not None and house.port.peers == 1
    monkeypatch.setattr(peer_module, "CONNECT_TIMEOUT", 0.1)
    await asyncio.sleep(0.15)
    await room.tick()
    assert room.teacher.publisher is None and house.port.peers == 0
    await page.close()


async def test_people_are_told_when_a_publisher_sends_nothing_any_more(room, monkeypatch):
    monkeypatch.setattr(seat_module, "SILENT_AFTER", 0.3)
    page = await offered(Tone(), Picture())
    answer = await room.publish(room.teacher, clean(page.localDescription.sdp.encode()))
    await page.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def silent() -> bool:
        return room.state(room.teacher)["people"][0]["silent"]

    async def ticked(expected: bool) -> None:
        async with asyncio.timeout(5):
            while silent() is not expected:
                await asyncio.sleep(0.05)
                await room.tick()

    await until(lambda: room.teacher.sources["video"].ssrc)
    await ticked(False)
    senders = page.getSenders()
    tracks = [sender.track for sender in senders]
    for sender in senders:
        sender.replaceTrack(None)
    await ticked(True)
    assert room.teacher.publisher.connectionState == "connected"
    for sender, track in zip(senders, tracks, strict=True):
        sender.replaceTrack(track)
    await ticked(False)
    await page.close()


async def test_a_page_that_never_reads_holds_up_nobody_and_takes_little(room):
    class Page:
        told = 0

        async def send_json(self, message) -> None:
            self.told += 1

        async def close(self, *why) -> None: ...

    class Deaf(Page):
        async def send_json(self, message) -> None:
            await asyncio.Event().wait()

    deaf, other = Client(Deaf()), Client(page := Page())
    guest = await room.enter(Pass(room.name, "mei", "Mei", False, "en", "m1", None))
    room.listen(guest, deaf)
    room.listen(room.teacher, other)
    pumps = [asyncio.create_task(deaf.pump(room, guest)),
             asyncio.create_task(other.pump(room, room.teacher))]
    for _ in range(200):
        room.changed()
        room.tell("disk-full", "The recording runs already.")
        await asyncio.sleep(0)
    await until(lambda: page.told > WAITING // 2)
    assert len(deaf._messages) <= WAITING
    for pump in pumps:
        pump.cancel()
    await asyncio.gather(*pumps, return_exceptions=True)


async def test_a_clock_that_was_set_back_makes_no_recording_shorter(house, room):
    with house.database.session() as session:
        row = recordings.start(session, rooms.get(session, room.name), purpose="p", days=1)
        made = recordings.finish(session, row.id, status="ready", duration=90.0, size=1,
                                 tracks=[], reason="server-stopped").id
        session.get(Recording, made).started = utcnow() + timedelta(hours=1)
    row, begun = room._open_row(made)
    assert (row.id, begun) == (made, 90.0)
