"""Answers that pupils gave without a server come in as files: `/c/teach/SESSION/import`.

Rule: a file is believed no more than a browser: each answer goes through the checks of `answers`.
An answer has the id that the pupil's device gave it and is stored once however often its file
comes; of each question only the last one in a file counts. Whose answers a file holds is what the
teacher says; a name card in it only proposes one, since everybody in the class can write it. What
a pupil answered in the class stays hers: a file's answer takes its place only when the teacher says
so. Where another file answered before, the later one counts, both stay, and she is shown which.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from tornado.httputil import HTTPInputError, ParseBodyConfig, ParseMultipartConfig

from coteach.classroom import allowed, answers, live, media, results
from coteach.classroom.lessons import Outlines
from coteach.classroom.teaching import TeacherHandler
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.store import classes, events
from coteach.store.schema import ClassSession, Event, NameCard, SchoolClass

MOST_BYTES = 8_000_000
"""Of all files together."""
MOST_FILES = 60
MOST_EVENTS = 3000
MOST_QUESTIONS = 200
"""Different questions that a file may answer; a cell's own code may name some."""
FIELDS = 4
"""Fields of a file when it is sent again with what the teacher said."""
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
    held: list[dict[str, str]] = field(default_factory=list)
    """Questions that she answered in the class; the file's answers to them were not taken."""


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
        raise _wrong(_("it is damaged or another kind of file")) from None
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


def card_for(file: AnswerFile, cards: list[NameCard]) -> NameCard | None:
    """Return the card that a file proposes: the one it names, or one with its nickname."""
    name = file.nickname.casefold()
    return next((c for c in cards if file.card and c.id == file.card), None) or next(
        (c for c in cards if c.nickname.casefold() == name), None)


@dataclass(frozen=True)
class Ready:
    """A file whose answers were looked at and not stored yet."""

    card: NameCard
    new: list[dict[str, Any]]
    photos: dict[str, bytes]
    """Those that the answers name."""
    taken: Taken
    """What will have become of it."""


def last_ones(wanted: list[dict[str, Any]]) -> dict[results.Place, dict[str, Any]]:
    """Return the last answer to each question; raises UserError when there are too many."""
    last = {(event["cell"], event["value"]["key"]): event
            for event in sorted(wanted, key=lambda event: event["client_seq"])}
    if len(last) > MOST_QUESTIONS:
        raise _wrong(_("it holds no answers, or too many"))
    return last


def look(session: Session, row: ClassSession, card: NameCard, file: AnswerFile,
         outlines: Outlines, outline: list[dict[str, Any]], instead: bool) -> Ready:
    """Return what a file would change for a pupil; nothing is stored here.

    Parameters
    ----------
    session, row, card, file
        Whose answers come into which class session.
    outlines, outline
        What the lesson asks.
    instead
        Whether the file's answers take the place of those that she gave in the class.

    Raises
    ------
    UserError
        It is of another lesson, or an answer in it can't be one.
    """
    if file.lesson != row.lesson:
        raise UserError(_("This file is of another lesson ({lesson}).").format(lesson=file.lesson),
                        hint=_("Take it in where that lesson was held."), code="other-lesson")
    try:
        wanted = [answers.checked(event, card.pseudonym, row) for event in file.events]
        answers.require_asked(wanted, outlines, row)
    except UserError as error:  # its hint is for a page
        raise UserError(error.message, status=error.status, code=error.code,
                        hint=_("Save the answers once more on the pupil's device.")) from None
    last = last_ones(wanted)
    before = {(event.cell, event.value.get("key", "")): event
              for event in events.newest(session, row.id, actor=card.pseudonym)}
    there = set(session.scalars(select(Event.id).where(
        Event.id.in_([event["id"] for event in last.values()]))))
    asked = {(q["cell"], q.get("key", "")): q for q in outline}
    allow = allowed.photos(session, row.id)
    new: list[dict[str, Any]] = []
    photos: dict[str, bytes] = {}
    replaced: list[dict[str, str]] = []
    held: list[dict[str, str]] = []
    known, left_out = 0, False
    for place, event in last.items():
        old, value = before.get(place), event["value"]
        said = {name: part for name, part in old.value.items() if name != "from"} if old else None
        name = value["answer"].get("media")
        if event["id"] in there or said == value:
            known += 1
            continue
        if name and not (allow and name in file.media):
            left_out = True
            continue
        if old is not None:
            question = asked.get(place, {})
            line = {"question": question.get("prompt") or place[1] or place[0],
                    "before": results.words_of(old.value, question),
                    "now": results.words_of(value, question)}
            if old.value.get("from") != events.FROM_FILE and not instead:
                held.append(line)
                continue
            replaced.append(line)
        if name:
            photos[name] = file.media[name]
        new.append({**event, "value": {**value, "from": events.FROM_FILE}})
    if events.more_than(session, row.id, card.pseudonym, answers.MOST_EACH - len(new),
                        from_file=True):
        raise UserError(_("That is more answers than one lesson needs."), code="too-many-answers")
    return Ready(card, new, photos, Taken(card.nickname, len(new), known, replaced,
                                          left_out, held))


