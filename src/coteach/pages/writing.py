"""What stands at the places of a page that differ from reader to reader."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from coteach.i18n import get_language
from coteach.pages import questions, runtime
from coteach.pages.files import own
from coteach.pages.host import HostFailed
from coteach.pages.known import Known
from coteach.pages.page import Page
from coteach.pages.renderer import (
    Rendered,
    data_script,
    stylesheet_links,
    template_words,
    voice_html,
)

CONTENT_POLICY = "; ".join((
    # The lesson's own scripts (widgets are modules made from text) but nothing from elsewhere.
    "default-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:",
    "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:",
    "media-src 'self' data: blob:", "font-src 'self' data:", "connect-src 'self' blob: data:",
    "object-src 'none'", "frame-ancestors 'self'", "base-uri 'none'", "form-action 'self'"))
THEME = "#0b5d57"


def _head(base: str, page: Page, rendered: Rendered) -> Markup:
    # ipywidgets' own style comes first: the page's has the last word.
    sheets = [*([runtime.stylesheet(base)] if rendered.widgets else []), *page.stylesheets,
              own(base, "page.css"), own(base, "questions.css")]
    head = stylesheet_links(sheets)
    if base == "/c/":  # a class can be installed as an app
        head += Markup('\n<link rel="manifest" href="{}manifest.webmanifest?lang={}">'
                       '<meta name="theme-color" content="{}">').format(
                           base, get_language(), THEME)
    return head


def _data(base: str, page: Page, known: Known, rendered: Rendered, running: str | None,
          words: dict[str, str]) -> dict[str, Any]:
    here = f"{base}page/lessons/{known.page.digest}/"
    data = {
        "base": base, "lesson": known.page.digest, "widgets": rendered.widgets,
        "modules": rendered.modules, "running": running, "kernel": f"{here}kernel",
        "trouble": f"{here}trouble",
        "states": f"{here}states?v={known.stamp}", "words": words,
        "phrases": questions.phrases(get_language()), **runtime.page_data(base), **page.data}
    if not rendered.ready:
        data["pending"] = f"{here}cells"
    return data


def texts(base: str, page: Page, known: Known, rendered: Rendered, running: str | None
          ) -> dict[str, str]:
    """Return the texts by the names of their places.

    Parameters
    ----------
    base
        The service's address.
    page
        With the header, footer and data of this reader.
    known, rendered
        The lesson and its page.
    running
        The reader's kernel, if she has one.
    """
    words = template_words()
    note = Markup('<p class="ct-notice">{}</p>').format(
        str(HostFailed())) if known.failed else Markup("")
    scripts = Markup("\n").join(
        Markup('<script type="module" src="{}"></script>').format(address)
        for address in (runtime.page_script(base), own(base, "questions.js")))
    voices = {f"voice:{cell}": str(voice_html(voice, words))
              for cell, voice in page.voices.items() if voice.get("url")}
    return {"head": str(_head(base, page, rendered)), "header": page.header,
            "footer": page.footer, "note": str(note), "scripts": str(scripts),
            "data": str(data_script(_data(base, page, known, rendered, running, words))),
            "assets": page.asset_base, **voices}
