"""A name card opens: a tap, and three pictures where the class wants them; and the way out.

Rule: what a wrong try gets says nothing about which picture was right. Everything here is POST, so
no address that one pupil leaves behind in the browser leads another pupil anywhere.
"""

from __future__ import annotations

import asyncio
import uuid

from coteach.classroom.base import Handler
from coteach.classroom.entering import find
from coteach.classroom.guests import COOKIE, DAY, DOOR_COOKIE, NOBODY, PUPIL_COOKIE
from coteach.classroom.pictures import known, pictures
from coteach.errors import TooMany, sentences
from coteach.i18n import gettext as _
from coteach.i18n import ngettext
from coteach.store import cards, classes, events
from coteach.store.schema import ClassSession, NameCard

FEW_LEFT = 2
"""From so many tries left on a pupil is told how many there are."""


class TakeCard(Handler):
    """`/c/CODE/enter`: a card is chosen."""

    def get(self, code: str) -> None:
        """Show the cards: somebody loaded the page again or went back."""
        self.redirect(f"/c/{code.upper()}", status=303)

    async def post(self, code: str) -> None:
        """Give a pass for the card, once its pictures were shown."""
        row, school_class = await find(self, code)
        card_id = self.get_body_argument("card", "")
        card = await self.read(lambda s: classes.card_of(s, row, card_id))
        if not school_class.secrets or await self._opened(row, card):
            await self._enter(row, card)

    async def _opened(self, row: ClassSession, card: NameCard) -> bool:
        """Say whether the right pictures were shown; otherwise show what comes next."""
        picks = self._picks()
        if not card.secret:
            return await self._first(row, card, picks)
        if cards.waits(card):
            self._waiting(row)
            return False
        if len(picks) < cards.PICKS:
            self._ask(row, card, picks)
            return False
        try:
            self.room.wrong_secrets.check(self.address)
        except TooMany as error:
            self._ask(row, card, [], error.status, str(error))
            return False
        if not await self.change(lambda s: cards.count_try(s, card.id)):
            self._waiting(row)
            return False
        if await asyncio.to_thread(cards.matches, card.secret, picks):
            await self.change(lambda s: cards.was_right(s, card.id))
            return True
        await self._wrong(row, card)
        return False

    async def _wrong(self, row: ClassSession, card: NameCard) -> None:
        self.room.wrong_secrets.wrong(self.address)
        now = await self.read(lambda s: classes.card_of(s, row, card.id))
        if cards.waits(now):
            self.room.live.changed(row.id)
            self._waiting(row)
            return
        left = cards.MOST_TRIES - now.tries
        problem = sentences(
            _("These are not the three pictures of this card."),
            _("Their order counts. If you don't remember them, ask your teacher."))
        if left <= FEW_LEFT:
            problem = sentences(problem, ngettext(
                "You have {n} more try.", "You have {n} more tries.", left).format(n=left))
        self._ask(row, card, [], 403, problem)

    async def _first(self, row: ClassSession, card: NameCard, picks: list[str]) -> bool:
        picks = list(dict.fromkeys(picks))
        if len(picks) < cards.PICKS or not self.get_body_argument("keep", ""):
            self._ask(row, card, picks)
            return False
        secret = await asyncio.to_thread(cards.hashed, picks)
        if await self.change(lambda s: cards.first_secret(s, card.id, secret)):
            return True
        taken = await self.read(lambda s: classes.card_of(s, row, card.id))
        self._ask(row, taken, [], 409, _("Somebody has just chosen pictures for this card."))
        return False

    def _picks(self) -> list[str]:
        """Return the pictures tapped so far."""
        if self.get_body_argument("again", ""):
            return []
        names = [*self.get_body_argument("picks", "").split(), self.get_body_argument("pick", "")]
        return [name for name in names if name in pictures()][:cards.PICKS]

    def _ask(self, row: ClassSession, card: NameCard, picks: list[str], status: int = 200,
             problem: str = "") -> None:
        if problem and "application/json" in self.request.headers.get("Accept", ""):
            # The page's script says it without a load; everything else it leaves to the browser.
            self.set_status(status)
            self.finish({"problem": problem})
            return
        if not picks:
            # The Back button may bring this page again; one that shows pictures it may not.
            self.set_header("Cache-Control", "private, no-cache")
        self.show("secret.html", status, row=row, card=card, picture=known(card.picture),
                  words=pictures(), picks=picks, problem=problem, most=cards.PICKS,
                  choosing=not card.secret)

    def _waiting(self, row: ClassSession) -> None:
        self.show("waiting.html", 403, row=row)

    async def _enter(self, row: ClassSession, card: NameCard) -> None:
        """Give a pass; whoever was here before on this device is out."""
        await leave(self)
        value, seconds = self.room.guests.mint(row, card)
        await self.change(lambda s: events.append(s, [{
            "id": str(uuid.uuid4()), "actor": card.pseudonym, "session": row.id,
            "lesson": row.lesson, "lesson_version": row.lesson_version, "cell": "",
            "verb": "entered", "value": {}, "client_time": None, "client_seq": 0,
            "demo": row.demo}]))
        guest = self.room.guests.read(value)
        if guest is not None:
            self.room.guests.hear(guest)
            for name, text, closed in ((COOKIE, value, True), (PUPIL_COOKIE, guest.pupil, False)):
                self.set_cookie(name, text, path="/c/", httponly=closed, samesite="Lax",
                                secure=self.room.secure, max_age=int(seconds))
        self.room.live.changed(row.id)
        self.redirect(f"/c/{row.code}", status=303)


class Leave(Handler):
    """`/c/leave`: the device goes to somebody else."""

    async def post(self) -> None:
        """Take the pass away and show the cards again."""
        guest = self.guest
        await leave(self)
        row = await self.read(lambda s: s.get(ClassSession, guest.session)) if guest else None
        if row is not None:
            value, seconds = self.room.guests.mint_door(row.id)
            self.set_cookie(DOOR_COOKIE, value, path="/c/", httponly=True, samesite="Lax",
                            secure=self.room.secure, max_age=int(seconds))
        self.redirect(f"/c/{row.code}" if row else "/c/", status=303)


async def leave(handler: Handler) -> None:
    """End what the pupil before had on this device."""
    guest = handler.guest
    if guest is not None:
        handler.room.guests.forget(guest)
        await handler.room.pages.kernels.close_of(guest.visitor)
        handler.room.live.changed(guest.session)
    handler.clear_cookie(COOKIE, path="/c/")
    # Not cleared: pages that the Back button brings must learn that they are nobody's now.
    handler.set_cookie(PUPIL_COOKIE, NOBODY, path="/c/", samesite="Lax",
                       secure=handler.room.secure, max_age=int(DAY))
