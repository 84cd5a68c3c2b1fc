"""The pictures of name cards: sixteen friendly things, drawn in `static/pictures.svg`.

The names are translated for screen readers; the drawing alone must never be the only sign.
"""

from __future__ import annotations

from coteach.i18n import gettext as _


def pictures() -> dict[str, str]:
    """Return the pictures: name in the store to word in the language in force."""
    return {
        "crab": _("crab"), "turtle": _("turtle"), "kite": _("kite"), "fish": _("fish"),
        "boat": _("boat"), "sun": _("sun"), "tree": _("tree"), "star": _("star"),
        "snail": _("snail"), "owl": _("owl"), "whale": _("whale"), "cloud": _("cloud"),
        "flower": _("flower"), "moon": _("moon"), "drum": _("drum"), "mushroom": _("mushroom"),
    }


def known(picture: str) -> str:
    """Return a picture's name, or one that is there for a name we don't know."""
    return picture if picture in pictures() else "star"
