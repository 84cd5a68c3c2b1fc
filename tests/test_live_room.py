"""What a room does when the disk is full, and what it takes with it when it closes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import pytest
from aiortc import RTCSessionDescription
from live_house import entered, offered, open_house
from live_peers import Picture, Tone

from coteach.errors import Conflict, StorageFull
from coteach.live import recording
from coteach.live import room as room_module
from coteach.live.offers import clean
from coteach.live.seat import Pass, Seat
from coteach.store import recordings, rooms
from coteach.store.schema import Person, Recording


class Listener:
    """An events socket that keeps what it was told."""

    def __init__(self):
        self.told = []
        self.recorded = asyncio.Event()

    def changed(self):
        pass

    def replace(self):
        pass

    def send(self, message):
        self.told.append(message)
        if message["type"] == "recorded":
            self.recorded.set()


@pytest.fixture
async def house(settings):
    async with open_house(settings) as made:
        yield made


async def teacher(house):
    """A teacher who is in her room, seen, and agreed to be recorded."""
    room, seat = await entered(house)
    listener = Listener()
    room.listen(seat, listener)
    await room.consent(seat, True)
    peer = await offered(Tone(), Picture())
    answer = await room.publish(seat, clean(peer.localDescription.sdp.encode()))
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    return room, seat, listener, peer


async def test_a_full_disk_ends_the_recording_keeps_it_and_the_room_goes_on(house, monkeypatch):
    room, seat, listener, peer = await teacher(house)
    await room.start_recording(seat)
    made = room.recording.id
    await asyncio.sleep(2.5)
    monkeypatch.setattr(recording, "MIN_FREE", 1 << 60)
    await asyncio.wait_for(listener.recorded.wait(), 5)
    assert [m["code"] for m in listener.told if m["type"] == "notice"] == ["disk-full"]
    with house.database.reading() as session:
        row = session.get(Recording, made)
        assert (row.status, row.reason) == ("ready", "disk-full") and row.duration > 1
    assert seat.publisher.connectionState == "connected"
    with pytest.raises(StorageFull):
        await room.start_recording(seat)
    await peer.close()


async def test_a_recording_without_its_teacher_ends_after_a_while(house, monkeypatch):
    monkeypatch.setattr(room_module, "OWNER_GRACE", 1.0)
    room, seat, listener, peer = await teacher(house)
    await room.start_recording(seat)
    made = room.recording.id
    await asyncio.sleep(1.5)
    room.unlisten(seat, listener)
    await room.unpublish(seat)
    other = Listener()
    seat.listener, room._owner_left = None, None
    room.seats["watcher"] = watcher = Seat(Pass(room.name, "mei", "Mei", False, "vi", "m1", None))
    watcher.listener = other
    await room.tick()
    assert room.state(watcher)["recording"]["stops_in"] <= 1
    await asyncio.wait_for(other.recorded.wait(), 8)
    with house.database.reading() as session:
        row = session.get(Recording, made)
        assert (row.status, row.reason) == ("ready", "page-closed")
    await peer.close()


class Hesitant:
    """A store whose first writer is held up before it begins."""

    def __init__(self, database):
        self._database, self._calls = database, 0

    @contextlib.contextmanager
    def session(self):
        self._calls += 1
        if self._calls == 1:
            time.sleep(0.4)
        with self._database.session() as session:
            yield session


async def test_the_files_of_two_who_begin_at_once_are_both_noted(house):
    with house.database.session() as session:
        person = Person(username="linh", display_name="Linh", role="teacher")
        session.add(person)
        session.flush()
        row = recordings.start(session, rooms.own(session, person, "m1"), purpose="p", days=1)
    made = recording.PracticeRecording(Hesitant(house.database), house.settings.layout, row,
                                       begun=0, on_failure=lambda reason: None)
    made._note("linh", "Linh", Path("1-1.part.webm"), 0.0)
    await asyncio.sleep(0.05)
    made._note("mei", "Mei", Path("2-1.part.webm"), 0.02)
    await asyncio.gather(*made._saving)
    with house.database.reading() as session:
        assert [t["name"] for t in session.get(Recording, row.id).tracks] == ["Linh", "Mei"]


async def test_a_full_room_says_so_and_a_left_one_leaves_nothing(house, monkeypatch):
    room, seat, _listener, peer = await teacher(house)
    monkeypatch.setattr(room_module, "MAX_SEATS", 1)
    with pytest.raises(Conflict):
        await room.enter(Pass(room.name, "other", "Mei", False, "vi", "m1", None))
    assert house.port.peers == 1
    await room.leave(seat)
    assert room.empty and house.port.peers == 0
    await peer.close()
