"""What a web page needs to show a widget without a kernel: its script, its style, its words."""

from __future__ import annotations

from typing import Any

from coteach_widgets._base import catalogs, script, style
from coteach_widgets._words import catalog_of

_STYLES = {"room_page": ("_player", "practice", "webcast"), "recording_page": ("_player",),
           "questions_page": ("question",), "offline_page": ("question", "offline_page")}


def page_script(name: str) -> str:
    """Return a bundled script: ``room_page``, ``recording_page``, ``questions_page``,
    ``waiting_page`` or ``offline_page``.
    """
    return script(name)


def page_style(name: str) -> str:
    """Return its style."""
    return style(*_STYLES[name])


def page_catalog(language: str) -> dict[str, Any]:
    """Return the words of a language."""
    found: dict[str, Any] = catalogs().get(language, {})
    return found


def phrases(language: str, name: str = "questions_page") -> dict[str, Any]:
    """Return the words that a page's script uses."""
    return catalog_of(language, name)
