"""IPython's shell without a kernel, a socket or a thread: cells in, outputs out.

It is made in the template, so each run has it ready. Both processes use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from coteach.grading.engine import traces
from coteach.grading.engine.outputs import Outputs
from coteach.written import Written

AGAIN = 1.0
"""Seconds after which a cell that caught its interruption is interrupted again."""


class CellTimeout(KeyboardInterrupt):
    """The cell had its seconds."""


class _Hook(DisplayHook):
    """Shows a cell's last expression."""

    def write_output_prompt(self) -> None:
        """A notebook has none."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Keep the result."""
        shell: Any = self.shell
        shell.outputs.show("execute_result", dict(format_dict), dict(md_dict or {}),
                           self.prompt_count)

    def finish_displayhook(self) -> None:
        """Nothing is written after it."""
        self._is_active = False

    def quiet(self) -> bool:
        """Look at the cell itself: there is no history here."""
        shell: Any = self.shell
        return self.semicolon_at_end_of_expression(shell.source)


class _Publisher(DisplayPublisher):
    """Takes what `display` shows."""

    def publish(self, data: Any, metadata: Any = None, *_more: Any,  # type: ignore[override]
                transient: Any = None, update: bool = False, **_names: Any) -> None:
        """Keep or renew a rich output."""
        shell: Any = self.shell
        name = str((transient or {}).get("display_id", ""))
        if update and name in shell.displays:
            shell.displays[name].update(data=dict(data), metadata=dict(metadata or {}))
            return
        shown = shell.outputs.show("display_data", dict(data), dict(metadata or {}))
        if name:
            shell.displays[name] = shown

    def clear_output(self, wait: bool = False) -> None:
        """Forget the cell's outputs."""
        self.shell.outputs.clear(wait)


class Shell(InteractiveShell):
    """The shell of one run."""

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)

    def __init__(self, **names: Any) -> None:
        self.outputs = Outputs(0)
        self.displays: dict[str, Any] = {}
        self.source = ""
        super().__init__(**names)

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window here."""

    def showtraceback(self, *given: Any, **names: Any) -> None:
        """Keep the exception that is handled now."""
        _etype, error, _trace = self._get_exc_info(given[0] if given else names.get("exc_tuple"))
        if isinstance(error, SyntaxError) or type(error).__name__ == "UsageError":
            super().showtraceback(*given, **names)
        else:
            self.outputs.error(traces.name(error), traces.said(error), traces.lines(error))

    def _format_exception_for_storage(self, exception: BaseException, *_more: Any,
                                      **_names: Any) -> dict[str, Any]:
        """Spare the history a traceback: nobody looks it up, and IPython's takes long to make."""
        return {"ename": traces.name(exception), "evalue": traces.said(exception)[:1000],
                "traceback": []}

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        self.outputs.error(getattr(etype, "__name__", str(etype)), traces.said(evalue), list(stb))

    def system(self, cmd: str) -> None:
        """Run a program and show what it writes."""
        import subprocess

        done = subprocess.run(self.var_expand(cmd, depth=1), shell=True,  # noqa: S602
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        print(done.stdout.decode("utf-8", "replace"), end="")
        self.user_ns["_exit_code"] = done.returncode

    def begin(self, source: str, outputs: Outputs) -> None:
        """Say where what the next cell shows goes."""
        self.source, self.outputs = source, outputs
        self.displays.clear()


class Stream(Written):
    """Standard output or error: what is written goes to `taker`.

    Parameters
    ----------
    taker
        Called with the stream's name and a text.
    """

    def __init__(self, label: str, number: int, taker: Any) -> None:
        super().__init__(label, number)
        self._taker = taker

    def take(self, text: str) -> None:
        """Hand text on."""
        self._taker(self._label, text)


def make() -> Shell:
    """Return the shell of this process; in the template, before anybody's code."""
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    config = Config()
    config.HistoryManager.enabled = False
    config.IPCompleter.use_jedi = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Context"
    hook = sys.displayhook, sys.excepthook
    shell: Shell = Shell.instance(config=config)
    sys.displayhook, sys.excepthook = hook
    if "matplotlib" in sys.modules:
        with contextlib.suppress(Exception):
            shell.enable_matplotlib("inline")
    return shell


def run_cell(shell: Shell, source: str, outputs: Outputs, seconds: float,
             hold: Callable[[], bool] = lambda: False) -> BaseException | None:
    """Execute a cell; return what it raised. What it shows goes to `outputs`.

    Parameters
    ----------
    hold
        Says that the cell waits for something that has an end of its own.
    """
    began = time.monotonic()

    def stop(*_signal: Any) -> None:
        # A timer of the cell's own is none of ours.
        if time.monotonic() - began >= seconds - 0.05 and not hold():
            raise CellTimeout(f"longer than {seconds:g} seconds")

    shell.begin(source, outputs)
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        result = shell.run_cell(source, store_history=True)
        found = result.error_before_exec or result.error_in_exec
    except BaseException as error:
        found = error
        outputs.error(traces.name(error), traces.said(error), traces.lines(error))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if isinstance(found, asyncio.CancelledError):
        found = CellTimeout(str(found))
    return found if isinstance(found, BaseException) else None
