"""A lesson executed in a shell without threads, so that kernels can be forked from it.

Runs inside the sandbox. Widgets get ids that follow from the lesson and their order: so the page,
a host that was started anew and a kernel that runs alone mean the same widget by the same id.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import os
import signal
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import comm
import ipykernel.ipkernel  # noqa: F401  it puts its own comms in place, before ours
from ipykernel.comm.comm import BaseComm
from ipykernel.zmqshell import ZMQInteractiveShell
from traitlets.config import Config

from coteach.pages import drawing, kept
from coteach.pages.recorder import Recorder, RecordingSession, Stream

AGAIN = 2.0
"""Seconds after which a cell that caught its interruption is interrupted again."""
INLINE = "module://matplotlib_inline.backend_inline"


class CellTimeout(KeyboardInterrupt):
    """The cell had its seconds."""


class LessonShell(ZMQInteractiveShell):
    """IPython's shell of a kernel, before there is a kernel."""

    def enable_gui(self, gui: Any = None) -> None:
        """Take note of a graphical event loop; there is none here."""
        if isinstance(self.kernel, SimpleNamespace):
            self.active_eventloop = gui
        else:
            super().enable_gui(gui)


class LessonComm(BaseComm):
    """A widget's line: to the recorder first, to the page from a kernel that was forked."""

    recorder: Recorder
    digest = ""
    count = 0

    def __init__(self, *args: Any, **more: Any) -> None:
        if not more.get("comm_id"):
            cls = type(self)
            cls.count += 1
            text = f"{cls.digest}:{cls.count}".encode()
            more["comm_id"] = hashlib.sha256(text).hexdigest()[:32]
        super().__init__(*args, **more)

    def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None,
                    buffers: Any = None, **keys: Any) -> None:
        """Send a message to whoever listens now."""
        if self.recorder.recording:
            self.recorder.comm(msg_type, self.comm_id, data)
        else:
            super().publish_msg(msg_type, data, metadata, buffers, **keys)


def _stand_in(shell: LessonShell, recorder: Recorder) -> SimpleNamespace:
    """Return what code finds as `get_ipython().kernel` while the lesson is executed."""
    def respond(_stream: Any, kind: str, content: Any = None, **_more: Any) -> None:
        recorder.message(kind, content or {})

    return SimpleNamespace(
        get_parent=lambda *_channel: shell.get_parent(), send_response=respond, eventloop=None,
        iopub_socket=None, shell=shell, session=RecordingSession(recorder), execution_count=0,
        comm_manager=comm.get_comm_manager(), _allow_stdin=False)


