"""The option `--language`: one of the languages that coteach speaks."""

from __future__ import annotations

from coteach import i18n
from coteach.errors import UserError
from coteach.i18n import gettext as _


def chosen(language: str) -> str:
    """Return the tag of the language that was named, or of the one in force.

    Raises
    ------
    UserError
        There is no such language.
    """
    tag = i18n.match(language) if language else i18n.get_language()
    if tag is None:
        raise UserError(_("{language!r} is no language of coteach.").format(language=language),
                        code="no-language")
    return tag
