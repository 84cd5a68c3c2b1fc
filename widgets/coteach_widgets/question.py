"""The questions of a lesson: `Choice`, `Number`, `ShortText`, `ExitTicket`.

Rule: a question sends by itself, from the page, and needs no kernel for it: the kernel may be gone
and the line may be down. In a notebook it is a preview; nothing is sent there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import traitlets

from coteach_widgets._base import CoteachWidget, script, style

MOST_OPTIONS = 12


def slug(text: str) -> str:
    """Return a short name made from a prompt; letters of every script stay."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-")[:40]


class Question(CoteachWidget):
    """What all questions share; make one of its subclasses.

    Parameters
    ----------
    prompt
        What is asked, in the language of the lesson.
    key
        The name under which answers are kept when a cell asks more than one question, or when the
        page does not know the cell. Made from the prompt when empty; then a cell should ask one
        question only, since a translation changes the prompt.

    Attributes
    ----------
    answer
        In a notebook: what was entered in the preview, None before.
    """

    _esm = script("question")
    _css = style("question")
    _coteach = traitlets.Unicode("question").tag(sync=True)
    kind = traitlets.Unicode("").tag(sync=True)
    prompt = traitlets.Unicode("").tag(sync=True)
    key = traitlets.Unicode("").tag(sync=True)
    named = traitlets.Bool(False).tag(sync=True)
    """Whether the author chose the key."""
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    unit = traitlets.Unicode("").tag(sync=True)
    answer = traitlets.Any(None, allow_none=True).tag(sync=True)

    def __init__(self, prompt: str, *, kind: str, key: str = "", **traits: Any) -> None:
        if key and not re.fullmatch(r"[\w.-]{1,40}", key):
            raise ValueError(f"The key {key!r} must be 1 to 40 letters, digits, - . or _.")
        super().__init__(prompt=prompt, kind=kind, key=key or slug(prompt or kind), named=bool(key),
                         **traits)


class Choice(Question):
    """One of several answers.

    Parameters
    ----------
    prompt, key
        See `Question`.
    options
        Two to twelve answers to choose from.
    """

    def __init__(self, prompt: str, options: Sequence[str], *, key: str = "", **traits: Any
                 ) -> None:
        if not 2 <= len(options) <= MOST_OPTIONS:
            raise ValueError(f"A choice has 2 to {MOST_OPTIONS} options; this one has "
                             f"{len(options)}.")
        super().__init__(prompt, kind="choice", key=key, options=[str(o) for o in options],
                         **traits)


class Number(Question):
    """A number, with its unit beside it; a comma is understood as a decimal point.

    Parameters
    ----------
    prompt, key
        See `Question`.
    unit
        For example ``m`` or ``°C``.
    """

    def __init__(self, prompt: str, unit: str = "", *, key: str = "", **traits: Any) -> None:
        super().__init__(prompt, kind="number", key=key, unit=unit, **traits)


class ShortText(Question):
    """A few words, up to 500 characters.

    Parameters
    ----------
    prompt, key
        See `Question`.
    """

    def __init__(self, prompt: str, *, key: str = "", **traits: Any) -> None:
        super().__init__(prompt, kind="text", key=key, **traits)


class ExitTicket(Question):
    """The last question: how it went, and what to change or what one still wonders.

    Parameters
    ----------
    prompt
        A sentence of your own above it, if you want one.
    key
        See `Question`.
    """

    def __init__(self, prompt: str = "", *, key: str = "", **traits: Any) -> None:
        super().__init__(prompt, kind="exit", key=key, **traits)
