"""What happened in live rooms besides media: kept as it happens, read when a room opens again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from coteach.store.schema import RoomEvent


def keep(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    """Add rows (columns of `RoomEvent`); a text that was taken away goes out of its row too."""
    for row in rows:
        session.add(RoomEvent(**row))
        session.flush()
        if row["verb"] == "chat-remove":
            said = session.scalar(select(RoomEvent).where(
                RoomEvent.room == row["room"], RoomEvent.number == row["value"]["of"]))
            if said is not None:
                said.value = {"name": said.value.get("name", ""), "removed": True}


def since(session: Session, room: str, moment: datetime) -> list[RoomEvent]:
    """Return what happened in a room since a moment, in order."""
    return list(session.scalars(select(RoomEvent).where(
        RoomEvent.room == room, RoomEvent.at >= moment).order_by(RoomEvent.number)))


def last_number(session: Session, room: str) -> int:
    """Return the number of what happened last in a room, 0 when nothing did."""
    return session.scalar(select(RoomEvent.number).where(RoomEvent.room == room).order_by(
        RoomEvent.number.desc()).limit(1)) or 0


def forget_old(session: Session, now: datetime) -> None:
    """Delete everything whose date is over."""
    session.execute(delete(RoomEvent).where(RoomEvent.delete_after < now))
