"""The name cards of a class, `/c/teach/class/…`: adding them, their secrets, their devices.

Whatever the teacher changes about a secret or a device leaves an event with her name on it.
"""

from __future__ import annotations

import asyncio
import re
import sys
import uuid
from typing import Any

from sqlalchemy.orm import Session

from coteach.classroom import media
from coteach.classroom.pictures import known, pictures
from coteach.classroom.teaching import TeacherHandler
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.store import cards, classes, events
from coteach.store.schema import NameCard, SchoolClass

REMOVED = "card-removed"
_SESSION = re.compile(r"[0-9a-f-]{36}")


class Cards(TeacherHandler):
    """`/c/teach/class/ID`: the name cards of a class."""

    async def get(self, class_id: str) -> None:
        """Show them."""
        await self._cards(class_id, None, "")

    async def post(self, class_id: str) -> None:
        """Add one."""
        nickname = self.get_body_argument("nickname", "")
        picture = known(self.get_body_argument("picture", ""))
        try:
            await self.change(lambda s: classes.add_card(
                s, self.my_class(s, class_id), nickname=nickname, picture=picture))
        except UserError as error:
            await self._cards(class_id, error, nickname)
            return
        self.redirect(f"/c/teach/class/{class_id}", status=303)

    async def _cards(self, class_id: str, error: UserError | None, typed: str) -> None:
        school_class = await self.read(lambda s: self.my_class(s, class_id))
        found = await self.read(lambda s: classes.cards(s, class_id))
        taken = {card.picture for card in found}
        free = [name for name in pictures() if name not in taken] or list(pictures())
        self.show("class_cards.html", error.status if error else 200, school_class=school_class,
                  error=error, typed=typed, words=pictures(), suggested=free[0],
                  cards=[about(card) for card in found])


class Secrets(TeacherHandler):
    """`/c/teach/class/ID/secrets`: whether cards open to three pictures."""

    async def post(self, class_id: str) -> None:
        """Switch it."""
        wanted = self.get_body_argument("secrets", "") == "on"

        def do(session: Session) -> None:
            school_class = self.my_class(session, class_id)
            school_class.secrets = wanted
            noted(session, self.person.id, school_class,
                  "secrets-on" if wanted else "secrets-off")
        await self.change(do)
        await self.tell(class_id)
        self.redirect(f"/c/teach/class/{class_id}", status=303)


class Card(TeacherHandler):
    """`/c/teach/class/ID/card/ID`: one card."""

    async def get(self, class_id: str, card_id: str) -> None:
        """Show what can be done about it."""
        await self._card(class_id, card_id, None)

    async def post(self, class_id: str, card_id: str) -> None:
        """Do it."""
        what = self.get_body_argument("do", "")
        secret = ""
        if what == "choose":
            picks = [name for name in self.get_body_arguments("pick") if name in pictures()]
            try:
                secret = await asyncio.to_thread(cards.hashed, picks)
            except UserError as error:
                await self._card(class_id, card_id, error)
                return
        elif what == "rename":
            await self._rename(class_id, card_id)
            return
        elif what not in ("again", "reset", "sign-out"):
            raise UserError(_("This request could not be understood."))

        def do(session: Session) -> tuple[NameCard, list[str]]:
            school_class = self.my_class(session, class_id)
            card = classes.card_in(session, class_id, card_id)
            if what == "again":
                card.tries = 0
            elif what == "sign-out":
                cards.sign_out(card)
            else:
                cards.set_secret(card, secret)
            noted(session, self.person.id, school_class, f"card-{what}", card)
            return card, [row.id for row in classes.open_sessions(session, class_id)]
        card, sessions = await self.change(do)
        if what == "sign-out":
            await self.room.signed_out(card, sessions)
        await self.tell(class_id)
        back = self.get_body_argument("back", "")
        self.redirect(f"/c/teach/{back}" if _SESSION.fullmatch(back)
                      else f"/c/teach/class/{class_id}", status=303)

    async def _rename(self, class_id: str, card_id: str) -> None:
        nickname = self.get_body_argument("nickname", "")
        picture = known(self.get_body_argument("picture", ""))

        def do(session: Session) -> None:
            self.my_class(session, class_id)
            classes.rename_card(session, classes.card_in(session, class_id, card_id),
                                nickname=nickname, picture=picture)
        try:
            await self.change(do)
        except UserError as error:
            if error.code not in ("bad-nickname", "same-nickname"):
                raise
            await self._card(class_id, card_id, error, typed=nickname)
            return
        await self.tell(class_id)
        self.redirect(f"/c/teach/class/{class_id}", status=303)

    async def _card(self, class_id: str, card_id: str, error: UserError | None,
                    typed: str | None = None) -> None:
        school_class = await self.read(lambda s: self.my_class(s, class_id))
        card = await self.read(lambda s: classes.card_in(s, class_id, card_id))
        self.show("class_card.html", error.status if error else 200, school_class=school_class,
                  card=about(card), words=pictures(), error=error, typed=typed)


