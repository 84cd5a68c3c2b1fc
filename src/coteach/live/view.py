"""What one person may know about a room; in a webcast each classroom sees the stage and herself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from coteach.live.acts import Who
from coteach.live.adapting import SMALL
from coteach.live.floor import WEBCAST
from coteach.live.seat import Seat

if TYPE_CHECKING:
    from coteach.live.room import Room


def who(seat: Seat) -> Who:
    """Return who acts from a seat."""
    holder = seat.holder
    return Who(seat.id, holder.name, holder.owner, holder.helps)


def state(room: Room, reader: Seat) -> dict[str, Any]:
    """Return the room as one person sees it."""
    recording, floor = room.recording, room.floor
    reads = who(reader)
    return {
        "type": "state", "you": reader.id, "room": room.name,
        "people": [_person(room, seat) for seat in room.seats.values()
                   if _listed(room, seat, reader, reads)],
        "present": sum(s.present for s in room.seats.values() if not s.holder.shared),
        "channels": [{"seat": s.id, "language": language, "publication": _publication(s)}
                     for place, language in floor.stage.channels.items()
                     if (s := room.seats.get(place)) is not None],
        **floor.shown(reads, time.time()),
        "recording": {
            "id": recording.id, "seconds": round(recording.elapsed, 2),
            "stops_in": room.stops_in} if recording is not None else None,
        "saving": room.saving,
    }


def _publication(seat: Seat) -> str:
    peer = seat.publisher
    return seat.publication if peer is not None and peer.connectionState == "connected" else ""


def _listed(room: Room, seat: Seat, reader: Seat, reads: Who) -> bool:
    if seat.holder.shared and seat.publisher is None:
        return False
    if room.floor.kind != WEBCAST or reads.leads or seat is reader:
        return True
    return who(seat).leads or seat.holder.shared or room.floor.stage.on(seat.id)


def _person(room: Room, seat: Seat) -> dict[str, Any]:
    recording, stage = room.recording, room.floor.stage
    interprets = seat.id in stage.channels and not stage.on(seat.id)
    return {
        "seat": seat.id, "name": seat.holder.name, "owner": seat.holder.owner,
        "leads": who(seat).leads, "here": seat.present, "consent": seat.consent,
        "stage": who(seat).leads or stage.on(seat.id), "muted": seat.id in stage.muted,
        # An interpreter is heard by who chooses her channel, not by everybody.
        "publication": "" if interprets else _publication(seat),
        "silent": seat.silent, "media": sorted(set(seat.sources) - {SMALL}),
        "recorded": recording is not None and recording.includes(seat.holder.person),
    }
