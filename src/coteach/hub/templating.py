"""Translation inside JupyterHub's own templates.

JupyterHub renders its pages in one Jinja environment for everybody and passes templates the user
but not the request. Its `static_url` is a method of the request's handler, which is how the
functions here find the language cookie.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from markupsafe import Markup
from tornado.web import RequestHandler

from coteach import i18n, ui


def language_of(handler: RequestHandler | None) -> str:
    """Return the language of a request to the Hub."""
    if handler is None:
        return i18n.DEFAULT_LANGUAGE
    return i18n.negotiate(
        query=handler.get_query_argument("lang", None),
        cookie=handler.get_cookie(i18n.LANGUAGE_COOKIE),
        accept=handler.request.headers.get("Accept-Language"))


def _handler(context: Context) -> RequestHandler | None:
    handler: Any = getattr(context.get("static_url"), "__self__", None)
    return handler if isinstance(handler, RequestHandler) else None


def _language(context: Context) -> str:
    return language_of(_handler(context))


@pass_context
def _gettext(context: Context, message: str, **values: Any) -> str:
    text = i18n.translations(_language(context)).gettext(message)
    return Markup(text).format(**values) if values else text  # noqa: S704 - our own catalogs


@pass_context
def _current(context: Context) -> str:
    return _language(context)


@pass_context
def _here_in(context: Context, tag: str) -> str:
    """Return this page's address with another language."""
    handler = _handler(context)
    query = [] if handler is None else [
        (name, value) for name in handler.request.query_arguments if name != "lang"
        for value in handler.get_query_arguments(name)]
    return "?" + urlencode([*query, ("lang", tag)])


def N_(message: str) -> str:
    """Mark a sentence of JupyterHub's own that templates translate."""
    return message


SENTENCES = (N_("Login form invalid or expired. Try again."),)


class Translation(Extension):
    """Adds what coteach's templates use to JupyterHub's environment."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals.update(
            _=_gettext, language=_current, here_in=_here_in, languages=i18n.LANGUAGES,
            # The portal serves these files; Hub pages have no scripts with strings.
            static=ui.versioned("/static/"), catalog=lambda: "{}")
