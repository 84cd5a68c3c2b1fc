"""What every widget shares: its bundled script, its style, its language.

Rule: `{name}.js` is bundled with the shared `_*.js` into `bundles/{name}.js`; a widget reads that
one file and loads nothing from anywhere else.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import anywidget
import traitlets

HERE = Path(__file__).parent
LANGUAGES = ("zh-Hant", "vi")

_NOT_BUILT = """export default { render({ el }) {
  el.textContent = "This widget is not built. Run: python hatch_build.py widgets";
} };"""


def script(name: str) -> str:
    """Return a widget's bundled script."""
    file = HERE / "bundles" / f"{name}.js"
    return file.read_text(encoding="utf-8") if file.exists() else _NOT_BUILT


def style(*names: str) -> str:
    """Return the shared style and a widget's own."""
    return "\n".join((HERE / f"{name}.css").read_text(encoding="utf-8")
                     for name in ("_base", *names))


def catalogs() -> dict[str, Any]:
    """Return the widgets' words in each language: ``{tag: {msgid: msgstr}}``."""
    found = {}
    for tag in LANGUAGES:
        file = HERE / "locale" / f"{tag}.json"
        if file.exists():
            found[tag] = json.loads(file.read_text(encoding="utf-8"))
    return found


class CoteachWidget(anywidget.AnyWidget):
    """A widget with words.

    Parameters
    ----------
    language
        BCP 47 tag; the reader's own choice when empty.
    """

    language = traitlets.Unicode("").tag(sync=True)
    catalogs = traitlets.Dict().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        traits.setdefault("language", os.environ.get("COTEACH_LANGUAGE", ""))
        super().__init__(catalogs=catalogs(), **traits)
