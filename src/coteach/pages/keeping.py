"""What a visitor's kernel remembers for its page, so that the page need not say it back.

Runs in the visitor's kernel. Stock front ends send every plot of an Output widget back to the
kernel, which then echoes it: twice the bytes of the plot over a line that may be slow. Here the
kernel itself notes what an Output widget shows; a reload or a second tab asks for it. What an
Output widget showed when the lesson was recorded is in the page already and is not sent again.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

from coteach.pages.recorder import Place

MOST_OUTPUTS = 200
MOST_TEXT = 200_000
VIEW = "application/vnd.jupyter.widget-view+json"
RECORDED = "recorded"
"""The kind of an output that stands for all that the page shows already."""
KINDS = ("display_data", "execute_result", "stream", "error", "clear_output")


def _widgets() -> list[Any]:
    module = sys.modules.get("ipywidgets.widgets.widget")
    return list(module._instances.values()) if module else []


def _still(outputs: Any) -> bool:
    """Say whether there are outputs, and nothing in them that moves or runs."""
    kinds = [output.get("data") or {} for output in outputs]
    return bool(kinds) and not any(
        VIEW in data or "<script" in str(data.get("text/html", "")) for data in kinds)


def drop_scripts_of_questions() -> None:
    """Let go of what the page has already: questions are plain forms there."""
    for widget in _widgets():
        if getattr(widget, "_coteach", "") == "question":
            for name in ("_esm", "_css"):
                if name in widget._trait_values:
                    widget._trait_values[name] = ""


class Keeper:
    """Stands before a session's `send` and notes what Output widgets capture."""

    def __init__(self, send: Callable[..., Any], *, recorded: bool = True) -> None:
        self._send = send
        self._places: dict[str, Place] = {}
        self._recorded = {widget.model_id: widget.outputs for widget in _widgets()
                          if recorded and _still(getattr(widget, "outputs", ()))}

    def __call__(self, stream: Any, message: Any, content: Any = None, parent: Any = None,
                 *more: Any, **names: Any) -> Any:
        """Note a message and send it."""
        # A widget that is built in an unusual way must not cost the message.
        with contextlib.suppress(Exception):
            if isinstance(message, dict):
                self.note(message["header"]["msg_type"], message["content"],
                          message.get("parent_header"))
            else:
                if message == "comm_msg":
                    self._shorten(content["data"])
                self.note(str(message), content, (parent or {}).get("header", parent))
        return self._send(stream, message, content, parent, *more, **names)

    def note(self, kind: str, content: Any, parent: Any) -> None:
        """Take note of an output, if an Output widget captures what its parent caused."""
        if kind == "update_display_data":
            self._update(content)
            return
        cause = (parent or {}).get("msg_id") if kind in KINDS else None
        if not cause:
            return
        for widget in _widgets():
            if getattr(widget, "msg_id", None) == cause and hasattr(widget, "outputs"):
                self._add(widget, kind, content)

    def _shorten(self, data: dict[str, Any]) -> None:
        """Say of outputs that are as they were recorded no more than that."""
        if data.get("method") != "update_states":
            return
        for widget in _widgets():
            recorded = self._recorded.get(widget.model_id)
            if recorded is not None and widget.outputs is recorded:
                data["states"][widget.model_id]["state"]["outputs"] = [{"output_type": RECORDED}]

    def _add(self, widget: Any, kind: str, content: dict[str, Any]) -> None:
        place = self._places.setdefault(widget.model_id, Place())
        place.outputs = [dict(output) for output in widget.outputs]
        if kind == "clear_output":
            place.clear(bool(content.get("wait")))
        else:
            place.add({"output_type": kind, **content, **(
                {"traceback": [f"{content.get('ename')}: {content.get('evalue')}"]}
                if kind == "error" else {})})
            last = place.outputs[-1]
            if kind == "stream":
                last["text"] = last["text"][-MOST_TEXT:]
        # Past the trait's own ways: those would tell the page what it was just told.
        widget._trait_values["outputs"] = tuple(place.outputs[-MOST_OUTPUTS:])

    def _update(self, content: dict[str, Any]) -> None:
        shown = (content.get("transient") or {}).get("display_id")
        for widget in _widgets():
            for output in getattr(widget, "outputs", ()) if shown else ():
                if (output.get("transient") or {}).get("display_id") == shown:
                    output.update(data=content.get("data"), metadata=content.get("metadata"))


def keep(session: Any, *, recorded: bool) -> None:
    """Let a kernel's session remember.

    Parameters
    ----------
    recorded
        Whether the kernel is of the very execution that the page was made of.
    """
    drop_scripts_of_questions()
    session.send = Keeper(session.send, recorded=recorded)
