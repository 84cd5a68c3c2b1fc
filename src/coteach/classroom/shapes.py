"""What an answer of each kind of question may look like; nothing else of it is kept.

Rule: a value is built anew from what is known and checked, never passed through. Drawings are
whole numbers on a grid, so that a picture can be made of them here without any text of a browser.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from coteach.errors import UserError
from coteach.i18n import gettext as _

MOST_VALUE = 4000
MOST_DRAWING = 30_000
MOST_WORDS = 1000
MOST_OPTIONS = 100
GRID = (1000, 600)
COLOURS = 4

_KEY = re.compile(r"[\w.-]{0,40}")


class Misshapen(Exception):
    """A part of an answer is not what it must be; the argument names it."""


def bad(reason: str) -> UserError:
    """Return the refusal of an answer."""
    return UserError(_("This answer could not be taken: {reason}.").format(reason=reason),
                     hint=_("Load the page again."), code="bad-answer")


def _whole(part: Any, name: str, most: int = 10**15) -> int:
    if not isinstance(part, int) or isinstance(part, bool) or abs(part) >= most:
        raise Misshapen(name)
    return part


def _number(part: Any, name: str) -> float:
    # Compared first: isfinite can't make a float of an endless whole number.
    if isinstance(part, bool) or not isinstance(part, (int, float)) or not (
            abs(part) < 1e21 and math.isfinite(part)):
        raise Misshapen(name)
    return part


def _words(part: Any, name: str) -> str:
    if not isinstance(part, str):
        raise Misshapen(name)
    # A NUL is no text for Postgres; other control characters are no words.
    return "".join(c for c in part if c.isprintable() or c == "\n")


def _yes(part: Any, name: str) -> bool:
    if not isinstance(part, bool):
        raise Misshapen(name)
    return part


def _places(part: Any, name: str) -> list[int]:
    if not isinstance(part, list) or len(part) > MOST_OPTIONS:
        raise Misshapen(name)
    return sorted({_whole(place, name, MOST_OPTIONS) for place in part})


def _strokes(part: Any, name: str) -> list[list[int]]:
    if not isinstance(part, list):
        raise Misshapen(name)
    for stroke in part:
        if not isinstance(stroke, list) or len(stroke) < 3 or len(stroke) % 2 == 0:
            raise Misshapen(name)
        if not 0 <= _whole(stroke[0], name) < COLOURS:
            raise Misshapen(name)
        for place, number in enumerate(stroke[1:]):
            if not 0 <= _whole(number, name) <= GRID[place % 2]:
                raise Misshapen(name)
    return part


def _media(part: Any, name: str) -> str:
    if part == "":
        return ""  # deleted by the pupil
    try:
        return str(UUID(part)) if isinstance(part, str) else _words(None, name)
    except ValueError:
        raise Misshapen(name) from None


_Part = Callable[[Any, str], Any]
SHAPES: dict[str, dict[str, _Part]] = {
    "choice": {"choice": _whole, "text": _words}, "poll": {"choice": _whole, "text": _words},
    "multiple": {"choices": _places}, "number": {"number": _number}, "text": {"text": _words},
    "exit": {"feeling": _whole, "words": _words}, "understood": {"understood": _yes},
    "draw": {"strokes": _strokes, "words": _words}, "photo": {"media": _media}}
"""Kind of question to the parts of its answer."""


def value_of(raw: Any) -> dict[str, Any]:
    """Return an answer's value with what we know and nothing else.

    Raises
    ------
    UserError
        It is no answer; the sentence names the part that is wrong.
    """
    kind = raw.get("kind") if isinstance(raw, dict) else None
    if not isinstance(kind, str) or kind not in SHAPES:
        raise bad("kind")
    key, answer = raw.get("key", ""), raw.get("answer")
    if not isinstance(key, str) or not _KEY.fullmatch(key) or not isinstance(answer, dict):
        raise bad("value")
    if answer.get("empty") is True:
        # She emptied the field again: an answer that says so, since events are never deleted.
        return {"kind": kind, "key": key, "answer": {"empty": True}}
    try:
        kept = {name: shape(answer[name], name) for name, shape in SHAPES[kind].items()
                if answer.get(name) is not None}
    except Misshapen as error:
        raise bad(str(error)) from None
    if kind in ("choice", "poll") and "choice" not in kept:
        raise bad("choice")
    most = MOST_DRAWING + MOST_WORDS if kind == "draw" else MOST_VALUE
    if not kept or len(json.dumps(kept, ensure_ascii=False, separators=(",", ":"))) > most:
        raise bad(_("it is empty or too long"))
    return {"kind": kind, "key": key, "answer": kept}


def places_of(kind: str, answer: dict[str, Any]) -> list[int]:
    """Return the places of the options that an answer chose."""
    if kind == "multiple":
        return list(answer.get("choices", []))
    name = {"choice": "choice", "poll": "choice", "exit": "feeling"}.get(kind, "")
    return [answer[name]] if name in answer else []
