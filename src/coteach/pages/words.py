"""The sentences of a class page's own script and template, in the language in force."""

from __future__ import annotations

from coteach.i18n import gettext as _


def page_words() -> dict[str, str]:
    """Return the sentences by the names that page.js and the templates know."""
    return {
        "loading": _("Getting this part ready…"),
        "place": _("You are number {n} in line. You can read on."),
        "failed": _("This part could not be started. You can read on."),
        "again": _("Try again"),
        "waits": _("Your line is down. This waits until it is back."),
        "failed_part": _("This part did not work. You can go on with the rest."),
        "failed_value": _("This did not work. Try another value."),
        "missing_part": _("This part does not move on this page. You can go on with the rest."),
        "picture": _("Picture of the result"),
        "gone": _("The moving parts of this page have stopped. Your answers are safe."),
        "restart": _("Start them again"),
        "offline": _("Your line is down. What you wrote is kept."),
        "away": _("The class can't be reached just now. What you wrote is kept."),
        "newer": _("There is a new version of this lesson."),
        "load": _("Load it"),
        "over": _("Your teacher has closed this class. What you have answered is kept."),
    }
