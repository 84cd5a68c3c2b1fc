"""What a class answered: the newest answer of each pupil to each question, counted.

Counts only, no percentages: a class is a small group.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from babel.numbers import format_decimal

from coteach.classroom.drawings import svg
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.store.events import is_emptied
from coteach.store.schema import Event, NameCard
from coteach.ui import times

_SIGNS = tuple("=+-@＝＋－＠")
_UNSEEN = "".join(chr(code) for code in range(0x3001) if not chr(code).isprintable()
                  or chr(code).isspace()) + "\ufeff"
"""White space, control characters and marks without a width."""

Place = tuple[str, str]
"""A question: its cell and its key."""


def feelings() -> list[str]:
    """Return the sentences of an exit ticket, as the widget asks them."""
    return [_("I can explain it to a friend."), _("I understood some of it."),
            _("I need it once more.")]


def understanding() -> list[str]:
    """Return the two sentences of "I did not understand", as the widget says them."""
    return [_("I did not understand."), _("I understood.")]


def titles() -> dict[str, str]:
    """Return what to call questions that need no prompt, by kind."""
    return {"exit": _("Exit ticket"), "understood": _("Is this part clear?")}


def newest(rows: Iterable[Event]) -> dict[Place, dict[str, Event]]:
    """Return the answers that count: by question, by pupil; `rows` are in the order they count."""
    found: dict[Place, dict[str, Event]] = {}
    for row in rows:
        if row.verb == "answered" and isinstance(row.value, dict):
            found.setdefault((row.cell, row.value.get("key", "")), {})[row.actor] = row
    return found


def written(number: float) -> str:
    """Return a number as the reader's language writes it, with all digits that a pupil gave."""
    # The usual 28 digits are too few for a long number with so many places behind the point.
    with localcontext(prec=60):
        return str(format_decimal(Decimal(f"{number:.15g}"), "0.###############",
                                  locale=get_language().replace("-", "_")))


def given(answers: dict[str, Event]) -> dict[str, Event]:
    """Return those of the answers to a question that say something: not emptied again since."""
    return {actor: row for actor, row in answers.items() if not is_emptied(row.value)}


def words_of(value: dict[str, Any], question: dict[str, Any]) -> str:
    """Return an answer in words, in the wording of the reader's language where it is known."""
    answer = value.get("answer", {})
    if is_emptied(value):
        return _("no answer")
    kind = value.get("kind")
    if kind in ("choice", "poll"):
        return _option(question, answer.get("choice", -1), str(answer.get("text", "")))
    if kind == "multiple":
        return "; ".join(_option(question, place, str(place + 1))
                         for place in answer.get("choices", [])) or _("none of them")
    if kind == "number":
        number = written(answer.get("number", 0))
        return f"{number} {question['unit']}" if question.get("unit") else number
    if kind == "exit":
        place = answer.get("feeling", -1)
        feeling = feelings()[place] if 0 <= place < 3 else ""
        return " ".join(part for part in (feeling, answer.get("words", "")) if part)
    if kind == "understood":
        return understanding()[bool(answer.get("understood"))]
    if kind == "draw":
        said = str(answer.get("words", ""))
        return " ".join(part for part in (
            _("(a drawing)") if answer.get("strokes") else "", said) if part)
    if kind == "photo":
        return _("(a photo)") if answer.get("media") else ""
    return str(answer.get("text", ""))


def _option(question: dict[str, Any], place: int, otherwise: str) -> str:
    options = question.get("options") or []
    return str(options[place]) if 0 <= place < len(options) else otherwise


def _bars(kind: str, question: dict[str, Any], values: Sequence[dict[str, Any]]
          ) -> list[dict[str, Any]]:
    """Return labels and counts; none for what is only to be read."""
    answers = [value.get("answer", {}) for value in values]
    options = list(question.get("options") or [])
    if kind in ("choice", "poll") and not options:
        said = Counter(words_of(value, question) for value in values)
        return [{"label": label, "count": said[label]} for label in sorted(said)]
    if kind in ("choice", "poll", "exit"):
        counts = Counter(a.get("feeling" if kind == "exit" else "choice") for a in answers)
        return _counted(feelings() if kind == "exit" else options, counts)
    if kind == "multiple":
        every = Counter(place for a in answers for place in a.get("choices", []))
        return _counted(options or [str(n + 1) for n in range(max(every, default=-1) + 1)], every)
    if kind == "understood":
        return _counted(understanding(), Counter(int(bool(a.get("understood"))) for a in answers))
    if kind == "number":
        numbers = Counter(a.get("number") for a in answers)
        return [{"label": words_of({"kind": "number", "answer": {"number": number}}, question),
                 "count": count} for number, count in sorted(numbers.items())]
    return []


