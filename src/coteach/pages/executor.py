"""Running a notebook of ours cell by cell through Voila's executor; reports are made this way."""

from __future__ import annotations

from typing import Any

from traitlets.config import Config
from voila.execute import VoilaExecutor

MOST_OUTPUT = 4_000_000
"""Characters that one notebook may put on a page while it runs."""


class LessonExecutor(VoilaExecutor):
    """Runs the cells; stops listening to a notebook that floods the page."""

    said = 0

    def output(self, outs: Any, msg: Any, display_id: Any, cell_index: Any) -> Any:
        """Keep an output, until there were too many."""
        content = msg["content"]
        size = len(content.get("text", "")) + sum(
            len(str(value)) for value in content.get("data", {}).values())
        self.said += size
        if self.said > MOST_OUTPUT and msg["msg_type"] != "error":
            return None
        return super().output(outs, msg, display_id, cell_index)


def executor_config(seconds: int, **more: Any) -> Config:
    """Return the traits of the executor: each cell has some seconds, and none ends the lesson."""
    return Config({"LessonExecutor": {
        "timeout": seconds, "interrupt_on_timeout": True, "allow_errors": True,
        "startup_timeout": 60, "store_widget_state": True, **more}})
