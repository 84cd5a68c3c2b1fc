"""A lesson becomes a page once for each version and language; what differs is put in when served.

Rule: the page is made of what was recorded and is whole without a script. A nonce that no lesson
can know marks the places of what belongs to one pupil or one class.
"""

from __future__ import annotations

import asyncio
import contextvars
import copy
import json
import re
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import nbformat
from markupsafe import Markup, escape

from coteach.i18n import gettext as _
from coteach.pages import pictures
from coteach.pages.executed import Executed
from coteach.pages.exporter import Exporter
from coteach.pages.page import Page
from coteach.pages.views import Views
from coteach.pages.words import page_words


def template_words() -> dict[str, str]:
    """Return the sentences of the templates in the language in force."""
    return {
        **page_words(),
        "preparing": _("Getting the moving parts ready…"),
        "cut": _("There was more here than fits on this page."),
        "listen": _("Listen to this part"),
        "table": _("Table"),
        "text": _("Long text"),
    }


@dataclass
class Rendered:
    """A page with places for what differs from reader to reader."""

    nonce: str
    html: str
    cells: dict[str, str] = field(default_factory=dict)
    """The inside of each section that an executed cell has, for a page that shows the text."""
    widgets: bool = False
    """Whether a widget needs the runtime."""
    modules: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    ready: bool = True
    """False for the text alone, while the lesson is being executed."""

    def fill(self, texts: Mapping[str, str], text: str | None = None) -> str:
        """Return the page (or a part of it) with the places filled; unknown ones stay empty."""
        return re.sub(rf"ct-{self.nonce}-([\w:.-]+?)-end", lambda m: texts.get(m.group(1), ""),
                      self.html if text is None else text)


class Renderer:
    """Renders in a thread of its own, one page after the other.

    Parameters
    ----------
    file_address
        Gives the address of a picture: digest and file name.
    """

    def __init__(self, file_address: Callable[[str, str], str]) -> None:
        self._address = file_address
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="render")
        self._exporters: dict[str, Exporter] = {}

    def _exporter(self, template: str) -> Exporter:
        if template not in self._exporters:
            self._exporters[template] = Exporter(template)
        return self._exporters[template]

    async def render(self, page: Page, executed: Executed | None) -> Rendered:
        """Return a page in the language in force; the text alone when it was not executed yet."""
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, context.run, self._render, page, executed)

    def _render(self, page: Page, executed: Executed | None) -> Rendered:
        made = Rendered(secrets.token_hex(8), "", ready=executed is not None)
        words = template_words()
        notebook = copy.deepcopy(page.notebook)
        shown = executed or Executed({})

        def some_outputs(outputs: list[Any], widgets: dict[str, str]) -> str:
            pictures.sized(outputs)
            cell = nbformat.v4.new_code_cell("", outputs=nbformat.from_dict(outputs), id="o")
            return self._exporter("outputs.html.j2").render(
                nbformat.v4.new_notebook(cells=[cell]), {"widgets": widgets, "words": words})

        views = Views(shown.states, some_outputs)
        widgets: dict[str, str] = {}
        for cell in notebook.cells:
            if cell.cell_type == "code":
                # Warnings are for the author, in the notebook; a reader can do nothing about them.
                outputs = [copy.deepcopy(o) for o in shown.outputs.get(str(cell.id), [])
                           if o.get("name") != "stderr"]
                pictures.sized(outputs)
                widgets.update(views.all_of(outputs))
                cell.outputs = nbformat.from_dict(outputs)
        html = self._exporter("index.html.j2").render(
            notebook, self._resources(page, shown, made, widgets, words),
            asset_base=self._slot(made, "assets"), sources=page.show_sources)
        made.html, made.files = pictures.taken_out(
            pictures.taken_in(html, page.folder), lambda name: self._address(page.digest, name))
        made.widgets, made.modules = views.live, views.modules()
        self._split(made)
        return made

    @staticmethod
    def _slot(made: Rendered, name: str) -> str:
        return f"ct-{made.nonce}-{name}-end"

    def _resources(self, page: Page, shown: Executed, made: Rendered, widgets: dict[str, str],
                   words: dict[str, str]) -> dict[str, Any]:
        return {
            "language": page.language, "source_language": page.source_language,
            "language_code": page.language, "page_title": page.title, "notice": page.notice,
            "words": words, "ready": made.ready, "cut": shown.cut, "widgets": widgets,
            "slot": lambda name: Markup(self._slot(made, name)),  # noqa: S704  a name of ours
            "show_sources": page.show_sources, "show_tracebacks": page.show_tracebacks,
            "metadata": {"name": "lesson"}, "theme": "light", "base_url": "/"}

    @staticmethod
    def _split(made: Rendered) -> None:
        """Keep the inside of each executed section by itself, and take its marks away."""
        mark = re.compile(rf"ct-{made.nonce}-open:([\w-]+)-end(.*?)ct-{made.nonce}-close-end", re.S)
        made.cells = dict(mark.findall(made.html)) if made.ready else {}
        made.html = mark.sub(lambda found: found.group(2), made.html)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def data_script(data: Mapping[str, Any]) -> Markup:
    """Return data for scripts as the content of a script element."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704  nothing in it can end the element


def voice_html(voice: Mapping[str, str], words: Mapping[str, str]) -> Markup:
    """Return the recorded voice of a cell."""
    note = voice.get("note", "")
    return Markup('<div class="ct-voice"><audio controls preload="none" src="{}" lang="{}" '
                  'aria-label="{}"></audio>{}</div>').format(
        voice["url"], voice.get("language", ""), words["listen"],
        Markup('<p class="ct-voice-note">{}</p>').format(note) if note else "")


def stylesheet_links(addresses: tuple[str, ...] | list[str]) -> Markup:
    """Return the links of style sheets."""
    return Markup("\n").join(Markup('<link rel="stylesheet" href="{}">').format(escape(address))
                             for address in addresses)