class Execution:
    """One lesson, executed from its first cell to its last.

    Parameters
    ----------
    digest
        Names the lesson; widget ids follow from it.
    seconds
        What each cell has.
    """

    def __init__(self, digest: str, seconds: float) -> None:
        self.seconds = seconds
        self.recorder = Recorder()
        self.errors: list[dict[str, Any]] = []
        self._pid = kept.getpid()
        self._broken: list[asyncio.AbstractEventLoop] = []
        LessonComm.digest, LessonComm.recorder, LessonComm.count = digest, self.recorder, 0
        comm.create_comm = LessonComm
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        config = Config()
        config.HistoryManager.enabled = False
        config.IPCompleter.use_jedi = False
        self.shell = LessonShell.instance(config=config)
        session = RecordingSession(self.recorder)
        hook: Any = self.shell.displayhook
        publisher: Any = self.shell.display_pub
        hook.session = publisher.session = session
        self.hand_to(_stand_in(self.shell, self.recorder))
        sys.stdout = Stream(self.recorder, "stdout", 1)  # type: ignore[assignment]
        sys.stderr = Stream(self.recorder, "stderr", 2)  # type: ignore[assignment]
        sys.displayhook = self.shell.displayhook
        self._libraries()

    def hand_to(self, kernel: Any) -> None:
        """Put a kernel on the shell and on the comms that were made without one."""
        self.shell.kernel = LessonComm.kernel = kernel

    def _libraries(self) -> None:
        """Tell libraries that were imported before there was a shell that there is one."""
        os.environ.setdefault("MPLBACKEND", INLINE)
        with contextlib.suppress(ImportError):
            import ipywidgets
            ipywidgets.register_comm_target()
        drawing.install()
        if "matplotlib" in sys.modules:
            self.shell.enable_matplotlib("inline")

    def run(self, cells: list[dict[str, str]], before: Callable[[str], None]) -> None:
        """Execute code cells (``{"id", "source"}``); `before` is told each one's id."""
        for cell in cells:
            before(cell["id"])
            self.recorder.begin(cell["id"])
            header = {"msg_id": f"lesson-{cell['id']}", "msg_type": "execute_request",
                      "username": "", "session": "", "version": "5.3", "date": ""}
            self.shell.set_parent({"header": header, "msg_id": header["msg_id"],
                                   "parent_header": {}, "metadata": {}, "content": {}})
            # Not the values: a name that is deleted must end its object there and then.
            names = {name: id(value) for name, value in self.shell.user_ns.items()}
            others = kept.children()
            error = self._run_cell(cell["source"])
            if error is not None:
                self._note(cell["id"], error)
            if isinstance(error, MemoryError):
                self._give_back(names)
            if (new := kept.children() - others) and kept.collect_strays(new):
                self.errors.append({"cell": cell["id"], "ename": "", "evalue": "",
                                    "kind": "forked", "package": ""})

    def _give_back(self, names: dict[str, int]) -> None:
        """Forget what a cell made that took all memory; the rest of the lesson needs some."""
        space = self.shell.user_ns
        for name in [name for name, value in space.items() if names.get(name) != id(value)]:
            if not name.startswith("_"):
                del space[name]
        sys.last_type = sys.last_value = sys.last_traceback = None
        gc.collect()

    def _no_stray(self) -> None:
        """End a fork that the lesson made and that comes back here: there is one host."""
        if kept.getpid() != self._pid:
            kept.leave(kept.STRAY)

    def _whole_loop(self) -> None:
        """Have a loop that works, though a cell closed its files."""
        try:
            os.fstat(self.loop._selector.fileno())  # type: ignore[attr-defined]
        except (OSError, ValueError):
            # Kept: its end would close numbers that are somebody else's by now.
            self._broken.append(self.loop)
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)

    def _note(self, cell: str, error: BaseException) -> None:
        kind, package = "raised", ""
        if isinstance(error, CellTimeout):
            kind = "endless"
        elif isinstance(error, ModuleNotFoundError) and error.name:
            kind, package = "missing-package", error.name.partition(".")[0]
        elif isinstance(error, MemoryError):
            kind = "memory"
        self.errors.append({"cell": cell, "ename": type(error).__name__,
                            "evalue": str(error)[:500], "kind": kind, "package": package})
        place = self.recorder.cells[cell]
        if not any(output["output_type"] == "error" for output in place.outputs):
            place.add({"output_type": "error", "ename": type(error).__name__,
                       "evalue": str(error)[:500], "traceback": []})

    def _run_cell(self, source: str) -> BaseException | None:
        def stop(*_signal: Any) -> None:
            raise CellTimeout(f"longer than {self.seconds:g} seconds")

        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, self.seconds, AGAIN)
        try:
            result = self.loop.run_until_complete(self._in_loop(source))
            signal.setitimer(signal.ITIMER_REAL, 0)
            found = result.error_before_exec or result.error_in_exec
            return found if isinstance(found, BaseException) else None
        except BaseException as error:
            self._no_stray()
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._cancel_running()
            return error
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._whole_loop()

    async def _in_loop(self, source: str) -> Any:
        """Execute a cell as a kernel does: inside the running event loop."""
        try:
            return await self._in_shell(source)
        finally:
            self._no_stray()  # before it touches the loop, whose files it shares

    async def _in_shell(self, source: str) -> Any:
        shell = self.shell
        try:
            transformed, problem = shell.transform_cell(source), None
        except Exception:
            transformed, problem = source, sys.exc_info()
        if shell.should_run_async(source, transformed_cell=transformed,
                                  preprocessing_exc_tuple=problem):
            result = await shell.run_cell_async(
                source, store_history=True, transformed_cell=transformed,
                preprocessing_exc_tuple=problem)
            shell.events.trigger("post_execute")
            shell.events.trigger("post_run_cell", result)
        else:
            result = shell.run_cell(source, store_history=True)
        for _turn in range(3):  # tasks that the cell started get a turn before the next one
            await asyncio.sleep(0)
        return result

    def _cancel_running(self) -> None:
        """End what an interrupted cell was waiting for."""
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        if tasks:
            with contextlib.suppress(BaseException):
                self.loop.run_until_complete(asyncio.wait(tasks, timeout=1))

    def states(self) -> dict[str, Any]:
        """Return the states of all widgets, as the HTML manager of ipywidgets reads them."""
        found: dict[str, Any] = {}
        widgets = sys.modules.get("ipywidgets.widgets.widget")
        known = dict(widgets._instances) if widgets else {}
        for model, widget in known.items():
            with contextlib.suppress(Exception):
                found[model] = widget._get_embed_state(drop_defaults=False)
        for model, state in self.recorder.states.items():
            if model not in found and isinstance(state.get("_model_name"), str):
                found[model] = {
                    "model_name": state["_model_name"],
                    "model_module": state.get("_model_module", ""),
                    "model_module_version": state.get("_model_module_version", ""),
                    "state": state}
        return found

    def outputs(self) -> dict[str, Any]:
        """Return the outputs of the cells and whether they were cut."""
        return {cell: {"outputs": place.outputs, "cut": cell in self.recorder.cut}
                for cell, place in self.recorder.cells.items()}

    def end(self, *, keep_loop: bool) -> None:
        """Stop recording; from here on the shell belongs to a kernel."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        self.recorder.recording = False
        if not keep_loop:
            self.loop.close()
            asyncio.set_event_loop(None)
