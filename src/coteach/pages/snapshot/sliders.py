"""Snapshots of sliders: a range input where the live one has its handle, two for a range."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from coteach.i18n import gettext as _
from coteach.pages.snapshot.marks import (
    Drawing,
    State,
    attributes,
    description,
    entry,
    frame,
    label,
    named,
    number,
    option_labels,
    tag,
)

Draw = Callable[[Drawing, str, State], Markup]


def _slider_frame(drawing: Drawing, model_id: str, about: State, inputs: Markup, readout: str,
                  fill: str | None = None, **values: object) -> Markup:
    state = about["state"]
    upright = state.get("orientation") == "vertical"
    shown = tag("div", readout, class_="widget-readout", **values) if state.get(
        "readout", True) else Markup("")
    inner = label(state, f"ct-{model_id}-c") + tag(
        "div", inputs, class_="slider-container", style=fill) + shown
    return frame(drawing, about, "widget-slider " + (
        "widget-vslider widget-inline-vbox" if upright else "widget-hslider widget-inline-hbox"),
        inner)


def _slider(kind: str) -> Draw:
    def draw(drawing: Drawing, model_id: str, about: State) -> Markup:
        state = about["state"]
        pattern = str(state.get("readout_format", "d"))
        made = entry(model_id, state, kind, type="range", class_="ct-range",
                      min=state.get("min"), max=state.get("max"), step=state.get("step") or "any",
                      value=state.get("value"))
        return _slider_frame(drawing, model_id, about, made,
                             number(state.get("value"), pattern), data_ct_format=pattern)
    return draw


def _log_slider(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    base = state.get("base") or 10
    try:
        power = math.log(state["value"]) / math.log(base)
    except (ValueError, ZeroDivisionError, TypeError, KeyError):
        power = state.get("min", 0)
    pattern = str(state.get("readout_format", ".3g"))
    made = entry(model_id, state, f"log:{base}", type="range", class_="ct-range",
                  min=state.get("min"), max=state.get("max"), step=state.get("step") or "any",
                  value=f"{power:.12g}")
    return _slider_frame(drawing, model_id, about, made, number(state.get("value"), pattern),
                         data_ct_format=pattern)


def _two_ends(drawing: Drawing, model_id: str, about: State, kind: str, ends: list[Any],
              low: object, high: object, step: object, readout: str, **values: object) -> Markup:
    words = (_("from"), _("to"))
    inputs = Markup("").join(
        Markup("<input{}>").format(attributes(
            type="range", class_="ct-range ct-end", min=low, max=high, step=step, value=end,
            data_ct_model=model_id, data_ct_as=kind, data_ct_index=place,
            disabled=bool(about["state"].get("disabled")), autocomplete="off",
            aria_label=f"{description(about['state'])} {words[place]}".strip(),
            id=f"ct-{model_id}-c" if not place else None))
        for place, end in enumerate(ends[:2]))
    return _slider_frame(drawing, model_id, about, inputs, readout,
                         _between(ends, low, high), **values)


def _between(ends: list[Any], low: Any, high: Any) -> str | None:
    """Return where the filled part of a range is, for its style."""
    try:
        first, second = ((end - low) / (high - low) for end in ends[:2])
        return f"--ct-a:{first:.4g};--ct-b:{second:.4g}"
    except (TypeError, ValueError, ZeroDivisionError):
        return None


def _range_slider(kind: str) -> Draw:
    def draw(drawing: Drawing, model_id: str, about: State) -> Markup:
        state = about["state"]
        pattern = str(state.get("readout_format", "d"))
        ends = list(state.get("value") or (state.get("min"), state.get("max")))
        return _two_ends(drawing, model_id, about, kind, ends, state.get("min"), state.get("max"),
                         state.get("step") or "any",
                         " – ".join(number(end, pattern) for end in ends), data_ct_format=pattern)
    return draw


def _selection_slider(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    last = max(0, len(option_labels(state)) - 1)
    here = state.get("index") or 0
    made = entry(model_id, state, "index", type="range", class_="ct-range", min=0, max=last,
                  step=1, value=here,
                  aria_valuetext=named(state, here))
    return _slider_frame(drawing, model_id, about, made, named(state, here))


def _selection_range_slider(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    ends = list(state.get("index") or (0, 0))
    return _two_ends(drawing, model_id, about, "indexes", ends, 0,
                     max(0, len(option_labels(state)) - 1), 1,
                     "-".join(named(state, end) for end in ends))


DRAW: dict[str, Draw] = {
    "IntSliderModel": _slider("int"), "FloatSliderModel": _slider("float"),
    "FloatLogSliderModel": _log_slider,
    "IntRangeSliderModel": _range_slider("ints"), "FloatRangeSliderModel": _range_slider("floats"),
    "SelectionSliderModel": _selection_slider,
    "SelectionRangeSliderModel": _selection_range_slider,
}
