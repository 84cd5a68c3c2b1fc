"""Snapshots of what holds other widgets: boxes, tabs, accordions, Output."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from coteach.pages.snapshot.marks import Drawing, State, frame, tag

BOX_STYLES = {"success", "info", "warning", "danger"}


def _box(*classes: str) -> Callable[[Drawing, str, State], Markup]:
    def draw(drawing: Drawing, model_id: str, about: State) -> Markup:
        state = about["state"]
        style = state.get("box_style")
        more = f" alert alert-{style}" if style in BOX_STYLES else ""
        children = Markup("").join(drawing.child(one) for one in state.get("children") or ())
        return frame(drawing, about, f"widget-container {' '.join(classes)}{more}", children)
    return draw


def _titles(state: State) -> list[str]:
    titles = list(state.get("titles") or ())
    return [str(titles[place]) if place < len(titles) else ""
            for place in range(len(state.get("children") or ()))]


def _accordion(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    parts = []
    for place, title in enumerate(_titles(state)):
        here = state.get("selected_index") == place
        head = tag("summary", Markup('<i class="fa fa-fw fa-caret-{}"></i>').format(
            "down" if here else "right") + tag("span", title),
            class_="jupyter-widget-Collapse-header", data_ct_model=model_id, data_ct_as="open",
            data_ct_index=place)
        body = tag("div", drawing.child(state["children"][place]),
                   class_="jupyter-widget-Collapse-contents")
        # Opens without any script too.
        parts.append(tag("details", head + body, open=here,
                         class_="jupyter-widget-Collapse"
                         + (" jupyter-widget-Collapse-open" if here else "")))
    return frame(drawing, about, "widget-accordion widget-container jupyter-widget-Accordion",
                 Markup("").join(parts))


def _tab(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    chosen = state.get("selected_index")
    tabs, panels = [], []
    for place, title in enumerate(_titles(state)):
        here = place == chosen
        tabs.append(tag("li", tag("div", title, class_="lm-TabBar-tabLabel"), role="tab",
                        tabindex="0", aria_selected="true" if here else "false",
                        class_="lm-TabBar-tab" + (" lm-mod-current" if here else ""),
                        data_ct_model=model_id, data_ct_as="open", data_ct_index=place))
        panels.append(tag("div", drawing.child(state["children"][place]), hidden=not here))
    bar = tag("div", tag("ul", Markup("").join(tabs), class_="lm-TabBar-content", role="tablist"),
              class_="lm-Widget lm-TabBar widget-tab-bar", data_orientation="horizontal")
    return frame(drawing, about, "lm-TabPanel widget-container jupyter-widget-tab widget-tab",
                 bar + tag("div", Markup("").join(panels), class_="widget-tab-contents"))


def _stack(drawing: Drawing, model_id: str, about: State) -> Markup:
    state = about["state"]
    chosen, children = state.get("selected_index"), list(state.get("children") or ())
    shown = children if chosen is None else children[chosen:chosen + 1]
    return frame(drawing, about, "widget-container widget-box widget-stack",
                 Markup("").join(drawing.child(one) for one in shown))


def output(drawing: Drawing, model_id: str, about: State) -> Markup:
    """Return an Output widget with what it shows."""
    inner = Markup(drawing.outputs_to_html(about["state"].get("outputs") or []))  # noqa: S704
    return frame(drawing, about, "jupyter-widgets-output-area jp-OutputArea widget-output", inner,
                 data_ct_output=model_id)


DRAW: dict[str, Callable[[Drawing, str, State], Markup]] = {
    "BoxModel": _box("widget-box"),
    "HBoxModel": _box("widget-box", "widget-hbox"),
    "VBoxModel": _box("widget-box", "widget-vbox"),
    "GridBoxModel": _box("widget-gridbox"),
    "AccordionModel": _accordion,
    "TabModel": _tab,
    "StackModel": _stack,
}
