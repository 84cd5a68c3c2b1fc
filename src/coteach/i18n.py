"""Translation of everything a person reads.

Catalogs are gettext `.po` files under `locale/<BCP 47 tag>/coteach.po`, compiled at build time to
`.mo` for Python and templates and to one JSON object per language for JavaScript. The language of
the running request is a context variable, so `_()` needs no argument in handlers and templates.
"""

from __future__ import annotations

import gettext as _gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LOCALE_DIR = Path(__file__).parent / "locale"

LANGUAGES: dict[str, str] = {"en": "English", "zh-Hant": "繁體中文", "vi": "Tiếng Việt"}
"""BCP 47 tag to the language's own name, in the order the switcher shows them."""

DEFAULT_LANGUAGE = "en"
LANGUAGE_COOKIE = "coteach_lang"
"""Cookie with the person's choice; path `/`, read by every service and by JavaScript."""

_current: ContextVar[str] = ContextVar("coteach_language", default=DEFAULT_LANGUAGE)


@cache
def translations(language: str) -> _gettext.NullTranslations:
    """Return the compiled catalog of a language; the source text where there is none."""
    path = LOCALE_DIR / language / "coteach.mo"
    if language == DEFAULT_LANGUAGE or not path.exists():
        return _gettext.NullTranslations()
    with path.open("rb") as file:
        return _gettext.GNUTranslations(file)


def get_language() -> str:
    """Return the BCP 47 tag of the language in force."""
    return _current.get()


def set_language(language: str) -> None:
    """Set the language for the rest of this context (a request, a command)."""
    _current.set(language if language in LANGUAGES else DEFAULT_LANGUAGE)


@contextmanager
def language(tag: str) -> Iterator[None]:
    """Use a language inside a `with` block."""
    token = _current.set(tag if tag in LANGUAGES else DEFAULT_LANGUAGE)
    try:
        yield
    finally:
        _current.reset(token)


def gettext(message: str) -> str:
    """Translate a message into the language in force."""
    return translations(_current.get()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate a message with a number."""
    return translations(_current.get()).ngettext(singular, plural, n)


def pgettext(context: str, message: str) -> str:
    """Translate a message whose meaning depends on where it stands."""
    return translations(_current.get()).pgettext(context, message)


_ = gettext


def match(tag: str) -> str | None:
    """Return our tag for any BCP 47 tag a browser may send, or None.

    Chinese of Taiwan, Hong Kong and Macau is written in the traditional script; plain `zh` and
    simplified tags fall to it too, since it is the only Chinese we have (RFC 4647 lookup).
    """
    low = tag.strip().lower().replace("_", "-")
    for known in LANGUAGES:
        if low == known.lower() or low.startswith(known.lower() + "-"):
            return known
    if low.split("-")[0] == "zh":
        return "zh-Hant"
    return None


def negotiate(
    *, query: str | None = None, cookie: str | None = None, person: str | None = None,
    accept: str | None = None,
) -> str:
    """Choose the language: asked for now, chosen before, the person's, the browser's; else English.

    Parameters
    ----------
    query, cookie, person
        BCP 47 tags from `?lang=`, the language cookie and the person's record.
    accept
        An `Accept-Language` header (RFC 9110, section 12.5.4).
    """
    for tag in (query, cookie, person):
        if tag and (found := match(tag)):
            return found
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept or "").split(",")[:20]):
        tag, _sep, q = part.partition(";q=")
        try:
            wanted.append((-float(q or 1), place, tag))
        except ValueError:
            continue
    for _weight, _place, tag in sorted(wanted):
        if found := match(tag):
            return found
    return DEFAULT_LANGUAGE