def _counted(labels: Sequence[str], counts: Counter[Any]) -> list[dict[str, Any]]:
    return [{"label": label, "count": counts[place]} for place, label in enumerate(labels)]


def summary(outline: Sequence[dict[str, Any]], rows: Iterable[Event], cards: Sequence[NameCard],
            photos: str = "", end: datetime | None = None) -> list[dict[str, Any]]:
    """Return the questions of a lesson with what was answered, in the order of the lesson.

    Parameters
    ----------
    outline
        The lesson's questions (`pages.questions`); answers to others come after them.
    rows
        Events of the session, in the order they count.
    cards
        The class's name cards.
    photos
        Address under which the teacher sees photos: a card's id, a slash and the photo's follow.
    end
        When the class was over, or will be; what was received later came late.

    Returns
    -------
    list of dict
        ``id``, ``kind``, ``count``, ``prompt``, ``bars`` and ``lines``; a line holds ``card``,
        ``words`` and, where there is one, ``drawing`` (SVG) or ``photo`` (an address). ``late``
        is how many came after the close; a line that did says so under this name too.
    """
    known = newest(rows)
    asked = {(q["cell"], q.get("key", "")): q for q in outline}
    for place, answers in known.items():
        kind = next(iter(answers.values())).value.get("kind", "text")
        asked.setdefault(place, {"cell": place[0], "key": place[1], "kind": kind, "options": [],
                                 "prompt": _("Another question ({name})").format(
                                     name=place[1] or place[0]), "unit": ""})
    found = []
    for place, question in asked.items():
        told = given(known.get(place, {}))
        kind = str(question.get("kind"))
        late = {actor for actor, row in told.items() if end is not None and row.received > end}
        lines = [{**line, **({"late": True} if card.pseudonym in late else {})}
                 for card in cards if card.pseudonym in told and (
            line := _line(kind, told[card.pseudonym].value, question, card, photos))]
        found.append({
            "id": "#".join(place), "kind": kind, "count": len(told), "late": len(late),
            "prompt": question.get("prompt") or titles().get(kind, ""),
            "bars": _bars(kind, question, [row.value for row in told.values()]), "lines": lines})
    return found


def _line(kind: str, value: dict[str, Any], question: dict[str, Any], card: NameCard, photos: str
          ) -> dict[str, Any] | None:
    """Return what to read or see of an answer; None when there is nothing."""
    answer = value.get("answer", {})
    line: dict[str, Any] = {"card": card.id, "words": words_of(value, question)}
    if kind in ("exit", "draw"):
        line["words"] = str(answer.get("words", ""))
    if kind == "draw" and answer.get("strokes"):
        line["drawing"] = svg(answer["strokes"], question.get("axes"))
    if kind == "photo" and answer.get("media") and photos:
        line |= {"words": "", "photo": f"{photos}{card.id}/{answer['media']}"}
    return line if len(line) > 2 or line["words"] else None


def neutral(text: str) -> str:
    """Return text that a spreadsheet shows and never runs as a formula.

    Some spreadsheets skip what is not seen before a formula, and read full-width signs as signs.
    """
    seen = text.lstrip(_UNSEEN)
    return f"'{text}" if seen[:1] in _SIGNS or text[:1] in ("\t", "\r", "\n") else text


def as_csv(outline: Sequence[dict[str, Any]], rows: Sequence[Event], cards: Sequence[NameCard],
           zone: str) -> bytes:
    """Return the answers that count as CSV, one line each, for spreadsheets (UTF-8 with BOM)."""
    names = {card.pseudonym: card.nickname for card in cards}
    asked = {(q["cell"], q.get("key", "")): q for q in outline}
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow([_("Question"), _("Pupil"), _("Answer"), _("Received"), _("Time zone")])
    for place, answers in newest(rows).items():
        question = asked.get(place, {"options": [], "unit": ""})
        kind = next(iter(answers.values())).value.get("kind")
        prompt = question.get("prompt") or titles().get(kind, "") or place[1] or place[0]
        for actor, row in given(answers).items():
            value = row.value
            number = value.get("answer", {}).get("number") if value["kind"] == "number" else None
            said = f"{number:.15g}" if number is not None else neutral(words_of(value, question))
            at = row.received.astimezone(times.zone(zone))
            table.writerow([neutral(prompt), neutral(names.get(actor, "")), said,
                            f"{at:%Y-%m-%d %H:%M:%S}", zone])
    return out.getvalue().encode("utf-8-sig")
