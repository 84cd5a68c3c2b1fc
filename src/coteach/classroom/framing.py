"""What stands around a lesson on a pupil's page: who she is, the class's pace, its languages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from babel import Locale, UnknownLocaleError

from coteach import lessonpack
from coteach.classroom.base import Handler, own
from coteach.classroom.guests import Pass
from coteach.classroom.lessons import LessonHere
from coteach.classroom.pictures import known, pictures
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.store.schema import ClassSession, NameCard


def frame(handler: Handler, row: ClassSession, card: NameCard, guest: Pass) -> tuple[str, str]:
    """Return the header and the footer of a class page, as HTML.

    The pace comes with the header, as a rule that hides what is beyond: nothing of it is seen
    before the script runs, nor without scripts.
    """
    state = handler.room.states.told(row, handler.language)
    header = handler.text_of(
        "page_header.html", row=row, card=card, picture=known(card.picture), words=pictures(),
        beyond=state["beyond"])
    footer = handler.text_of(
        "page_footer.html", script=own("class_page.js"),
        about={"state": state, "pupil": guest.pupil, "words": words()})
    return header, footer


def voices(here: LessonHere, base: str, class_language: str) -> dict[str, dict[str, str]]:
    """Return the recorded voice of each cell for the page: its address, language and a note.

    Parameters
    ----------
    here
        The lesson, and the language that the reader wants.
    base
        Address of the folder `assets/`.
    class_language
        What comes next where nobody speaks the reader's.
    """
    return {cell: {"url": f"{base}{quote(voice.path)}", "language": voice.language,
                   "note": _note(voice.language, here.wanted)}
            for cell, voice in lessonpack.voices(
                here.lesson, [here.wanted, class_language]).items()}


def _note(spoken: str, wanted: str) -> str:
    """Return what to say of a voice in another language than the reader's."""
    if spoken == wanted:
        return ""
    return _("Spoken in {spoken}; there is no {wanted} voice yet.").format(
        spoken=_named(spoken), wanted=_named(wanted))


def _named(tag: str) -> str:
    """Return a language's name in the language in force; its tag when nobody has a name for it."""
    try:
        shown = Locale.parse(get_language(), sep="-")
        return Locale.parse(tag, sep="-").get_language_name(shown) or tag
    except (UnknownLocaleError, ValueError):
        return tag


def words() -> dict[str, Any]:
    """Return the sentences of `class_page.js` in the language in force."""
    return {
        "beyond": _("Your teacher opens the next part soon."),
        "notOpened": _("This part was not opened in class."),
        "opened": _("Your teacher has opened the next part."),
        "eyesUp": _("Eyes up"),
        "look": _("Look at your teacher. What you typed is kept."),
        "goOn": _("Go on"),
        "lineDown": _("Your line is down. You can go on reading."),
        "showing": _("Your teacher is showing you this part."),
        "back": _("Back to where I was"),
        "stay": _("Stay here"),
    }
