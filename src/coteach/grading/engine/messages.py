"""What the engine says of a run and of a cell, as sentences in the language in force."""

from __future__ import annotations

from coteach.i18n import gettext


def _(text: str) -> str:  # for the catalog
    return text


_SENTENCES = {
    "ended": _("The answer's code ended Python itself."),
    "stuck": _("The answer's code could not be interrupted, so Python was ended."),
    "timeout": _("This cell ran too long and was stopped."),
    "too-long": _("The whole notebook ran too long and was stopped."),
    "memory": _("The notebook used too much memory and was stopped."),
    "files": _("The files beside the notebook are too large or too many."),
    "walls": _("The sandbox could not be built; nothing was run."),
    "broke": _("Marking was interrupted by a fault that is not the answer's; start it again."),
}


def sentence(code: str) -> str:
    """Return the sentence of a code of `Run.reason` or `CellRun.message`; the code if unknown."""
    return gettext(_SENTENCES[code]) if code in _SENTENCES else code


def english(code: str) -> str:
    """Return the sentence as it is written into a notebook."""
    return _SENTENCES.get(code, code)