class Import(TeacherHandler):
    """`/c/teach/SESSION/import`: choose files, say whose they are, see what came in."""

    # A file comes once more with what the teacher said of it, as text and a little longer.
    most_body = MOST_BYTES + MOST_BYTES // 4
    form_config = ParseBodyConfig(multipart=ParseMultipartConfig(
        max_parts=FIELDS * MOST_FILES + 10))

    async def get(self, session_id: str) -> None:
        """Ask for the files."""
        await self._page(session_id)

    async def post(self, session_id: str) -> None:
        """Take in what can be taken; ask whose the other files are."""
        row, cards, _class = await self.read(lambda s: self._here(s, session_id))
        outline = await asyncio.to_thread(live.outline_of, self.room, row, self.language)
        texts = [(item.filename, item.body.decode("utf-8", "replace"), "", "")
                 for item in self._files()]
        names = self.get_body_arguments("name", strip=False)
        chosen = self.get_body_arguments("card")
        decided = self.get_body_arguments("count")
        decided += [""] * (len(names) - len(decided))
        texts += list(zip(names, self.get_body_arguments("text", strip=False), chosen, decided,
                          strict=False))
        done: list[Taken] = []
        problems: list[dict[str, Any]] = []
        asking: list[dict[str, Any]] = []
        for name, text, card_id, which in texts[:MOST_FILES]:
            try:
                file = await asyncio.to_thread(parse, text)
                card = next((c for c in cards if c.id == card_id), None)
                about = {"name": name, "text": text, "nickname": file.nickname,
                         "count": len(file.events), "held": []}
                if card is None:
                    proposed = card_for(file, cards)
                    asking.append({**about, "card": proposed.id if proposed else ""})
                    continue
                taken = await self._take(row, card, file, outline, which == "file")
                done.append(taken)
                if taken.held and not which:
                    asking.append({**about, "card": card.id, "held": taken.held,
                                   "nickname": card.nickname})
            except UserError as error:
                problems.append({"name": name, "error": error})
        for name, *_rest in texts[MOST_FILES:]:
            problems.append({"name": name, "error": UserError(_(
                "Only {n} files are taken in at once. Choose this one again.").format(
                    n=MOST_FILES))})
        if not texts:
            problems.append({"name": "", "error": UserError(_("No file was chosen."))})
        self.room.live.changed(session_id)
        await self._page(session_id, done=done, problems=problems, asking=asking)

    async def _take(self, row: ClassSession, card: NameCard, file: AnswerFile,
                    outline: list[dict[str, Any]], instead: bool) -> Taken:
        """Look at a file, keep its photos, store its answers; only the last step holds the store.
        """
        ready = await self.read(lambda s: look(
            s, row, card, file, self.room.outlines, outline, instead))
        for name, data in ready.photos.items():
            await asyncio.to_thread(
                media.keep, self.room.settings.layout, row.id, card.pseudonym, name, data)

        def store(session: Session) -> None:
            self.my_session(session, row.id)
            classes.card_of(session, row, card.id)
            events.append(session, ready.new)
        if ready.new:
            await self.change(store)
        return ready.taken

    def unreadable(self, error: HTTPInputError) -> UserError:
        """Say how many files may come at once."""
        if "too many" not in str(error):
            return super().unreadable(error)
        return UserError(_("Only {n} files are taken in at once.").format(n=MOST_FILES),
                         hint=_("Choose fewer files."), status=413, code="too-many-files")

    def _files(self) -> list[Any]:
        self.get_body_argument("none", "")  # reads the form
        return self.request.files.get("files", [])

    def _here(self, session: Session, session_id: str
              ) -> tuple[ClassSession, list[NameCard], SchoolClass]:
        """Return her class session with its cards and its class; raises as `my_session` does."""
        row = self.my_session(session, session_id)
        return row, classes.cards(session, row.class_id), classes.get(session, row.class_id)

    async def _page(self, session_id: str, **what: Any) -> None:
        row, cards, school_class = await self.read(lambda s: self._here(s, session_id))
        self.show("import.html", row=row, cards=cards, school_class=school_class, **{
            "done": [], "problems": [], "asking": [], **what})
