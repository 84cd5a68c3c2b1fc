"""Why a practice is recorded, in the words that a person says yes or no to."""

from __future__ import annotations

from coteach.i18n import gettext as _
from coteach.i18n import language as in_language

PRACTICE = "practice"


def practice_purpose(language: str, *, owner: bool = False) -> str:
    """Return the sentence in a language (BCP 47 tag), as the room's owner or a guest reads it."""
    with in_language(language):
        if owner:
            return _("The practice is recorded so that you and your trainers can watch it and "
                     "comment on it.")
        return _("The practice is recorded so that its teacher and her trainers can watch it "
                 "and comment on it.")