class Remove(TeacherHandler):
    """`/c/teach/class/ID/card/ID/remove`."""

    async def get(self, class_id: str, card_id: str) -> None:
        """Ask whether she is sure, and say what happens to the answers."""
        def ask(session: Session) -> tuple[SchoolClass, NameCard, int]:
            card = classes.card_in(session, self.my_class(session, class_id).id, card_id)
            return (classes.get(session, class_id), card,
                    sum(events.sessions_of(session, card.pseudonym).values()))
        school_class, card, answers = await self.read(ask)
        self.show("remove_card.html", school_class=school_class, card=about(card),
                  words=pictures(), answers=answers)

    async def post(self, class_id: str, card_id: str) -> None:
        """Remove it; a pupil who is in with it is back at the cards."""
        forget = self.get_body_argument("answers", "keep") == "delete"

        def do(session: Session) -> tuple[NameCard, list[str], list[str]]:
            school_class = self.my_class(session, class_id)
            card = classes.card_in(session, class_id, card_id)
            answered = list(events.sessions_of(session, card.pseudonym))
            noted(session, self.person.id, school_class, REMOVED, card)
            classes.remove_card(session, card)
            if forget:
                events.forget(session, card.pseudonym)
            return card, answered, [row.id for row in classes.open_sessions(session, class_id)]
        card, answered, sessions = await self.change(do)
        # Photos go with the card in any case: nobody could look at them any more.
        for session_id in {*answered, *sessions}:
            await asyncio.to_thread(
                media.delete, self.room.settings.layout, session_id, card.pseudonym)
        card.round += 1
        await self.room.signed_out(card, sessions)
        await self.tell(class_id)
        self.redirect(f"/c/teach/class/{class_id}", status=303)


def about(card: NameCard) -> dict[str, Any]:
    """Return what a teacher's page says about a card; never its pictures, which nobody has."""
    return {"id": card.id, "nickname": card.nickname, "picture": known(card.picture),
            "secret": bool(card.secret), "waits": cards.waits(card)}


def noted(session: Session, person: str, school_class: SchoolClass, verb: str,
          card: NameCard | None = None) -> None:
    """Keep that a teacher did something about secrets or devices."""
    row = next(iter(classes.open_sessions(session, school_class.id)), None)
    events.append(session, [{
        "id": str(uuid.uuid4()), "actor": person, "session": row.id if row else "",
        "lesson": "", "lesson_version": "", "cell": "", "verb": verb,
        "value": {"class": school_class.id,
                  **({"card": card.id, "pseudonym": card.pseudonym} if card else {})},
        "client_time": None, "client_seq": 0, "demo": school_class.demo}])


def removed(session: Session) -> dict[str, int]:
    """Return the pseudonyms of cards that were removed while their class is open, as rounds.

    A pass of such a card is over, though there is no card any more that could say so.
    """
    return {str(event.value["pseudonym"]): sys.maxsize
            for session_id in classes.open_now(session)
            for event in events.read(session, session_id=session_id, verbs=[REMOVED])}
