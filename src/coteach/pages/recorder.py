"""What a lesson shows while it is executed, written down as a front end would have shown it.

Runs inside the lesson's sandbox and knows no browser: it takes the place of the kernel's session
and of standard output, keeps outputs as nbformat has them, plays the front end of Output widgets,
and cuts what floods. A print of 100 MB costs neither memory nor time.
"""

from __future__ import annotations

import sys
from typing import Any

from jupyter_client.session import Session

from coteach.written import Written

MOST_TEXT_OF_CELL = 30_000
"""Characters that one cell may print."""
MOST_TEXT = 300_000
MOST_RICH_OF_ONE = 8_000_000
"""Characters of one picture, table or other rich output (base64 for binary ones)."""
MOST_RICH = 24_000_000
MOST_OUTPUTS_OF_CELL = 500

Output = dict[str, Any]


class Place:
    """Where outputs go: a cell, or an Output widget that captures."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.clear_before_next = False

    def clear(self, wait: bool) -> None:
        """Forget the outputs, now or when the next one comes."""
        if wait:
            self.clear_before_next = True
        else:
            self.outputs.clear()

    def add(self, output: Output) -> None:
        """Take an output; text of the same stream grows together."""
        if self.clear_before_next:
            self.outputs.clear()
            self.clear_before_next = False
        last = self.outputs[-1] if self.outputs else None
        if (last and output["output_type"] == last["output_type"] == "stream"
                and output["name"] == last["name"]):
            last["text"] += output["text"]
        else:
            self.outputs.append(output)


class Recorder:
    """Receives what the shell publishes; `begin` names the cell that it belongs to."""

    def __init__(self) -> None:
        self.recording = True
        self.cells: dict[str, Place] = {}
        self.cut: set[str] = set()
        """Cells that had more to show than is kept."""
        self._cell = ""
        self._text = self._rich = self._cell_text = 0
        self._captures: list[str] = []
        """Output widgets that capture, the innermost last."""
        self._widgets: dict[str, Place] = {}
        self._by_display_id: dict[str, list[Output]] = {}
        self.states: dict[str, dict[str, Any]] = {}
        """What comms said about widgets, for those that ipywidgets does not know."""

    def begin(self, cell: str) -> None:
        """Say which cell is executed from here on."""
        self._cell = cell
        self._cell_text = 0
        self.cells[cell] = Place()
        self._captures.clear()

    @property
    def _place(self) -> Place:
        return (self._widgets[self._captures[-1]] if self._captures
                else self.cells.setdefault(self._cell, Place()))

    def text(self, name: str, text: str) -> None:
        """Take printed text, as much of it as there is room for."""
        room = min(MOST_TEXT_OF_CELL - self._cell_text, MOST_TEXT - self._text)
        if room <= 0 or not text:
            self._cut(bool(text))
            return
        self._cut(len(text) > room)
        kept = text[:room]
        self._cell_text += len(kept)
        self._text += len(kept)
        self._add({"output_type": "stream", "name": name, "text": kept})

    def message(self, kind: str, content: dict[str, Any]) -> None:
        """Take a message of the shell's session."""
        if not self.recording:
            return
        if kind in ("display_data", "execute_result"):
            self._show(kind, content)
        elif kind == "update_display_data":
            self._update(content)
        elif kind == "clear_output":
            self._place.clear(bool(content.get("wait")))
            self._sync()
        elif kind == "error":
            self._add({"output_type": "error", "ename": str(content.get("ename")),
                       "evalue": str(content.get("evalue"))[:2000],
                       "traceback": [str(line)[:2000] for line in content.get("traceback") or []]})
        elif kind == "stream":
            self.text(str(content.get("name")), str(content.get("text")))

    def _show(self, kind: str, content: dict[str, Any]) -> None:
        data = self._kept(content.get("data") or {})
        if data is None:
            return
        output = {"output_type": kind, "data": data, "metadata": content.get("metadata") or {}}
        if kind == "execute_result":
            output["execution_count"] = None
        self._add(output)
        shown = (content.get("transient") or {}).get("display_id")
        if shown:
            self._by_display_id.setdefault(str(shown), []).append(output)

    def _update(self, content: dict[str, Any]) -> None:
        shown = str((content.get("transient") or {}).get("display_id"))
        data = self._kept(content.get("data") or {})
        if data is not None:
            for output in self._by_display_id.get(shown, []):
                output["data"] = data
                output["metadata"] = content.get("metadata") or {}
            self._sync()

    def _kept(self, data: dict[str, Any]) -> dict[str, Any] | None:
        sizes = {mime: len(value if isinstance(value, str) else str(value))
                 for mime, value in data.items()}
        size = sum(sizes.values())
        if size > MOST_RICH_OF_ONE:
            # The plain form may still say what it was.
            plain = str(data.get("text/plain", ""))[:1000]
            self._cut(True)
            data, size = ({"text/plain": plain}, len(plain)) if plain else ({}, 0)
        if self._rich + size > MOST_RICH:
            self._cut(True)
            return None
        self._rich += size
        return data or None

    def _add(self, output: Output) -> None:
        place = self._place
        grows = (output["output_type"] == "stream" and place.outputs
                 and place.outputs[-1].get("name") == output["name"])
        if len(place.outputs) >= MOST_OUTPUTS_OF_CELL and not grows:
            self._cut(True)
            return
        place.add(output)
        self._sync()

    def _cut(self, really: bool) -> None:
        if really and self._cell:
            self.cut.add(self._cell)

    def comm(self, kind: str, comm_id: str, data: dict[str, Any] | None) -> None:
        """Take a message of a widget's comm."""
        state = (data or {}).get("state")
        if kind == "comm_close":
            self.states.pop(comm_id, None)
            return
        if not isinstance(state, dict):
            return
        self.states.setdefault(comm_id, {}).update(state)
        if "msg_id" in state and self.states[comm_id].get("_model_name") == "OutputModel":
            if state["msg_id"]:
                self._widgets.setdefault(comm_id, Place())
                if comm_id not in self._captures:
                    self._captures.append(comm_id)
            elif comm_id in self._captures:
                self._captures.remove(comm_id)

    def _sync(self) -> None:
        """Tell the Output widget what it holds, as its front end does."""
        if not self._captures:
            return
        captured = self._captures[-1]
        widgets = sys.modules.get("ipywidgets.widgets.widget")
        widget = widgets._instances.get(captured) if widgets else None
        if widget is not None:
            widget.set_state({"outputs": [dict(o) for o in self._widgets[captured].outputs]})


class RecordingSession(Session):
    """A session whose other end is the recorder."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(key=b"")
        self.recorder = recorder

    def send(self, _stream: Any, msg_or_type: Any, content: Any = None,  # type: ignore[override]
             *_more: Any, **_names: Any) -> None:
        """Take a message."""
        if isinstance(msg_or_type, dict):
            self.recorder.message(msg_or_type["header"]["msg_type"], msg_or_type["content"])
        else:
            self.recorder.message(str(msg_or_type), content or {})


class Stream(Written):
    """Standard output and error of a lesson.

    Who kept a reference to it (a log handler) writes to the kernel's own stream later.
    """

    def __init__(self, recorder: Recorder, label: str, number: int) -> None:
        super().__init__(label, number)
        self._recorder = recorder

    def set_parent(self, _parent: Any) -> None:
        """Nothing to do; `Recorder.begin` says it."""

    def take(self, text: str) -> None:
        """Keep text."""
        if self._recorder.recording:
            self._recorder.text(self._label, text)
        else:
            now = getattr(sys, self._label)
            if now is not self:
                now.write(text)
