"""The parts that all snapshots are made of: attributes, layouts, labels, numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from coteach.i18n import gettext as _
from coteach.pages import formulas

LAYOUT = (
    "align_content", "align_items", "align_self", "border_top", "border_right", "border_bottom",
    "border_left", "bottom", "display", "flex", "flex_flow", "height", "justify_content",
    "justify_items", "left", "margin", "max_height", "max_width", "min_height", "min_width",
    "overflow", "order", "padding", "right", "top", "visibility", "width", "object_fit",
    "object_position", "grid_auto_columns", "grid_auto_flow", "grid_auto_rows", "grid_gap",
    "grid_template_rows", "grid_template_columns", "grid_template_areas", "grid_row",
    "grid_column", "grid_area")
"""What ipywidgets' Layout sets; names as there."""
NOT_CSS = re.compile(r"[;{}<>\\]|/\*|url\s*\(|expression", re.I)
STYLES = {"primary", "success", "info", "warning", "danger"}
MOST_DEPTH = 40
FORMAT = re.compile(r"(?P<comma>,)?(?:\.(?P<digits>\d{1,2}))?(?P<kind>[dfeg%])?")

State = Mapping[str, Any]


class Drawing:
    """One snapshot in the making: all states, and how to draw a model inside another one."""

    def __init__(self, states: State, outputs_to_html: Callable[[Sequence[Any]], str],
                 draw: Callable[[Drawing, str, State], Markup]) -> None:
        self.states = states
        self.outputs_to_html = outputs_to_html
        self._draw = draw
        self._open: list[str] = []

    def model(self, model_id: str) -> Markup:
        """Return the HTML of a model; one that holds itself or is not known is a calm block."""
        about = self.states.get(model_id)
        if not about or model_id in self._open or len(self._open) > MOST_DEPTH:
            return asleep(self, model_id, about or {})
        self._open.append(model_id)
        try:
            return self._draw(self, model_id, about)
        finally:
            self._open.pop()

    def child(self, reference: object) -> Markup:
        """Return the HTML of a model that another one refers to."""
        return self.model(reference_of(reference))

    def part(self, reference: object) -> State:
        """Return the state of a layout or style, empty when there is none."""
        about = self.states.get(reference_of(reference)) or {}
        return about.get("state") or {}


def reference_of(value: object) -> str:
    """Return the id in ``IPY_MODEL_<id>``."""
    return str(value).removeprefix("IPY_MODEL_")


def attributes(**values: object) -> Markup:
    """Return HTML attributes; True is one without a value, None and False are left out."""
    parts = [Markup(" {}").format(name.rstrip("_").replace("_", "-")) if value is True
             else Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), value)
             for name, value in values.items() if value is not None and value is not False]
    return Markup("").join(parts)


def tag(name: str, content: object = "", **values: object) -> Markup:
    """Return an element; the content is escaped unless it is HTML already."""
    return Markup("<{0}{1}>{2}</{0}>").format(name, attributes(**values), escape(content))


def css(values: State, names: Sequence[str]) -> str:
    """Return declarations for those of the names that have a harmless value."""
    found = []
    for name in names:
        value = values.get(name)
        if value not in (None, "") and not NOT_CSS.search(str(value)):
            found.append(f"{name.replace('_', '-')}:{value}")
    return ";".join(found)


def frame(drawing: Drawing, about: State, classes: str, content: object, *,
          element: str = "div", style: str = "", **values: object) -> Markup:
    """Return a widget's outermost element with its layout and the author's own classes."""
    state = about.get("state") or {}
    own = " ".join(str(name) for name in state.get("_dom_classes") or ())
    layout = css(drawing.part(state.get("layout")), LAYOUT)
    return tag(element, content, class_=f"jupyter-widgets {classes} {own}".strip(),
               style=";".join(part for part in (layout, style) if part) or None,
               title=state.get("tooltip") or None, **values)


def label(state: State, control: str | None) -> Markup:
    """Return the description before a control; nothing when there is none."""
    text = description(state)
    shown = Markup(formulas.in_line(text))  # noqa: S704  escaped there
    return tag("label", shown, class_="widget-label", for_=control) if text else Markup("")


def description(state: State) -> str:
    """Return the description as text, without its markup where it may have some."""
    text = str(state.get("description") or "")
    # Stripped of its markup and then escaped like any other text.
    return Markup(text).striptags() if state.get("description_allow_html") else text  # noqa: S704


def control(model_id: str, state: State, kind: str, **values: object) -> Markup:
    """Return the attributes that every control has."""
    described = description(state)
    return attributes(id=f"ct-{model_id}-c", data_ct_model=model_id, data_ct_as=kind,
                      disabled=bool(state.get("disabled")),
                      autocomplete="off",  # a reload shows what the kernel says
                      aria_label=None if described else state.get("tooltip") or _("Setting"),
                      **values)


def entry(model_id: str, state: State, kind: str, **values: object) -> Markup:
    """Return an input with the attributes that every control has."""
    return Markup("<input{}>").format(control(model_id, state, kind, **values))


def option_labels(state: State) -> list[str]:
    """Return what a selection offers, in words."""
    return [str(one) for one in state.get("_options_labels") or ()]


def named(state: State, place: object) -> str:
    """Return the words of one option, empty when there is none."""
    names = option_labels(state)
    return names[place] if isinstance(place, int) and 0 <= place < len(names) else ""


def style_class(state: State, name: str = "button_style") -> str:
    """Return the class of a coloured button, with a space before it."""
    return f" mod-{state[name]}" if state.get(name) in STYLES else ""


def number(value: object, pattern: str) -> str:
    """Write a number as d3-format does, for the patterns that sliders have."""
    match = FORMAT.fullmatch(pattern or "")
    if not isinstance(value, (int, float)) or not match or not math.isfinite(value):
        return str(value)
    kind = match["kind"] or ""
    digits, comma = match["digits"], match["comma"] or ""
    if kind == "d" or (not kind and not digits):
        text = f"{round(value):{comma}}" if kind else f"{value:{comma}}"
    elif kind == "g":
        text = f"{value:#{comma}.{digits or 6}g}".rstrip(".")
        text = re.sub(r"e([+-])0*(\d)", r"e\1\2", text)
    else:
        text = f"{value:{comma}.{digits or 6}{kind or 'g'}}"
        text = re.sub(r"e([+-])0*(\d)", r"e\1\2", text)
    return text.replace("-", "−", 1) if text.startswith("-") else text


def asleep(drawing: Drawing, model_id: str, about: State) -> Markup:
    """Return the calm block for a widget that only its own script can draw."""
    layout = drawing.part((about.get("state") or {}).get("layout"))
    height = str(layout.get("height") or layout.get("min_height") or "")
    if not re.fullmatch(r"\d{1,4}(?:\.\d+)?(?:px|em|rem)", height):
        height = "8rem"
    button = tag("button", _("Tap to start this part"), type="button", class_="ct-button ct-start")
    return tag("div", button, class_="ct-asleep", style=f"min-height:{height}",
               data_ct_model=model_id)
