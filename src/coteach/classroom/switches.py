"""The teacher's side of what pupils may send and see: `/c/teach/SESSION/allow` and `…/photos/…`."""

from __future__ import annotations

import asyncio

from sqlalchemy.orm import Session

from coteach.classroom import allowed, media
from coteach.classroom.teaching import TeacherHandler
from coteach.store import classes
from coteach.store.schema import NameCard


class Allow(TeacherHandler):
    """`/c/teach/SESSION/allow`: photos, or the result of a poll, on or off."""

    async def post(self, session_id: str) -> None:
        """Store her decision and tell the class's pages."""
        thing, on = self.get_body_argument("thing", ""), bool(self.get_body_argument("on", ""))

        def do(session: Session) -> None:
            row = self.my_session(session, session_id)
            classes.require_open(row)
            allowed.switch(session, row, self.person.id, thing, on)
        await self.change(do)
        self.room.live.changed(session_id)
        self.set_status(204)


class PhotoHandler(TeacherHandler):
    """What the two below share."""

    async def card(self, session_id: str, card_id: str) -> NameCard:
        """Return a card of a class of hers."""
        return await self.read(lambda s: classes.card_of(
            s, self.my_session(s, session_id), card_id))


class Photo(PhotoHandler):
    """`/c/teach/SESSION/photos/CARD/ID`: a pupil's photo, for her class's teacher only."""

    async def get(self, session_id: str, card_id: str, name: str) -> None:
        """Answer with it."""
        card = await self.card(session_id, card_id)
        data = await asyncio.to_thread(
            media.read, self.room.settings.layout, session_id, card.pseudonym, name)
        self.set_header("Content-Type", "image/jpeg")
        self.finish(data)


class DeletePhoto(PhotoHandler):
    """`/c/teach/SESSION/photos/CARD/ID/delete`."""

    async def post(self, session_id: str, card_id: str, name: str) -> None:
        """Delete it for good."""
        card = await self.card(session_id, card_id)
        await asyncio.to_thread(
            media.delete, self.room.settings.layout, session_id, card.pseudonym, name)
        self.room.live.changed(session_id)
        self.set_status(204)
