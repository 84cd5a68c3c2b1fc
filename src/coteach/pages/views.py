"""Widgets on a page that has no script yet: snapshots, and the forms of questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from coteach.pages.questions import VIEW
from coteach.pages.snapshot import snapshot

States = Mapping[str, Mapping[str, Any]]
OWN_MODULES = ("@jupyter-widgets/base", "@jupyter-widgets/controls", "@jupyter-widgets/output")
_DEEP = 6
_BOXES = {"BoxModel", "HBoxModel", "VBoxModel", "GridBoxModel"}


def model_of(output: Mapping[str, Any]) -> str | None:
    """Return the id of the widget that an output shows."""
    view = (output.get("data") or {}).get(VIEW)
    model = view.get("model_id") if isinstance(view, Mapping) else None
    return model if isinstance(model, str) else None


def _question(states: States, model: str) -> str | None:
    """Return a question's form; None when the model is something else."""
    state = states.get(model, {}).get("state", {})
    form = state.get("form")
    return form if state.get("_coteach") == "question" and isinstance(form, str) else None


def _only_questions(states: States, model: str, deep: int = 0) -> list[str] | None:
    """Return the forms of a question or of a box that holds only questions, else None."""
    form = _question(states, model)
    if form is not None:
        return [form]
    about = states.get(model, {})
    children = about.get("state", {}).get("children")
    if about.get("model_name") not in _BOXES or not children or deep > _DEEP:
        return None
    found: list[str] = []
    for child in children:
        forms = _only_questions(states, str(child).removeprefix("IPY_MODEL_"), deep + 1)
        if forms is None:
            return None
        found += forms
    return found


class Views:
    """The HTML of the widgets of one lesson.

    Parameters
    ----------
    states
        All of them.
    outputs_to_html
        Renders outputs whose widgets are given as HTML already.
    """

    def __init__(self, states: States,
                 outputs_to_html: Callable[[list[Any], dict[str, str]], str]) -> None:
        self._states = states
        self._outputs = outputs_to_html
        self._deep = 0
        self.live = False
        """Whether one needs the runtime."""

    def of(self, model: str) -> str:
        """Return what stands in a widget's place."""
        if model not in self._states:
            return ""
        forms = _only_questions(self._states, model)
        if forms is not None:
            return "\n".join(forms)
        self.live = True
        return Markup('<div class="ct-widget" data-model-id="{}">{}</div>').format(
            model, snapshot(self._states, model, self._inner))

    def all_of(self, outputs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Return what stands in the place of each widget that these outputs show."""
        models = [model_of(output) for output in outputs]
        return {model: self.of(model) for model in models if model is not None}

    def _inner(self, outputs: Sequence[Mapping[str, Any]]) -> Markup:
        """Render the outputs that an Output widget holds."""
        if self._deep >= _DEEP:
            return Markup("")
        self._deep += 1
        try:
            kept = list(outputs)
            return Markup(self._outputs(kept, self.all_of(kept)))  # noqa: S704  the lesson's own
        finally:
            self._deep -= 1

    def modules(self) -> list[str]:
        """Return the modules of other packages that the widgets are made of."""
        found = set()
        for about in self._states.values():
            state = about.get("state", {})
            for name in (about.get("model_module"), state.get("_view_module")):
                if (isinstance(name, str) and name and name not in OWN_MODULES
                        and state.get("_coteach") != "question"):
                    found.add(name)
        return sorted(found)
