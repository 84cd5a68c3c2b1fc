"""Eight hours of one room in a few seconds: the clock runs fast, everything else is real."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from types import SimpleNamespace

from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpSendParameters
from aiortc.rtp import RtpPacket

from coteach.live.forward import MID_URI, ForwardSender
from coteach.live.house import House
from coteach.live.ingest import MOST_STREAMS, IngestReceiver
from coteach.live.seat import Pass
from coteach.store import Database, rooms
from coteach.store.schema import Person

HOURS = 8
SPEED = 3
"""Packets of picture a second."""
CODEC = RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90000, payloadType=96)


class Clock:
    """Stands for the time module."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    time = monotonic


class Page:
    """An events socket that takes everything and keeps nothing."""

    def changed(self) -> None: ...

    def send(self, message) -> None: ...

    def replace(self) -> None: ...


class Wire:
    """A transport without a line: keeps the last packet and counts what does not follow on it."""

    def __init__(self) -> None:
        self.packets, self.jumps, self.last = 0, 0, None
        pair = SimpleNamespace(remote_addr=("127.0.0.1", 9), protocol=SimpleNamespace(
            transport=SimpleNamespace(send=self._take)))
        self.transport = SimpleNamespace(_connection=SimpleNamespace(_nominated={1: pair}))
        self._tx_srtp = SimpleNamespace(protect=bytes)

    def _take(self, data, to) -> None:
        number, at = int.from_bytes(data[2:4]), int.from_bytes(data[4:8])
        if self.last is not None:
            step = (at - self.last[1]) & 0xFFFFFFFF
            self.jumps += (number - self.last[0]) & 0xFFFF != 1 or not 0 < step < 90000
        self.last, self.packets = (number, at), self.packets + 1

    def _register_rtp_sender(self, sender, parameters) -> None: ...

    def _unregister_rtp_sender(self, sender) -> None: ...

    def _register_rtp_receiver(self, receiver, parameters) -> None: ...

    def _unregister_rtp_receiver(self, receiver) -> None: ...

    async def _send_rtp(self, data) -> None: ...


async def viewer(source) -> ForwardSender:
    made = ForwardSender("video", Wire())
    made.source = source
    await made.send(RTCRtpSendParameters(codecs=[CODEC], muxId="0", headerExtensions=[
        SimpleNamespace(uri=MID_URI, id=1)]))
    return made


def packet(number: int) -> RtpPacket:
    # Both counters run over in the course of the day.
    made = RtpPacket(payload_type=96, sequence_number=(60000 + number) & 0xFFFF, ssrc=7, marker=1,
                     timestamp=(4_000_000_000 + number * 90000 // SPEED) & 0xFFFFFFFF)
    made.payload = bytes([0x10, 0 if number % 30 == 0 else 1]) + b"x" * 30
    return made


def held() -> tuple[int, int, int]:
    """Return how many pieces of memory, tasks and open files there are."""
    gc.collect()
    return sys.getallocatedblocks(), len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd"))


async def test_a_room_of_eight_hours_ends_as_it_began(settings, monkeypatch):
    clock = Clock()
    for name in ("room", "seat", "house", "source", "forward", "ingest"):
        monkeypatch.setattr(f"coteach.live.{name}.time", clock)
    database = Database.of(settings)
    database.migrate()
    house = House(settings.__class__(data=settings.data, media_port=0), database)
    await house.open()
    with database.session() as session:
        person = Person(username="linh", display_name="Linh", role="teacher")
        session.add(person)
        session.flush()
        name = rooms.own(session, person, "m1").name
    room = house.room(name)
    teacher = await room.enter(Pass(name, person.id, "Linh", True, "en", "m1", None))
    room.listen(teacher, Page())
    ingest = IngestReceiver("video", Wire())
    await ingest.receive(SimpleNamespace(codecs=[CODEC], encodings=[]))
    faithful = await viewer(ingest.source)
    marks, number = [], 0
    try:
        for second in range(HOURS * 3600):
            clock.now += 1
            for _ in range(SPEED):
                # One of a hundred is late, as after a repair.
                order = (number + 1, number) if number % 100 == 98 else (number,)
                if number % 100 != 99:
                    for each in order:
                        await ingest._handle_rtp_packet(packet(each), int(clock.now * 1000))
                number += 1
            if second % 10 == 0:
                await house._tick()
            if second % 300 == 0:  # somebody comes, looks on, and goes in one of two ways
                holder = Pass(name, f"guest-{second}", "Guest", False, "en", "m1", None)
                guest = await room.enter(holder)
                page = Page()
                room.listen(guest, page)
                watching = await viewer(ingest.source)
                room.state(guest)
            elif second % 300 == 200:
                await watching.stop()
                if second % 600 == 200:
                    await room.leave(guest)
                else:
                    room.unlisten(guest, page)
            if second % 3600 == 3599:
                assert set(room.seats) == {teacher.id}
                marks.append(held())
        first, last = marks[0], marks[-1]
        print("memory blocks, tasks, files after each hour:", marks)
        assert last[1:] == first[1:]
        assert last[0] - first[0] < 500, "what an hour takes is given back"
        sent = faithful.transport
        assert sent.packets == number and ingest.missing.given_up == 0
        assert not ingest.missing.waiting
        # Two jumps for each packet that overtook another, and none where a counter ran over.
        assert sent.jumps <= 3 * (number // 100)

        # A stream made up anew with each packet takes no more room than a few.
        for ssrc in range(100, 1100):
            made = packet(number)
            made.ssrc = ssrc
            await ingest._handle_rtp_packet(made, int(clock.now * 1000))
        assert len(ingest._streams) == MOST_STREAMS >= len(ingest._reports)
    finally:
        await faithful.stop()
        await ingest.stop()
        await house.close()
        database.close()
