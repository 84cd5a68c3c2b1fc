"""The questions of a page: which ones a lesson asks, and what makes their forms live.

Rule: which ones is read from the state of the lesson's widgets after it was run. The lesson's own
kernel says it, not a pupil's browser, so a teacher's view can trust the wording.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coteach_widgets import pages

VIEW = "application/vnd.jupyter.widget-view+json"
_SHOWN = ("kind", "prompt", "options", "unit", "axes")


def _models(state: Mapping[str, Any], model: str, seen: set[str]) -> list[str]:
    """Return a widget's id and those of what it holds (a box of questions), in order."""
    if model in seen or model not in state:
        return []
    seen.add(model)
    found = [model]
    for child in state[model].get("children", []):
        if isinstance(child, str) and child.startswith("IPY_MODEL_"):
            found += _models(state, child.removeprefix("IPY_MODEL_"), seen)
    return found


def questions_of(notebook: Any, state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the questions in the order of the page.

    Parameters
    ----------
    notebook
        The executed notebook.
    state
        Widget states by model id, as nbclient collects them.

    Returns
    -------
    list of dict
        ``cell`` (nbformat id), ``key`` (empty unless the author chose one), ``kind``, ``prompt``,
        ``options``, ``unit``, ``axes``.
    """
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            view = output.get("data", {}).get(VIEW)
            for model in _models(state, view["model_id"], seen) if view else []:
                if state[model].get("_coteach") != "question":
                    continue
                known = {name: state[model].get(name) for name in _SHOWN}
                # A key made from the prompt would be another in each language.
                key = state[model].get("key", "") if state[model].get("named") else ""
                found.append({"cell": str(cell.get("id", "")), "key": key, **known})
    return found


def script() -> bytes:
    """Return the module that makes the questions of a page live, without any runtime."""
    return pages.page_script("questions_page").encode()


def waiting_script() -> bytes:
    """Return the module that sends, from another page, what a closed class page left behind."""
    return pages.page_script("waiting_page").encode()


def style() -> bytes:
    """Return its style."""
    return pages.page_style("questions_page").encode()


def phrases(language: str, name: str = "questions_page") -> dict[str, Any]:
    """Return the words that a script uses, in a language; for the page's data under ``phrases``."""
    return pages.phrases(language, name)
