"""The tests' process: has the student's process execute her cells, and executes the tests itself.

It is forked from the template into the sandbox, divides itself before it knows any test, and tells
the engine of each cell as soon as it is done.
"""

from __future__ import annotations

import contextlib
import os
import resource
import secrets
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from coteach.grading.engine import border, chance, messages, modules, shell, student, warm
from coteach.grading.engine.asking import GRACE, Asker
from coteach.grading.engine.errors import AnswerEnded, NotAcross
from coteach.grading.engine.outputs import Outputs, clean
from coteach.grading.engine.protocol import Line, LineBroken, LineTimeout
from coteach.grading.engine.proxies import Mirror
from coteach.grading.engine.space import Names
from coteach.grading.engine.touched import touched

FOLDER = "/tmp/work"  # noqa: S108  private to the sandbox
HOME = "/home/me"
ENDED_LINE = 10.0
READY_SECONDS = 30.0
BESIDE = "### BESIDE"


class _Result:
    """What the display hook of the tests' process makes of a last expression."""

    def __init__(self, hook: Any) -> None:
        self._hook = hook

    def __call__(self, result: Any = None) -> None:
        """Show a value; an object of the answer is shown as text, never as a result."""
        if isinstance(type(result), Mirror):
            with contextlib.suppress(Exception):
                print(repr(result))
            return
        self._hook(result)


class Tests:
    """One run.

    Parameters
    ----------
    line
        To the engine.
    spec
        ``seed``, ``seconds``, ``text``, ``answers``, ``apart`` and the bounds.
    """

    def __init__(self, line: Line, spec: dict[str, Any], asker: Asker) -> None:
        self.line, self.spec, self.asker = line, spec, asker
        self.text = int(spec["text"])
        self.seconds = float(spec["seconds"])
        self.shell = warm.shell
        answers = spec["answers"]
        self.answers = None if answers is None else frozenset(answers)
        self.names = Names(self.shell.user_ns, asker, self.answers or ())
        self._take_names()
        self.outputs = Outputs(self.text)
        sys.stdout = shell.Stream("stdout", 1, self._said)  # type: ignore[assignment]
        sys.stderr = shell.Stream("stderr", 2, self._said)  # type: ignore[assignment]

    def _take_names(self) -> None:
        from IPython.core.interactiveshell import make_main_module_type

        self.shell.user_ns = self.names
        self.shell.user_module = make_main_module_type(self.names)()
        sys.modules["__main__"] = self.shell.user_module
        hook = self.shell.display_trap.hook
        self.shell.display_trap.hook = _Result(hook)

    def _said(self, name: str, text: str) -> None:
        self.outputs.stream(name, text)

    def run(self, cells: list[list[Any]]) -> None:
        """Run cells (id, source, kind, beside) and tell of each."""
        for name, source, kind, beside in cells:
            self.line.send(["begin", name], None, time.monotonic() + ENDED_LINE)
            if kind == "test":
                found = self._test(source, bool(beside))
            else:
                found = self._theirs(source)
                if kind == "given":
                    self._given(source)
                else:
                    self.names.theirs(
                        touched(source) if self.answers is None else self.answers)
            self._tell(name, *found)

    def _tell(self, name: str, outputs: list[Any], status: str, beside: bool, message: str) -> None:
        """Tell of a cell; what went wrong is among its outputs, where others look for it."""
        if status in ("error", "timeout") and not any(
                output["output_type"] == "error" for output in outputs):
            title = "CellTimeoutError" if status == "timeout" else "AnswerEnded"
            outputs.append({"output_type": "error", "ename": title, "traceback": [],
                            "evalue": messages.english(message)})
        self.line.send(["cell", name, outputs, status, beside, message], None,
                       time.monotonic() + ENDED_LINE)

    # -- cells of the student's process ---------------------------------------------------------

    def _theirs(self, source: str) -> list[Any]:
        """Have a cell executed over there; return outputs, status, beside, message."""
        asker = self.asker
        asker.epoch += 1
        if asker.dead:
            return [[], "not-run", False, asker.dead]
        asker.until = time.monotonic() + self.seconds + GRACE
        try:
            asker.send(["run", source, self.seconds])
            return self._ran()
        except LineTimeout:
            asker.keeper.interrupt()
            asker.until = time.monotonic() + GRACE
            with contextlib.suppress(LineTimeout, AnswerEnded):
                return [self._ran()[0], "timeout", False, "timeout"]
            asker.end("stuck")
            return [[], "timeout", False, "stuck"]
        except (AnswerEnded, ValueError):
            asker.end("ended")
            return [[], "error", False, "ended"]

    def _ran(self) -> list[Any]:
        (kind, *rest), _blobs = self.asker.receive(self.asker.until)
        if kind != "ran" or len(rest) != 2 or rest[0] not in ("ok", "error", "timeout"):
            raise AnswerEnded
        status, outputs = rest
        return [clean(outputs, self.text), status, False, "timeout" if status == "timeout" else ""]

    # -- cells of this process ------------------------------------------------------------------

    def _given(self, source: str) -> None:
        """Execute given code here too; what fails or needs the student's names stays over there."""
        if self._execute(source, Outputs(self.text)) is not None:
            self.names.theirs(touched(source))

    def _execute(self, source: str, outputs: Outputs) -> BaseException | None:
        self.outputs = outputs
        self.asker.until = time.monotonic() + self.seconds
        asker = self.asker
        return shell.run_cell(self.shell, source, outputs, self.seconds,
                              hold=lambda: asker.waiting)

    def _test(self, source: str, beside: bool) -> list[Any]:
        if beside or BESIDE in source:
            return self._beside(source)
        outputs = Outputs(self.text)
        dead_before = bool(self.asker.dead)
        self.names.begin()
        try:
            error = self._execute(source, outputs)
        finally:
            self.names.open = False
        if error is None and time.monotonic() > self.asker.until + 0.1:
            error = shell.CellTimeout()  # it was stopped and went on
        died = bool(self.asker.dead) and not dead_before
        if died or isinstance(error, AnswerEnded):
            found = [o for o in outputs.take() if o["output_type"] == "stream"]
            why = self.asker.dead or "ended"
            return [found, "timeout" if died and why == "stuck" else "error", False, why]
        if isinstance(error, shell.CellTimeout):
            return [outputs.take(), "timeout", False, "timeout"]
        if isinstance(error, NotAcross):
            return self._beside(source)
        return [outputs.take(), "ok" if error is None else "error", False, ""]


    def _beside(self, source: str) -> list[Any]:
        """Have a test run beside the student's live objects."""
        asker = self.asker
        asker.epoch += 1
        if asker.dead:
            return [[], "error", True, asker.dead]
        nonce = secrets.token_hex(16)
        asker.until = time.monotonic() + self.seconds + GRACE
        found: list[Any] = [[], "error", True, "ended"]
        try:
            asker.send(["beside", source, self.seconds, nonce, sorted(self.answers or ())])
            (kind, *rest), _blobs = asker.receive(asker.until)
            if kind == "beside" and len(rest) == 3 and rest[0] == nonce and rest[1] in (
                    "ok", "error", "timeout"):
                found = [clean(rest[2], self.text), rest[1], True,
                         "timeout" if rest[1] == "timeout" else ""]
                (kind, *rest), _blobs = asker.receive(asker.until)
            if kind != "over":
                asker.end("ended")
        except LineTimeout:
            asker.end("stuck")
            found = [[], "timeout", True, "stuck"]
        except (AnswerEnded, ValueError):
            asker.end("ended")
        return found


