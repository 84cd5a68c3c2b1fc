"""Snapshots of controls: each one a form control with its label, as large as the live one.

`data-ct-model` and `data-ct-as` on a control tell page.js how to carry over what was done to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape
from tinycss2.color3 import RGBA, parse_color

from coteach.i18n import gettext as _
from coteach.pages import formulas
from coteach.pages.snapshot.marks import (
    LAYOUT,
    Drawing,
    State,
    attributes,
    control,
    css,
    description,
    entry,
    frame,
    label,
    number,
    option_labels,
    style_class,
    tag,
)

Draw = Callable[[Drawing, str, State], Markup]
BAR_STYLES = {"success", "info", "warning", "danger"}
IMAGE_FORMAT = re.compile(r"[a-z0-9.+-]{1,20}")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
NARROW = "\u200b"


def _row(drawing: Drawing, model_id: str, about: State, classes: str, control: object, *,
         key: str | None = None) -> Markup:
    name = None if key is None else f"ct-{model_id}-{key}"
    return frame(drawing, about, f"widget-inline-hbox {classes}",
                 label(about["state"], name) + Markup(control))  # noqa: S704


def _number(kind: str, step: str) -> Draw:
    def draw(drawing: Drawing, model_id: str, about: State) -> Markup:
        state = about["state"]
        return _row(drawing, model_id, about, "widget-text", entry(
            model_id, state, kind, type="number", min=state.get("min"), max=state.get("max"),
            step=state.get("step") or step, value=state.get("value"), required=True), key="c")
    return draw


def _text(kind: str = "text") -> Draw:
    def draw(drawing: Drawing, model_id: str, about: State) -> Markup:
        state = about["state"]
        options = [str(one) for one in state.get("options") or ()]
        made = entry(model_id, state, "text", type=kind, class_="widget-input",
                      value=state.get("value") if kind == "text" else None,
                      placeholder=state.get("placeholder") or None,
                      list=f"ct-{model_id}-list" if options else None)
        if options:
            made += tag("datalist", Markup("").join(
                Markup('<option value="{}"></option>').format(one) for one in options),
                id=f"ct-{model_id}-list")
        return _row(drawing, model_id, about, "widget-text", made, key="c")
    return draw


def _textarea(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    made = Markup("<textarea{}>\n{}</textarea>").format(control(
        model_id, state, "text", class_="widget-input", rows=state.get("rows"),
        placeholder=state.get("placeholder") or None), state.get("value") or "")
    return _row(drawing, model_id, about, "widget-textarea", made, key="c")


def _checkbox(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    before = tag("label", NARROW, class_="widget-label",
                 style=None if state.get("indent", True) else "display:none")
    made = entry(model_id, state, "bool", type="checkbox", checked=bool(state.get("value")))
    after = tag("label", made + tag("span", description(state)), class_="widget-label-basic")
    return frame(drawing, about, "widget-inline-hbox widget-checkbox", before + after)


def _icon(state: State) -> Markup:
    names = " ".join(f"fa-{name}" for name in str(state.get("icon") or "").split())
    return tag("i", "", class_=f"fa {names}", aria_hidden="true") if names else Markup("")


def _press(kind: str, classes: str) -> Draw:
    def draw(drawing: Drawing, model_id: str, about: State) -> Markup:
        state = about["state"]
        style = drawing.part(state.get("style"))
        colour = css({"background_color": style.get("button_color"),
                      "color": style.get("text_color"), "font_weight": style.get("font_weight")},
                     ("background_color", "color", "font_weight"))
        chosen = " mod-active" if kind == "toggle" and state.get("value") else ""
        text = str(state.get("description") or "")
        if kind == "start":  # an upload says how many files it has
            text += f" ({len(state.get('value') or ())})"
        return frame(drawing, about, f"jupyter-button {classes}{style_class(state)}{chosen}",
                     _icon(state) + (text or ("" if state.get("icon") else "\u00a0")),
                     element="button", style=colour, type="button", data_ct_model=model_id,
                     data_ct_as=kind, disabled=bool(state.get("disabled")),
                     aria_pressed=("true" if state.get("value") else "false")
                     if kind == "toggle" else None)
    return draw


def _valid(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    good = bool(state.get("value"))
    sign = tag("i", "", class_=f"fa fa-fw fa-{'check' if good else 'times'}", aria_hidden="true")
    readout = tag("span", state.get("readout") or "", class_="widget-valid-readout widget-readout")
    return _row(drawing, model_id, about,
                f"widget-valid mod-{'valid' if good else 'invalid'}", sign + readout)


def _select(classes: str, kind: str = "index", **more: object) -> Draw:
    def draw(drawing: Drawing, model_id: str, about: State) -> Markup:
        state = about["state"]
        index = state.get("index")
        chosen = set(index or ()) if kind == "indexes" else {index}
        options = Markup("").join(tag("option", name.replace(" ", "\u00a0"), value=place,
                                      selected=place in chosen)
                                  for place, name in enumerate(option_labels(state)))
        if kind == "index" and index is None:
            options = Markup('<option value="" selected hidden></option>') + options
        rows = None if classes == "widget-dropdown" else state.get("rows") or 5
        made = Markup("<select{}>{}</select>").format(
            control(model_id, state, kind, size=rows, **more), options)
        return _row(drawing, model_id, about, classes, made, key="c")
    return draw


def _radio(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    flow = "horizontal" if state.get("orientation") == "horizontal" else "vertical"
    choices = Markup("").join(tag("label", Markup("{}<input{}>").format(name, attributes(
        type="radio", name=f"ct-{model_id}", value=place, checked=place == state.get("index"),
        disabled=bool(state.get("disabled")), autocomplete="off", data_ct_model=model_id,
        data_ct_as="index")))
        for place, name in enumerate(option_labels(state)))
    return _row(drawing, model_id, about, "widget-radio", tag(
        "div", choices, class_=f"widget-radio-box widget-radio-box-{flow}", role="radiogroup",
        aria_label=description(state) or None))


def _toggle_buttons(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    buttons = Markup("").join(tag(
        "button", name or "\u00a0", type="button", value=place, data_ct_model=model_id,
        data_ct_as="index", disabled=bool(state.get("disabled")),
        aria_pressed="true" if place == state.get("index") else "false",
        class_="widget-toggle-button jupyter-button" + style_class(state) + (
            " mod-active" if place == state.get("index") else ""))
        for place, name in enumerate(option_labels(state)))
    return _row(drawing, model_id, about, "widget-toggle-buttons", tag("div", buttons))


def _html(classes: str, written: Callable[[str], str] = str) -> Draw:
    def draw(drawing: Drawing, model_id: str, about: State) -> Markup:
        state = about["state"]
        # The lesson's own HTML, trusted as the outputs of its cells are.
        inner = Markup(written(str(state.get("value") or "")))  # noqa: S704
        return _row(drawing, model_id, about, classes, tag(
            "div", inner, class_=f"{classes}-content"))
    return draw


def _label(drawing: Drawing, model_id: str, about: State) -> Markup:
    return frame(drawing, about, "widget-inline-hbox widget-label",
                 Markup(formulas.in_line(str(about["state"].get("value") or ""))))  # noqa: S704


def _share(state: State) -> str:
    """Return how much of a bar is full."""
    try:
        low, high, here = (float(state[name]) for name in ("min", "max", "value"))
        return f"{100 * min(1.0, max(0.0, (here - low) / (high - low))):.4g}%"
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return "0"


def _progress(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    share = _share(state)
    upright = state.get("orientation") == "vertical"
    style = state.get("bar_style")
    colour = css({"background_color": drawing.part(state.get("style")).get("bar_color")},
                 ("background_color",))
    bar = tag("div", "", class_="progress-bar" + (
        f" progress-bar-{style}" if style in BAR_STYLES else ""), style=(
        f"position:absolute;bottom:0;left:0;width:{'100%' if upright else share};"
        f"height:{share if upright else '100%'};{colour}"))
    inner = label(state, None) + tag("div", bar, class_="progress", style="position:relative",
                                     role="progressbar", aria_label=description(state) or None,
                                     aria_valuenow=state.get("value"),
                                     aria_valuemin=state.get("min"), aria_valuemax=state.get("max"))
    way = "v" if upright else "h"
    return frame(drawing, about, f"widget-inline-{way}box widget-{way}progress", inner)


def _image(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    kind = str(state.get("format") or "png")
    data = next((str(part.get("data") or "") for part in about.get("buffers") or ()
                 if list(part.get("path") or ()) == ["value"]
                 and part.get("encoding") == "base64"), "")
    if not IMAGE_FORMAT.fullmatch(kind) or not BASE64.fullmatch(data):
        data, kind = "", "png"
    source = f"data:image/{kind};base64,{data}"
    if kind == "url":
        source = ""
    if kind in ("svg", "svg+xml"):
        source = f"data:image/svg+xml;base64,{data}"
    layout = {name: re.fullmatch(r"\d{1,5}", str(state.get(name) or "")) and state.get(name)
              for name in ("width", "height")}
    own = " ".join(str(name) for name in state.get("_dom_classes") or ())
    return Markup("<img{}>").format(attributes(
        class_=f"jupyter-widgets widget-image {own}".strip(), src=source or None, alt="",
        style=css(drawing.part(state.get("layout")), LAYOUT) or None, **layout))


def _picker(classes: str, kind: str, write: Callable[[Any], str]) -> Draw:
    def draw(drawing: Drawing, model_id: str, about: State) -> Markup:
        state = about["state"]
        return _row(drawing, model_id, about, classes, entry(
            model_id, state, kind, type=kind, value=write(state.get("value"))), key="c")
    return draw


def _day(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    try:
        return f"{value['year']:04d}-{value['month'] + 1:02d}-{value['date']:02d}"
    except (KeyError, TypeError, ValueError):
        return ""


def _moment(value: Any) -> str:
    if not isinstance(value, dict) or not _day(value):
        return ""
    return f"{_day(value)}T{_clock(value)}"


def _clock(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    try:
        return f"{value['hours']:02d}:{value['minutes']:02d}"
    except (KeyError, TypeError, ValueError):
        return ""


def _hex(colour: str) -> str:
    """Return a colour of CSS (a name, short, with an alpha) as colour fields want it."""
    found = parse_color(colour)
    if not isinstance(found, RGBA):
        return "#000000"
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, part))):02x}" for part in found[:3])


def _colour(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    value = str(state.get("value") or "")
    field = "" if state.get("concise") else tag("div", Markup("<input{}>").format(attributes(
        type="text", value=value, data_ct_model=model_id, data_ct_as="text",
        aria_label=description(state) or _("Colour"))),
        class_="widget-inline-hbox widget-colorpicker-input")
    well = entry(model_id, state, "text", type="color",
                 value=_hex(value))
    return _row(drawing, model_id, about,
                "widget-colorpicker" + (" concise" if state.get("concise") else ""),
                Markup(field) + well, key="c")  # noqa: S704


def _tags(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    colours = about.get("model_name") == "ColorsInputModel"
    pattern = state.get("format")
    cross = tag("i", "", class_="fa fa-times jupyter-widget-tag-close", aria_hidden="true")
    tags = Markup("")
    for value in state.get("value") or ():
        if colours:
            shown = tag("span", value, class_="visually-hidden")
            classes = " jupyter-widget-colortag"
            style = css({"background_color": value}, ("background_color",)) or None
        else:
            shown = escape(number(value, str(pattern)) if pattern else value)
            classes, style = style_class(state, "tag_style"), None
        tags += tag("div", shown + cross, class_=f"jupyter-widget-tag{classes}", style=style)
    if not tags:
        tags = tag("div", Markup("<input{}>").format(attributes(
            type="text", size=len(str(state.get("placeholder") or NARROW)) + 1,
            placeholder=state.get("placeholder") or None, class_="jupyter-widget-tag "
            "jupyter-widget-taginput", aria_label=_("Setting"))), class_="widget-text",
            style="display:inline-block")
    return frame(drawing, about, "jupyter-widget-tagsinput", tags, tabindex="0")


def _play(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    off = bool(state.get("disabled"))
    buttons = [("play", "play", _("Play")), ("stop", "", _("Stop"))]
    if state.get("show_repeat", True):
        buttons.append(("repeat", "", _("Repeat")))
    inner = Markup("").join(tag(
        "button", tag("i", "", class_=f"fa fa-{icon}", aria_hidden="true"), type="button",
        class_="jupyter-button", aria_label=words, disabled=off,
        data_ct_model=model_id if kind else None, data_ct_as=kind or None)
        for icon, kind, words in buttons)
    return frame(drawing, about, "widget-inline-hbox widget-play", inner)


DRAW: dict[str, Draw] = {
    "IntTextModel": _number("int", "1"), "BoundedIntTextModel": _number("int", "1"),
    "FloatTextModel": _number("float", "any"), "BoundedFloatTextModel": _number("float", "any"),
    "TextModel": _text(), "PasswordModel": _text("password"), "ComboboxModel": _text(),
    "TextareaModel": _textarea,
    "CheckboxModel": _checkbox, "ToggleButtonModel": _press("toggle", "widget-toggle-button"),
    "ValidModel": _valid, "ButtonModel": _press("press", "widget-button"),
    "FileUploadModel": _press("start", "widget-upload"),
    "DropdownModel": _select("widget-dropdown"), "SelectModel": _select("widget-select"),
    "SelectMultipleModel": _select("widget-select widget-select-multiple", "indexes",
                                   multiple=True),
    "RadioButtonsModel": _radio, "ToggleButtonsModel": _toggle_buttons,
    "HTMLModel": _html("widget-html"), "HTMLMathModel": _html("widget-htmlmath", formulas.in_html),
    "LabelModel": _label,
    "IntProgressModel": _progress, "FloatProgressModel": _progress, "ImageModel": _image,
    "DatePickerModel": _picker("widget-datepicker", "date", _day),
    "TimeModel": _picker("widget-timepicker", "time", _clock),
    "DatetimeModel": _picker("widget-datetimepicker", "datetime-local", _moment),
    "NaiveDatetimeModel": _picker("widget-datetimepicker", "datetime-local", _moment),
    "TagsInputModel": _tags, "ColorsInputModel": _tags, "IntsInputModel": _tags,
    "FloatsInputModel": _tags, "ColorPickerModel": _colour, "PlayModel": _play,
}
