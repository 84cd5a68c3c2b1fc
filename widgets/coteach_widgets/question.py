"""The questions of a lesson: `Choice`, `MultipleChoice`, `Poll`, `Number`, `ShortText`, `Draw`,
`Photo`, `Understood`, `ExitTicket`.

Rule: a question sends by itself, from the page, and needs no kernel for it: the kernel may be gone
and the line may be down. Its HTML is in the trait `form`, which a page may print without any
runtime. In a notebook it is a preview; nothing is sent there.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from coteach_widgets._base import script, style
from coteach_widgets._forms import form
from coteach_widgets._words import LANGUAGES, catalog_of, language_of_page
from coteach_widgets.answers import read_answers

if TYPE_CHECKING:
    import pandas

MOST_OPTIONS = 12
Axis = tuple[float, float, str]


def slug(text: str) -> str:
    """Return a short name made from a prompt; letters of every script stay."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-")[:40]


class Question(anywidget.AnyWidget):
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
    form
        The question as HTML.
    """

    _count = itertools.count()

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
    axes = traitlets.Dict().tag(sync=True)
    language = traitlets.Unicode("").tag(sync=True)
    catalogs = traitlets.Dict().tag(sync=True)
    form = traitlets.Unicode("").tag(sync=True)
    uid = traitlets.Unicode("").tag(sync=True)
    answer = traitlets.Any(None, allow_none=True).tag(sync=True)

    def __init__(self, prompt: str, *, kind: str, key: str = "", **traits: Any) -> None:
        if key and not re.fullmatch(r"[\w.-]{1,40}", key):
            raise ValueError(f"The key {key!r} must be 1 to 40 letters, digits, - . or _.")
        language = traits.pop("language", "") or language_of_page()
        # The same at each run of a lesson, so that its page stays the same too.
        place = f"{kind} {key} {prompt} {next(Question._count)}"
        uid = "ctq" + hashlib.sha256(place.encode()).hexdigest()[:12]
        wanted = [tag for tag in LANGUAGES if not language or tag == language]
        super().__init__(prompt=prompt, kind=kind, key=key or slug(prompt or kind), named=bool(key),
                         language=language, uid=uid,
                         catalogs={tag: catalog_of(tag, "question") for tag in wanted}, **traits)
        self._write()

    @traitlets.observe("prompt", "options", "unit", "axes", "language")
    def _write(self, _change: Any = None) -> None:
        if self.uid:
            self.form = form(
                self.kind, prompt=self.prompt, uid=self.uid, options=self.options, unit=self.unit,
                key=self.key if self.named else "", language=self.language, axes=self.axes)

    def answers(self, path: str | Path | Iterable[str | Path]) -> pandas.DataFrame:
        """Return the class's answers to this question from files; see `read_answers`."""
        table = read_answers(path)
        names = [name for name in (self.prompt, self.key) if name]
        return table[table["question"].isin(names)].reset_index(drop=True)


def _listed(options: Sequence[str], what: str) -> list[str]:
    if isinstance(options, str) or not 2 <= len(options) <= MOST_OPTIONS:
        raise ValueError(f"{what} has 2 to {MOST_OPTIONS} options; this one has "
                         f"{'one text' if isinstance(options, str) else len(options)}.")
    return [str(option) for option in options]


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
        super().__init__(prompt, kind="choice", key=key, options=_listed(options, "A choice"),
                         **traits)


class MultipleChoice(Question):
    """Several answers, or none of them.

    Parameters
    ----------
    prompt, key
        See `Question`.
    options
        Two to twelve answers to choose from.
    """

    def __init__(self, prompt: str, options: Sequence[str], *, key: str = "", **traits: Any
                 ) -> None:
        super().__init__(prompt, kind="multiple", key=key,
                         options=_listed(options, "A multiple choice"), **traits)


class Poll(Question):
    """A choice whose counts the class may see: each pupil after she answered, if the teacher shows
    them.

    Parameters
    ----------
    prompt, key
        See `Question`.
    options
        Two to twelve answers to choose from.
    """

    def __init__(self, prompt: str, options: Sequence[str], *, key: str = "", **traits: Any
                 ) -> None:
        super().__init__(prompt, kind="poll", key=key, options=_listed(options, "A poll"),
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


class Understood(Question):
    """"I did not understand" and "I understood", at the place where it stands.

    Parameters
    ----------
    prompt
        A question of your own; otherwise it asks whether this part is clear.
    key
        See `Question`.
    """

    def __init__(self, prompt: str = "", *, key: str = "", **traits: Any) -> None:
        super().__init__(prompt, kind="understood", key=key, **traits)


class Draw(Question):
    """A small drawing; whoever can't draw describes it in words.

    Parameters
    ----------
    prompt, key
        See `Question`.
    x, y
        A frame to draw a curve in: from, to and unit of an axis, like ``(0, 24, "h")``. Both or
        none.
    """

    def __init__(self, prompt: str, *, x: Axis | None = None, y: Axis | None = None, key: str = "",
                 **traits: Any) -> None:
        if (x is None) != (y is None):
            raise ValueError("A drawing has both axes, x and y, or none.")
        axes = {"x": _axis(x, "x"), "y": _axis(y, "y")} if x and y else {}
        super().__init__(prompt, kind="draw", key=key, axes=axes, **traits)


def _axis(given: Axis, name: str) -> list[Any]:
    try:
        first, last, unit = given
        ends = [float(first), float(last)]
    except (TypeError, ValueError):
        raise ValueError(f"The axis {name} is written as (from, to, unit).") from None
    if not ends[0] < ends[1] or len(str(unit)) > 12:
        raise ValueError(f"The axis {name} goes from a smaller to a larger number, and its unit "
                         "has up to 12 letters.")
    return [*ends, str(unit)]


class Photo(Question):
    """A photo of something a pupil made or found; only where the teacher has switched photos on.

    It is made small in the browser and loses its place and time there; only the teacher sees it,
    and it is deleted by itself.

    Parameters
    ----------
    prompt, key
        See `Question`.
    """

    def __init__(self, prompt: str, *, key: str = "", **traits: Any) -> None:
        super().__init__(prompt, kind="photo", key=key, **traits)


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
