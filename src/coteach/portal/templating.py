"""Rendering of the portal's pages."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from coteach import ui
from coteach.portal import compress
from coteach.store.schema import Person

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """Return the portal's Jinja environment."""
    return ui.environment(TEMPLATES)


def here_in(request: Request, tag: str) -> str:
    """Return this page's address with another language."""
    query = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
    return "?" + urlencode([*query, ("lang", tag)])


def render(request: Request, name: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a template to a page.

    Templates get, besides the context and the globals of `coteach.ui`: `person` (or None),
    `time_zone` (the reader's), `demo`, and `here_in(tag)`.
    """
    person: Person | None = getattr(request.state, "person", None)
    text = environment().get_template(name).render({
        "person": person, "time_zone": person.time_zone if person else "UTC",
        "demo": request.app.state.parts.settings.demo,
        "here_in": lambda tag: here_in(request, tag), "path": request.url.path, **context})
    answer = HTMLResponse(status_code=status)
    compress.fill(answer, text.encode(), request.headers.get("accept-encoding", ""))
    return answer
