"""The look: one small design system for every page that coteach serves.

`static/` holds tokens (colour, space, type; light and dark), the base style sheet and the
translation module for scripts; `templates/base.html` is the frame. A service makes its Jinja
environment with `environment` and serves `STATIC` under its own prefix, so that each goes on alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from coteach import i18n
from coteach.ui import markdown, times

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"


def environment(*folders: Path, static: str = "/static/") -> Environment:
    """Return a Jinja environment with translation and the globals that `base.html` uses.

    Parameters
    ----------
    *folders
        The service's own template folders; they win over the shared one.
    static
        The prefix under which this service serves `STATIC`.
    """
    made = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"])
    made.install_gettext_callables(  # type: ignore[attr-defined]
        i18n.gettext, i18n.ngettext, newstyle=False, pgettext=i18n.pgettext)
    made.globals.update(
        language=i18n.get_language, languages=i18n.LANGUAGES, static=versioned(static),
        catalog=catalog, fill=fill, local=times.local, when=times.when, day=times.day,
        ago=times.ago, zone_name=times.zone_name, duration=times.duration,
        markdown=markdown.to_html)
    return made


def fill(message: str, **values: Any) -> Markup:
    """Put values into a translated sentence's {placeholders}, escaping them.

    ``{{ fill(_("Hello {name}."), name=person.display_name) }}``; a value that is Markup (a link)
    stays as it is.
    """
    return Markup(message).format(**values)  # noqa: S704 - the message is from our own catalogs


@cache
def _catalog(language: str) -> Markup:
    file = i18n.LOCALE_DIR / f"{language}.json"
    if language == i18n.DEFAULT_LANGUAGE or not file.exists():
        return Markup("{}")
    text = json.dumps(json.loads(file.read_text(encoding="utf-8")), ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - inside a JSON script block


def catalog() -> Markup:
    """Return the strings of scripts in the language in force, as JSON for an inline block."""
    return _catalog(i18n.get_language())


def versioned(prefix: str) -> Callable[[str], str]:
    """Return a function from a static file's name to its address under a prefix."""

    @cache
    def static(name: str) -> str:
        """Return the address of a static file; it changes when the file does."""
        digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
        return f"{prefix}{name}?v={digest}"
    return static
