"""The student's process: executes her cells and answers for what they made.

It is trusted in nothing. What is done right here is done so that honest code is served well; what
dishonest code does to this process is seen by the tests' process as a value or as silence.
"""

from __future__ import annotations

import builtins
import contextlib
import json
import os
import signal
import socket
import sys
from typing import Any, NoReturn

from IPython.core.error import StdinNotImplementedError

from coteach.grading.engine import chance, giving, hardened, operations, shell, warm
from coteach.grading.engine.outputs import Outputs
from coteach.grading.engine.protocol import Line, LineBroken
from coteach.grading.engine.values import Decoder, Encoder, TooLarge

MOST_SAID = 200_000
"""Characters printed during one call that are handed on."""
_MUTABLE = ("list", "dict", "set", "bytearray", "ndarray", "DataFrame", "Series", "deque",
            "OrderedDict", "defaultdict", "Counter")


class Student:
    """Serves one line until it ends.

    Parameters
    ----------
    spec
        ``text``, ``frame`` (bounds), ``seed``, ``folder``.
    """

    def __init__(self, end: socket.socket, spec: dict[str, Any]) -> None:
        self.line = Line(end, int(spec["frame"]))
        self.text = int(spec["text"])
        self.folder = str(spec["folder"])
        self.giver = giving.Giver(self)
        self.shell = warm.shell
        self.outputs: Outputs | None = None
        self.said: list[list[str]] = []
        self._said_room = 0
        self._getpid = os.getpid
        self._pid = os.getpid()
        self._raw = self._raw_files()
        self._asked = 0
        self.pristine = warm.pristine
        sys.stdout = shell.Stream("stdout", 1, self._take)  # type: ignore[assignment]
        sys.stderr = shell.Stream("stderr", 2, self._take)  # type: ignore[assignment]

    def _raw_files(self) -> dict[str, int]:
        """Have what programs and C code write in files; they know no `sys.stdout`."""
        found = {}
        for number, name in ((1, "stdout"), (2, "stderr")):
            path = f"/tmp/.raw-{os.getpid()}-{name}"  # noqa: S108
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            os.unlink(path)
            os.dup2(handle, number)
            os.close(handle)
            found[name] = number
        return found

    def _gather(self) -> None:
        for name, number in self._raw.items():
            with contextlib.suppress(OSError):
                if os.fstat(number).st_size:
                    text = os.pread(number, self.text + 1, 0).decode("utf-8", "replace")
                    os.ftruncate(number, 0)
                    self._take(name, text)

    def _take(self, name: str, text: str) -> None:
        if self.outputs is not None:
            self.outputs.stream(name, text)
        elif self._said_room > 0:
            kept = text[:self._said_room]
            self._said_room -= len(kept)
            if self.said and self.said[-1][0] == name:
                self.said[-1][1] += kept
            else:
                self.said.append([name, kept])

    def serve(self) -> NoReturn:
        """Answer until the line ends."""
        builtins.input = self._input
        self.reply(["ready"])
        while True:
            try:
                (kind, *rest), blobs = self.line.receive()
            except (LineBroken, OSError):
                os._exit(0)
            except KeyboardInterrupt:
                continue  # it came after what it was meant for
            try:
                if kind == "run":
                    self.run(*rest)
                elif kind == "beside":
                    self.beside(*rest)
                else:
                    self._served(kind, rest, blobs)
            except (LineBroken, OSError):
                os._exit(0)

    def _served(self, kind: str, rest: list[Any], blobs: list[bytes]) -> bool:
        """Do what a test may want at any time, also while it is asked; say whether it was that."""
        if kind == "op":
            self.operate(rest, blobs)
        elif kind == "names":
            self.reply(["names", sorted(
                name for name in self.shell.user_ns if type(name) is str
                and name not in self.shell.user_ns_hidden)])
        elif kind == "chance":
            chance.put(Decoder(self.giver, blobs).decode(rest[0]))
        elif kind == "drop":
            self.giver.drop(rest[0])
        else:
            return False
        return True

    def reply(self, message: list[Any], blobs: list[bytes] | None = None) -> None:
        """Send a message; a child that the student's code forked says nothing."""
        if self._getpid() != self._pid:
            os._exit(0)
        self.line.send(message, blobs)

    def run(self, source: str, seconds: float) -> None:
        """Execute a cell and send what it showed."""
        outputs = self.outputs = Outputs(self.text)
        error = shell.run_cell(self.shell, source, outputs, seconds)
        if self._getpid() != self._pid:
            os._exit(0)
        self._gather()
        self.outputs = None
        status = ("timeout" if isinstance(error, shell.CellTimeout)
                  else "ok" if error is None else "error")
        try:
            self.reply(["ran", status, outputs.take()])
        except (ValueError, TypeError, RecursionError):
            self.reply(["ran", status, [{
                "output_type": "stream", "name": "stderr",
                "text": "[… what this cell showed can't be kept]\n"}]])

    def operate(self, rest: list[Any], blobs: list[bytes]) -> None:
        """Do what is asked for and send what came of it, or what it raised."""
        self.said, self._said_room = [], MOST_SAID
        signal.signal(signal.SIGINT, signal.default_int_handler)
        number, operation, nodes, names = rest
        self._asked += 1
        watched: list[tuple[Any, Any, str]] = []
        try:
            decoder = Decoder(self.giver, blobs)
            args = decoder.all(nodes)
            named = {str(key): decoder.decode(node) for key, node in names}
            watched = [(place, value, self._image(value)) for place, value in
                       (*enumerate(args), *named.items()) if type(value).__name__ in _MUTABLE]
            if operation == "name":
                value = self._named(args[0])
            elif operation == "setname":
                value = self.shell.user_ns[args[0]] = args[1]
            elif operation == "delname":
                value = self._named(args[0])
                del self.shell.user_ns[args[0]]
            elif operation == "import":
                value = self._import(args[0])
            else:
                value = operations.ALL[operation](*args, **named)
            kind = "ok"
        except LineBroken:
            raise
        except BaseException as error:
            kind, value = "raise", error
        if self._getpid() != self._pid:
            os._exit(0)
        self._asked -= 1
        self._gather()
        self._answer(number, kind, value, watched)

    def _answer(self, number: int, kind: str, value: Any,
                watched: list[tuple[Any, Any, str]]) -> None:
        for attempt in range(3):
            encoder = Encoder(self.giver)
            try:
                if attempt == 2:
                    node = encoder.encode(None)
                    kind = "large"
                elif kind == "raise":
                    node = self.giver.exception(value, encoder)
                else:
                    node = (encoder.encode(value) if attempt == 0
                            else self.giver.object(value, encoder))
                changed = [] if attempt else [
                    [place, encoder.encode(now)] for place, now, before in watched
                    if self._image(now) != before]
                self.reply([kind, number, node, self.giver.fresh(), changed, self.said],
                           encoder.blobs)
                return
            except (TooLarge, ValueError, RecursionError, MemoryError):
                continue

    def _input(self, prompt: object = "") -> str:
        """Ask for a line; a test may have put something in the place of `input`."""
        if self.outputs is None and self._asked:
            return str(self.ask("input", -1, [str(prompt)], {}))
        raise StdinNotImplementedError("nobody is here who could answer input()")

    def beside(self, source: str, seconds: float, nonce: str, answers: list[str]) -> None:
        """Run a test beside the live objects, in a fork that ends with it."""
        pid = os.fork()
        if pid == 0:
            try:
                self._pid = self._getpid()
                hardened.run(self, source, seconds, nonce, answers)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        self.reply(["over"])

    def _image(self, value: Any) -> str:
        """Return what shows whether a value was changed."""
        encoder = Encoder(self.giver)
        try:
            node = encoder.encode(value)
            return json.dumps(node) + repr([hash(blob) for blob in encoder.blobs])
        except Exception:
            return ""

    def _named(self, name: str) -> Any:
        space = self.shell.user_ns
        if name in self.shell.user_ns_hidden and space[name] is self.shell.user_ns_hidden[name]:
            raise NameError(name)
        if name not in space:
            raise NameError(name)
        return space[name]

    def _import(self, name: str) -> Any:
        import importlib
        return importlib.import_module(name)

    def ask(self, operation: str, target: int, args: Any, names: dict[str, Any]) -> Any:
        """Ask the tests' process for something about an object of its own."""
        encoder = Encoder(self.giver)
        nodes = encoder.all(args)
        named = [[key, encoder.encode(value)] for key, value in names.items()]
        said, self.said = self.said, []
        self.reply(["ask", operation, target, nodes, named, self.giver.fresh(), said],
                   encoder.blobs)
        while True:
            (kind, *rest), blobs = self.line.receive()
            outer = self.said, self._said_room
            if self._served(kind, rest, blobs):  # the test asks while it is asked
                if kind == "op":
                    self.said, self._said_room = outer
                continue
            decoder = Decoder(self.giver, blobs)
            value = decoder.decode(rest[0])
            if kind == "raise":
                raise value
            return value


def main(end: socket.socket, spec: dict[str, Any]) -> NoReturn:
    """Be the student's process."""
    chance.seed(int(spec["seed"]))
    os.chdir(str(spec["folder"]))
    sys.path.insert(0, str(spec["folder"]))
    Student(end, spec).serve()
