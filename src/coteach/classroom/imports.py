"""Answers that pupils gave without a server come in as files: `/c/teach/SESSION/import`.

Rule: a file is believed no more than a browser: each answer goes through the checks of `answers`.
An answer has the id that the pupil's device gave it and is stored once however often its file
comes. Where a pupil answered the same question before, the file's answer is received later and so
it counts; both stay, and the teacher is shown which these are. Whose answers a file holds is said
by its name card, if this class has it, and by the teacher otherwise.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from coteach.classroom import allowed, answers, live, media, results
from coteach.classroom.lessons import Outlines
from coteach.classroom.teaching import TeacherHandler
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.settings import Layout
from coteach.store import classes, events
from coteach.store.schema import ClassSession, Event, NameCard

MOST_BYTES = 8_000_000
"""Of all files together."""
MOST_FILES = 60
MOST_EVENTS = 3000
FORMAT = "coteach-answers"


@dataclass(frozen=True)
class AnswerFile:
    """A file as a pupil's page without a server writes it."""

    lesson: str
    nickname: str
    card: str
    """Id of her name card; empty when she typed a name."""
    events: list[dict[str, Any]]
    media: dict[str, bytes]


@dataclass(frozen=True)
class Taken:
    """What became of one file."""

    nickname: str
    new: int
    known: int
    """Answers that had come before."""
    replaced: list[dict[str, str]]
    """Questions answered before otherwise: ``question``, ``before``, ``now``."""
    photos_left_out: bool = False


def _wrong(reason: str) -> UserError:
    return UserError(_("This is no file of answers: {reason}.").format(reason=reason),
                     hint=_("Choose the file that the lesson's page has saved."),
                     code="no-answer-file")


def parse(data: bytes | str) -> AnswerFile:
    """Read a file.

    Raises
    ------
    UserError
        It is none, or one of a newer coteach.
    """
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        raise _wrong("JSON") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise _wrong(_("it was not saved by a lesson"))
    if raw.get("version") != 1:
        raise _wrong(_("a newer coteach has written it"))
    pupil, lesson = raw.get("pupil"), raw.get("lesson")
    if not isinstance(pupil, dict) or not isinstance(lesson, str):
        raise _wrong("pupil")
    listed, pictures = raw.get("events"), raw.get("media", {})
    if not isinstance(listed, list) or not isinstance(pictures, dict) or not all(
            isinstance(event, dict) for event in listed):
        raise _wrong("events")
    if not 0 < len(listed) <= MOST_EVENTS:
        raise _wrong(_("it holds no answers, or too many"))
    nickname = "".join(c for c in str(pupil.get("nickname", "")) if c.isprintable())[:40].strip()
    try:
        photos = {str(name): base64.b64decode(str(text), validate=True)
                  for name, text in pictures.items()}
    except (binascii.Error, ValueError):
        raise _wrong("media") from None
    return AnswerFile(lesson, nickname, str(pupil.get("card") or ""), listed, photos)


def card_for(file: AnswerFile, cards: list[NameCard]) -> tuple[NameCard | None, bool]:
    """Return the card that a file means, and whether that is sure (its id, not only its name)."""
    for card in cards:
        if file.card and card.id == file.card:
            return card, True
    name = file.nickname.casefold()
    return next((c for c in cards if c.nickname.casefold() == name), None), False


