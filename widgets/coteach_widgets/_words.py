"""The widgets' own words: in Python for the forms, and for each script only those it uses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LANGUAGES = ("zh-Hant", "vi")


@cache
def catalog(language: str) -> dict[str, Any]:
    """Return all words of a language, ``{msgid: msgstr}``; none for English."""
    file = HERE / "locale" / f"{language}.json"
    if language not in LANGUAGES or not file.exists():
        return {}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


@cache
def catalog_of(language: str, script: str) -> dict[str, Any]:
    """Return the words that a bundled script names; a slow line carries no others."""
    file = HERE / "bundles" / f"{script}.js"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return {said: own for said, own in catalog(language).items()
            if said in text or json.dumps(said, ensure_ascii=False)[1:-1] in text}


def language_of_page() -> str:
    """Return the language that the place where a notebook runs has told it."""
    return os.environ.get("COTEACH_LANGUAGE") or os.environ.get("COTEACH_LANG") or ""


def translator(language: str) -> Callable[[str], str]:
    """Return a function from an English sentence to escaped HTML in a language."""
    known = catalog(language)

    def t(message: str) -> str:
        found = known.get(message) or message
        return escape(found if isinstance(found, str) else found[0])
    return t