def _files(line: Line, folder: str, count: int) -> None:
    """Take the submission's files."""
    for _file in range(count):
        (path, _nothing), blobs = line.receive()
        parts = Path(path).parts
        if Path(path).is_absolute() or ".." in parts:
            continue
        target = Path(folder, *parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab") as file:
            file.write(blobs[0])


def main(arguments: dict[str, Any]) -> None:
    """Be the tests' process; called in a fork of the template."""
    os.umask(0o022)
    line = Line(socket.socket(fileno=arguments["fds"][0]), int(arguments["frame"]), ahead=False)
    apart = bool(arguments["apart"])
    folder = FOLDER if apart else str(arguments["folder"])
    os.makedirs(folder, exist_ok=True)
    (spec, files), _blobs = line.receive()
    own = frozenset(spec.pop("own"))
    _files(line, folder, files)
    os.chdir(folder)
    sys.path[:] = [place for place in sys.path if place]
    bounds = {**spec["bounds"], "text": spec["text"], "seed": spec["seed"],
              "frame": arguments["frame"], "folder": folder}
    keeper, theirs = border.divide(lambda end: student.main(end, bounds), spec["bounds"],
                                   apart=apart, kept=sorted(own))
    try:
        if apart:
            os.environ["HOME"] = HOME  # libraries read settings there; her process can't write it
        chance.seed(int(spec["seed"]))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        asker = Asker(Line(theirs, int(arguments["frame"])), keeper)
        asker.ready(READY_SECONDS)
        # The tests come now, when the student's process is there and can't have them.
        line.send(["divided"], None, time.monotonic() + ENDED_LINE)
        (cells, spec["answers"]), _blobs = line.receive()
        modules.install(asker, folder, own)
        tests = Tests(line, spec, asker)
        tests.run(cells)
        used = resource.getrusage(resource.RUSAGE_SELF)
        line.send(["done", used.ru_utime + used.ru_stime + keeper.end()], None,
                  time.monotonic() + ENDED_LINE)
    except AnswerEnded:  # before there was a test
        with contextlib.suppress(LineBroken, LineTimeout):
            line.send(["failed", "walls"], None, time.monotonic() + ENDED_LINE)
    except (LineBroken, LineTimeout):
        pass  # nobody is left to be told
    finally:
        keeper.end()
        os._exit(0)
