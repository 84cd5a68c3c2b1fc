"""Widgets as plain HTML, made from their recorded states: what a page shows before the first touch.

Rule: a snapshot has the elements and classes of the live widget, so nothing jumps when that takes
its place; its controls are real ones, and what is done to them before is carried over by page.js.
Text is escaped; HTML widgets and outputs are the lesson's own and as trusted as its cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from coteach.pages.snapshot import boxes, controls, sliders
from coteach.pages.snapshot.marks import Drawing, asleep

OutputsToHtml = Callable[[Sequence[Mapping[str, Any]]], str]
CONTROLS = "@jupyter-widgets/controls"
OUTPUT = "@jupyter-widgets/output"


def snapshot(state: Mapping[str, Any], model_id: str, outputs_to_html: OutputsToHtml) -> Markup:
    """Return the HTML of one widget and what is in it.

    Parameters
    ----------
    state
        The states of all widgets by id, each with `model_name`, `model_module` and `state`, as in
        the metadata of a notebook.
    model_id
        Which one.
    outputs_to_html
        Makes HTML of a list of outputs, for Output widgets.
    """
    return Drawing(state, outputs_to_html, _draw).model(model_id)


def _draw(drawing: Drawing, model_id: str, about: Mapping[str, Any]) -> Markup:
    name = str(about.get("model_name", ""))
    module = about.get("model_module")
    if module == CONTROLS:
        draw = sliders.DRAW.get(name) or controls.DRAW.get(name) or boxes.DRAW.get(name)
        if draw:
            return draw(drawing, model_id, about)
    if module == OUTPUT:
        return boxes.output(drawing, model_id, about)
    state = about.get("state", {})
    if state.get("_coteach") == "question" and isinstance(state.get("form"), str):
        return Markup(state["form"])  # noqa: S704  made by coteach_widgets, as trusted as a cell
    if state.get("_view_name") is None:
        return Markup("")  # a link, a style: nothing to see
    return asleep(drawing, model_id, about)
