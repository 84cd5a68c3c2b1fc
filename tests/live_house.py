"""The live server's rooms in this process, without its sockets; peers that have an offer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection

from coteach.live.house import House
from coteach.live.room import Room
from coteach.live.seat import Pass, Seat
from coteach.store import Database, rooms
from coteach.store.schema import Person


@asynccontextmanager
async def open_house(settings) -> AsyncIterator[House]:
    """Have a house with a database of its own."""
    database = Database.of(settings)
    database.migrate()
    made = House(settings.__class__(data=settings.data, media_port=0), database)
    await made.open()
    yield made
    await made.close()
    database.close()


async def entered(house: House) -> tuple[Room, Seat]:
    """Return a teacher's own room and her seat in it."""
    with house.database.session() as session:
        person = Person(username="linh", display_name="Linh", role="teacher")
        session.add(person)
        session.flush()
        name = rooms.own(session, person, "m1").name
    room = house.room(name)
    return room, await room.enter(Pass(name, person.id, "Linh", True, "en", "m1", None))


async def offered(*tracks) -> RTCPeerConnection:
    """Return a browser's side of a connection, with its offer."""
    made = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    for track in tracks:
        made.addTrack(track)
    await made.setLocalDescription(await made.createOffer())
    return made
