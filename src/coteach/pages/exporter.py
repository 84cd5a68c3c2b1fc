"""Voila's exporter with coteach's template; everything rendered here comes through it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from voila.exporter import VoilaExporter, VoilaMarkdownRenderer
from voila.paths import collect_template_paths

from coteach.pages import formulas

TEMPLATES = Path(__file__).parent / "templates"
TEMPLATE = "coteach"


class AssetRenderer(VoilaMarkdownRenderer):
    """Leaves pictures of the lesson as files, so that a browser can keep them."""

    asset_base = ""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return the element of a picture; `assets/x.png` is served beside the page."""
        if url.startswith("assets/") and ".." not in url:
            url = self.asset_base + url.removeprefix("assets/")
        # Not Voila's: it asks a contents manager for files, and there is none here.
        return str(super(VoilaMarkdownRenderer, self).image(text, url, title))

    def inline_math(self, body: str) -> str:
        """Return a formula in a line."""
        return formulas.formula(body)

    def block_math(self, body: str) -> str:
        """Return a formula that stands by itself."""
        return formulas.formula(body, block=True)

    def latex_environment(self, name: str, body: str) -> str:
        """Return an environment of TeX; those of mathematics are formulas."""
        return formulas.formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", block=True)

    def table(self, text: str) -> str:
        """Return a table that scrolls in itself when it is wide."""
        return f'<div class="ct-scroll" tabindex="0"><table>\n{text}</table></div>\n'


class NoFiles:
    """Stands where Voila wants a contents manager; the notebook is handed over, never looked up."""

    def file_exists(self, path: str) -> bool:
        """Return False."""
        return False


def template_paths() -> list[str]:
    """Return where Voila's exporter looks for templates, coteach's own first."""
    return [str(TEMPLATES / TEMPLATE), *collect_template_paths(["voila", "nbconvert"], "lab",
                                                               prune=True)]


class Exporter:
    """An exporter for one template file; making one is slow, so it is kept.

    Not for several threads at once.
    """

    def __init__(self, template: str) -> None:
        self._exporter = VoilaExporter(
            template_paths=template_paths(), template_name=TEMPLATE, contents_manager=NoFiles(),
            theme="light", base_url="/")
        self._exporter.template_file = template
        self._exporter.register_filter("formulas", formulas.in_text)
        self._exporter.exclude_output_prompt = self._exporter.exclude_input_prompt = True

    def render(self, notebook: Any, resources: dict[str, Any], *, asset_base: str = "",
               sources: bool = False) -> str:
        """Return the HTML; not to be called inside an event loop."""
        self._exporter.exclude_input = not sources
        self._exporter.markdown_renderer_class = type(
            "LessonMarkdown", (AssetRenderer,), {"asset_base": asset_base})

        async def all_parts() -> str:
            parts = [part async for part, _resources in
                     self._exporter.generate_from_notebook_node(notebook, resources=resources)]
            return "".join(parts)

        return asyncio.run(all_parts())