def take(session: Session, row: ClassSession, card: NameCard, file: AnswerFile,
         outlines: Outlines, outline: list[dict[str, Any]], layout: Layout) -> Taken:
    """Store a file's answers for a pupil of a class session.

    Raises
    ------
    UserError
        It is of another lesson, or an answer in it can't be one.
    """
    if file.lesson != row.lesson:
        raise UserError(_("This file is of another lesson ({lesson}).").format(lesson=file.lesson),
                        hint=_("Take it in where that lesson was held."), code="other-lesson")
    wanted = [answers.checked(event, card.pseudonym, row) for event in file.events]
    answers.require_asked(wanted, outlines, row)
    before = results.newest(events.read(session, session_id=row.id, actor=card.pseudonym,
                                        verbs=["answered"]))
    there = set(session.scalars(select(Event.id).where(
        Event.id.in_([event["id"] for event in wanted]))))
    kept, left_out = [], False
    photos = allowed.photos(session, row.id)
    for event in wanted:
        name = event["value"]["answer"].get("media")
        if name and event["id"] not in there:
            if name not in file.media or not photos:
                left_out = True
                continue
            media.keep(layout, row.id, card.pseudonym, name, file.media[name])
        kept.append(event)
    new = events.append(session, kept)
    asked = {(q["cell"], q.get("key", "")): q for q in outline}
    now = {(e["cell"], e["value"]["key"]): e for e in kept if e["id"] in new}
    replaced = []
    for place, event in now.items():
        old = before.get(place, {}).get(card.pseudonym)
        if old is not None and old.value != event["value"]:
            question = asked.get(place, {})
            replaced.append({
                "question": question.get("prompt") or place[1] or place[0],
                "before": results.words_of(old.value, question),
                "now": results.words_of(event["value"], question)})
    return Taken(card.nickname, len(new), len(wanted) - len(new) - int(left_out), replaced,
                 left_out)


class Import(TeacherHandler):
    """`/c/teach/SESSION/import`: choose files, say whose they are, see what came in."""

    most_body = MOST_BYTES

    async def get(self, session_id: str) -> None:
        """Ask for the files."""
        await self._page(session_id)

    async def post(self, session_id: str) -> None:
        """Take in what can be taken; ask whose the other files are."""
        row = await self.read(lambda s: self.my_session(s, session_id))
        cards = await self.read(lambda s: classes.cards(s, row.class_id))
        outline = await self.read(lambda s: live.outline_of(self.room, row, self.language))
        texts = [(item.filename, item.body.decode("utf-8", "replace"), "")
                 for item in self._files()]
        names = self.get_body_arguments("name", strip=False)
        chosen = self.get_body_arguments("card")
        texts += list(zip(names, self.get_body_arguments("text", strip=False), chosen,
                          strict=False))
        done: list[Taken] = []
        problems: list[dict[str, Any]] = []
        asking: list[dict[str, Any]] = []
        for name, text, card_id in texts[:MOST_FILES]:
            try:
                file = parse(text)
                card, sure = card_for(file, cards)
                if card_id:
                    card, sure = next((c for c in cards if c.id == card_id), None), True
                if card is None or not sure:
                    asking.append({"name": name, "text": text, "nickname": file.nickname,
                                   "count": len(file.events), "card": card.id if card else ""})
                    continue
                owner = card
                done.append(await self.change(lambda s, f=file, c=owner: take(  # type: ignore[misc]
                    s, self.my_session(s, session_id), c, f, self.room.outlines, outline,
                    self.room.settings.layout)))
            except UserError as error:
                problems.append({"name": name, "error": error})
        for name, _text, _card in texts[MOST_FILES:]:
            problems.append({"name": name, "error": UserError(_(
                "Only {n} files are taken in at once. Choose this one again.").format(
                    n=MOST_FILES))})
        if not texts:
            problems.append({"name": "", "error": UserError(_("No file was chosen."))})
        self.room.live.changed(session_id)
        await self._page(session_id, done=done, problems=problems, asking=asking)

    def _files(self) -> list[Any]:
        self.get_body_argument("none", "")  # reads the form
        return self.request.files.get("files", [])

    async def _page(self, session_id: str, **what: Any) -> None:
        row = await self.read(lambda s: self.my_session(s, session_id))
        cards = await self.read(lambda s: classes.cards(s, row.class_id))
        school_class = await self.read(lambda s: classes.get(s, row.class_id))
        self.show("import.html", row=row, cards=cards, school_class=school_class, **{
            "done": [], "problems": [], "asking": [], **what})
