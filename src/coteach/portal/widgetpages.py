"""Scripts and styles of the widgets that stand on portal pages: `/widgets/NAME.js|css?v=…`."""

from __future__ import annotations

import hashlib
import json

from coteach_widgets.pages import page_catalog, page_script, page_style
from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from coteach.errors import NotFound
from coteach.i18n import get_language
from coteach.i18n import gettext as _

router = APIRouter()

NAMES = ("room_page", "recording_page")


def _text(file: str) -> str:
    name, _dot, kind = file.partition(".")
    if name not in NAMES or kind not in ("js", "css"):
        raise NotFound(_("There is no such file."))
    return page_script(name) if kind == "js" else page_style(name)


def address(file: str) -> str:
    """Return the address of a file; it changes when the file does."""
    return f"/widgets/{file}?v={hashlib.sha256(_text(file).encode()).hexdigest()[:10]}"


def catalog() -> Markup:
    """Return the widgets' words in the language in force, as JSON for an inline block."""
    text = json.dumps(page_catalog(get_language()), ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - inside a JSON script block


@router.get("/widgets/{file}")
def widget_file(file: str, request: Request) -> Response:
    """Give a script or style."""
    kept = "public, max-age=31536000, immutable" if "v" in request.query_params else "no-cache"
    kind = "text/javascript" if file.endswith(".js") else "text/css"
    return Response(_text(file), media_type=kind, headers={"Cache-Control": kept})
