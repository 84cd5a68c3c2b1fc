"""The HTML of a question, made in this one place for notebooks, class pages and offline lessons.

Rule: real form controls with labels, readable and visible without a script; every text of an author
is escaped; no style and no handler stands in the HTML, so pages with a strict policy show it. The
scripts find what they make live by class and by `data-` attributes and add no controls of their
own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from coteach_widgets._words import translator

Translate = Callable[[str], str]

CANVAS = (1000, 600)
"""Width and height of the grid on which drawings are kept."""


def form(kind: str, *, prompt: str, uid: str, options: Sequence[str] = (), unit: str = "",
         key: str = "", language: str = "", axes: Mapping[str, Any] | None = None) -> str:
    """Return the element of a question.

    Parameters
    ----------
    kind
        ``choice``, ``poll``, ``multiple``, ``number``, ``text``, ``exit``, ``understood``,
        ``draw`` or ``photo``.
    prompt
        What is asked.
    uid
        Letters and digits that nothing else on the page has; ids begin with it.
    options, unit, axes
        As the widgets take them.
    key
        The author's name for the question; empty when she gave none.
    language
        BCP 47 tag for the words that are ours.
    """
    t = translator(language)
    inner = _KINDS[kind](t, prompt, uid, options, unit, axes or {})
    # Nothing here does anything before its script runs, and it looks like that until then.
    dead = t("Answers can't be sent from this browser: JavaScript is off. Switch it on, or tell "
             "your teacher.")
    return (f'<div class="ct ct-question" data-question="{kind}" data-key="{escape(key)}">'
            f'<fieldset class="ct-form" disabled>{inner}</fieldset>'
            f'<noscript><p class="ct-dead">{dead}</p></noscript>'
            f'<p class="ct-answer-state" role="status"></p></div>')


def _asked(prompt: str) -> str:
    # Line breaks of an author stay: `white-space: pre-line`.
    return escape(prompt)


def _options(options: Sequence[str], uid: str, kind: str) -> str:
    return "".join(
        f'<label class="ct-option"><input type="{kind}" name="{uid}" value="{place}" '
        f'autocomplete="off"><span>{escape(option)}</span></label>'
        for place, option in enumerate(options))


def _choose(kind: str, more: str = "") -> Callable[..., str]:
    def make(t: Translate, prompt: str, uid: str, options: Sequence[str], _unit: str,
             _axes: Mapping[str, Any]) -> str:
        several = t("You can choose more than one.")
        hint = f'<p class="ct-small">{several}</p>' if kind == "checkbox" else ""
        return (f'<fieldset class="ct-options"><legend class="ct-prompt">{_asked(prompt)}</legend>'
                f'{hint}{_options(options, uid, kind)}</fieldset>{more}')
    return make


def _number(t: Translate, prompt: str, uid: str, _options: Sequence[str], unit: str,
            _axes: Mapping[str, Any]) -> str:
    shown = f'<span class="ct-unit">{escape(unit)}</span>' if unit else ""
    save, wrong = t("Save"), t("Write only a number here, like 3 or 2.5. This is not sent yet.")
    return (
        f'<label class="ct-prompt" for="{uid}-in">{_asked(prompt)}</label>'
        f'<div class="ct-line"><input type="text" id="{uid}-in" inputmode="decimal" '
        f'autocomplete="off" maxlength="20" size="8" aria-describedby="{uid}-no">{shown}'
        f'<button type="button" class="ct-secondary">{save}</button></div>'
        f'<p class="ct-problem" id="{uid}-no" hidden>{wrong}</p>')


def _area(t: Translate, uid: str) -> str:
    save = t("Save")
    return (f'<div class="ct-line"><textarea id="{uid}-in" rows="2" maxlength="500" '
            f'autocomplete="off"></textarea>'
            f'<button type="button" class="ct-secondary">{save}</button></div>')


def _text(t: Translate, prompt: str, uid: str, _options: Sequence[str], _unit: str,
          _axes: Mapping[str, Any]) -> str:
    return f'<label class="ct-prompt" for="{uid}-in">{_asked(prompt)}</label>{_area(t, uid)}'


def _exit(t: Translate, prompt: str, uid: str, _given: Sequence[str], _unit: str,
          _axes: Mapping[str, Any]) -> str:
    own = f'<p class="ct-prompt">{_asked(prompt)}</p>' if prompt else ""
    feelings = (t("I can explain it to a friend."), t("I understood some of it."),
                t("I need it once more."))
    how = t("How did it go today?")
    wonder = t("What do you still wonder? What should we change?")
    return (f'{own}<fieldset class="ct-options"><legend class="ct-asked">'
            f'{how}</legend>{_options(feelings, uid, "radio")}</fieldset>'
            f'<label class="ct-asked" for="{uid}-in">{wonder}</label>{_area(t, uid)}')


def _understood(t: Translate, prompt: str, uid: str, _given: Sequence[str], _unit: str,
                _axes: Mapping[str, Any]) -> str:
    asked = _asked(prompt) or t("Is this part clear?")
    both = (t("I did not understand."), t("I understood."))
    return (f'<fieldset class="ct-options ct-two"><legend class="ct-prompt">{asked}</legend>'
            f'{_options(both, uid, "radio")}</fieldset>')


def _draw(t: Translate, prompt: str, uid: str, _given: Sequence[str], _unit: str,
          axes: Mapping[str, Any]) -> str:
    frame = f' data-axes="{escape(json.dumps(axes, ensure_ascii=False))}"' if axes else ""
    tint, undo, clear = t("Colour"), t("Undo"), t("Clear all")
    instead = t("You can describe it in words too, or instead:")
    colours = "".join(
        f'<label class="ct-colour ct-colour-{place}"><input type="radio" name="{uid}-c" '
        f'value="{place}"{" checked" if not place else ""} autocomplete="off"><span>{name}</span>'
        f'</label>'
        for place, name in enumerate((t("black"), t("blue"), t("red"), t("green"))))
    wide, high = CANVAS
    return (
        f'<p class="ct-prompt" id="{uid}-p">{_asked(prompt)}</p>'
        f'<canvas class="ct-canvas" width="{wide}" height="{high}" role="img" '
        f'aria-labelledby="{uid}-p"{frame}></canvas>'
        f'<fieldset class="ct-colours"><legend class="ct-small">{tint}</legend>{colours}'
        f'</fieldset><div class="ct-bar">'
        f'<button type="button" class="ct-undo">{undo}</button>'
        f'<button type="button" class="ct-clear">{clear}</button></div>'
        f'<label class="ct-small" for="{uid}-in">{instead}</label>{_area(t, uid)}')


def _photo(t: Translate, prompt: str, uid: str, _given: Sequence[str], _unit: str,
           _axes: Mapping[str, Any]) -> str:
    # Not inside the f-string: what collects the sentences to translate doesn't look there.
    off = t("Your teacher has not switched on photos.")
    take, unread = t("Take or choose a photo"), t("This file is no picture that can be read here.")
    shown, delete = t("Your photo"), t("Delete the photo")
    only = t("Only your teacher sees it. Take a photo of things, not of faces.")
    return (
        f'<p class="ct-prompt" id="{uid}-p">{_asked(prompt)}</p><p class="ct-small">{only}</p>'
        f'<p class="ct-off" hidden>{off}</p>'
        f'<div class="ct-take"><label class="ct-file" for="{uid}-in">'
        f'{take}</label>'
        f'<input type="file" id="{uid}-in" accept="image/*" capture="environment" '
        f'aria-describedby="{uid}-p"></div>'
        f'<p class="ct-problem" hidden>{unread}</p>'
        f'<figure class="ct-shown" hidden><img alt="{shown}">'
        f'<button type="button" class="ct-danger ct-remove">{delete}</button>'
        f'</figure>')


_KINDS: dict[str, Callable[..., str]] = {
    "choice": _choose("radio"), "multiple": _choose("checkbox"),
    "poll": _choose("radio", '<div class="ct-poll" role="status" hidden></div>'),
    "number": _number, "text": _text, "exit": _exit, "understood": _understood, "draw": _draw,
    "photo": _photo}
KINDS = tuple(_KINDS)
