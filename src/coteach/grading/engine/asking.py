"""The tests' side of the line: asks the student's process, and answers what it asks back.

Rule: no wait without an end. What comes is decoded strictly; what is no message of ours ends the
student's process, and the test that waits fails.
"""

from __future__ import annotations

import sys
import time
import types
from typing import Any

from coteach.grading.engine import chance, operations
from coteach.grading.engine.border import Keeper
from coteach.grading.engine.errors import AnswerEnded, ErrorMirror, NotAcross
from coteach.grading.engine.holding import Holder
from coteach.grading.engine.protocol import Line, LineBroken, LineTimeout
from coteach.grading.engine.proxies import Mirror
from coteach.grading.engine.renew import renew
from coteach.grading.engine.shell import CellTimeout
from coteach.grading.engine.values import Broken, Decoder, Encoder, TooLarge

GRACE = 2.0
"""Seconds that an interrupted call has to come back."""
_MOST_DEPTH = 40
_FRAMED = (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType, types.FrameType,
           types.TracebackType, types.CodeType, types.FunctionType, types.MethodType)
"""Through these lies a way to the names and the source of all tests, as `gi_frame.f_globals`."""


class Asker:
    """Asks over one line.

    Parameters
    ----------
    until
        The time (monotonic) at which a cell's time is over; set for each cell.
    """

    def __init__(self, line: Line, keeper: Keeper) -> None:
        self.line, self.keeper = line, keeper
        self.until = 0.0
        self.dead = ""
        self.epoch = 0
        self.waiting = False
        self.named: set[int] = set()
        """Classes and objects that the test which runs has got by their names."""
        self.made: set[int] = set()
        """Objects that tests made of classes that they had named, and what came of these."""
        self._chance = chance.Chance()
        self._number = 0
        self._depth = 0
        self._holder = Holder(self)

    def name(self, value: Any) -> None:
        """Take note that a test has got a class or an object by its name."""
        if isinstance(value, (Mirror, ErrorMirror)):
            self.named.add(value._ct_class)  # type: ignore[union-attr]
        elif isinstance(type(value), Mirror):
            self.named.add(object.__getattribute__(value, "_ct_number"))

    def own(self, kind: Any, value: Any) -> Any:
        """Take note that a test made an object itself, if it is of the class that it named."""
        if isinstance(type(value), Mirror) and issubclass(type(value), kind):
            self.made.add(object.__getattribute__(value, "_ct_number"))
        return value

    # -- asking ---------------------------------------------------------------------------------

    def end(self, reason: str) -> None:
        """End the student's process."""
        if not self.dead:
            self.dead = reason
            self.keeper.end()

    def dropped(self, number: int) -> None:
        """Take note that a proxy is gone; the other side hears of it with the next question."""
        self._holder.dropped(number)
        self.made.discard(number)

    def send(self, message: list[Any], blobs: list[bytes] | None = None) -> None:
        """Send a message.

        Raises
        ------
        AnswerEnded
            Nobody is there to take it.
        """
        if self.dead:
            raise AnswerEnded
        try:
            self.line.send(message, blobs, self.until + GRACE)
        except (LineBroken, LineTimeout):
            self.end("ended")
            raise AnswerEnded from None

    def receive(self, until: float) -> tuple[list[Any], list[bytes]]:
        """Return the next message.

        Raises
        ------
        AnswerEnded
            There is none to come.
        LineTimeout
            It did not come in time.
        """
        if self.dead:
            raise AnswerEnded
        self.waiting = True
        try:
            message, blobs = self.line.receive(until)
            if type(message) is not list or not message or type(message[0]) is not str:
                raise LineBroken("a message without a kind")
            return message, blobs
        except LineBroken:
            self.end("ended")
            raise AnswerEnded from None
        finally:
            self.waiting = False

    def ask(self, operation: str, *args: Any, **more: Any) -> Any:
        """Have an operation done over there; return its value or raise what it raised."""
        self.epoch += 1
        encoder = Encoder(self._holder)
        try:
            nodes = encoder.all(args)
            named = [[key, encoder.encode(value)] for key, value in more.items()]
        except (TooLarge, RecursionError):
            raise NotAcross("a value that is too large") from None
        if dropped := self._holder.take_dropped():
            self.send(["drop", dropped])
        if states := self._chance.touched():
            seeds = Encoder(self._holder)
            self.send(["chance", seeds.encode(states)], seeds.blobs)
        self._number += 1
        number = self._number
        try:
            self.send(["op", number, operation, nodes, named], encoder.blobs)
        except ValueError:
            raise NotAcross("a value that is too large") from None
        if self._depth > _MOST_DEPTH:
            self.end("ended")
            raise AnswerEnded
        self._depth += 1
        try:
            return self._await(number, args, more)
        finally:
            self._depth -= 1

    def ready(self, seconds: float) -> None:
        """Wait until the student's process stands in its walls.

        Raises
        ------
        AnswerEnded
            It does not.
        """
        try:
            message, _blobs = self.receive(time.monotonic() + seconds)
        except LineTimeout:
            message = []
        if message != ["ready"]:
            self.end("walls")
            raise AnswerEnded

    def names(self) -> list[str]:
        """Return the names that the student has set."""
        self.send(["names"])
        try:
            (kind, *rest), _blobs = self.receive(self.until)
        except LineTimeout:
            self.end("stuck")
            raise AnswerEnded from None
        if kind != "names" or not rest or type(rest[0]) is not list:
            self.end("ended")
            raise AnswerEnded
        return [name for name in rest[0] if type(name) is str]

    def _await(self, number: int, args: Any, more: dict[str, Any]) -> Any:
        while True:
            try:
                (kind, *rest), blobs = self.receive(self.until)
            except LineTimeout:
                self._give_up(number)
                raise CellTimeout("the answer's code took too long") from None
            try:
                if kind == "ask":
                    self._answer(rest, blobs)
                    continue
                if kind not in ("ok", "raise", "large") or rest[0] != number:
                    raise Broken("not what was asked for")
                _number, node, fresh, changed, said = rest
                self._holder.learn(fresh)
                self._print(said)
                decoder = Decoder(self._holder, blobs)
                value = decoder.decode(node)
                for place, now in changed:
                    held = args[place] if type(place) is int else more[place]
                    renew(held, decoder.decode(now))
            except (Broken, ValueError, TypeError, KeyError, IndexError, RecursionError,
                    AttributeError) as error:
                self.end("ended")
                raise AnswerEnded(str(error)) from None
            if kind == "large":
                raise ValueError("the answer's value is too large to be looked at")
            if kind == "raise":
                raise value if isinstance(value, BaseException) else RuntimeError("no exception")
            return value

    def _give_up(self, number: int) -> None:
        """Stop a call that takes too long; end the process when it can't be stopped."""
        until = time.monotonic() + GRACE
        self.keeper.interrupt()
        try:
            while True:
                (kind, *rest), _blobs = self.receive(until)
                if kind in ("ok", "raise", "large") and rest and rest[0] == number:
                    if len(rest) == 5:
                        self._holder.learn(rest[2])
                    return
                if kind == "ask":
                    self.send(["raise", ["x", ["builtins", "KeyboardInterrupt"], []]])
        except AnswerEnded:
            return
        except (LineTimeout, Broken, ValueError, TypeError):
            self.end("stuck")

    @staticmethod
    def _print(said: Any) -> None:
        for name, text in said:
            if type(text) is not str:
                raise Broken("a text that is none")
            text = text.encode("utf-8", "replace").decode("utf-8")
            (sys.stderr if name == "stderr" else sys.stdout).write(text)

    # -- what it asks back ------------------------------------------------------------------------

    def _answer(self, rest: list[Any], blobs: list[bytes]) -> None:
        operation, target, nodes, named, fresh, said = rest
        self._holder.learn(fresh)
        self._print(said)
        decoder = Decoder(self._holder, blobs)
        args = decoder.all(nodes)
        more = {str(key): decoder.decode(node) for key, node in named}
        encoder = Encoder(self._holder)
        try:
            value = self._do(operation, target, args, more)
            kind, node = "ok", encoder.encode(value)
        except Broken:
            raise
        except (AnswerEnded, CellTimeout, NotAcross):
            raise
        except BaseException as error:
            encoder = Encoder(self._holder)
            kind, node = "raise", self._holder.exception(error, encoder)
        try:
            self.send([kind, node], encoder.blobs)
        except ValueError:
            self.send(["raise", ["x", ["builtins", "ValueError"], ["too large"]]])

    def _do(self, operation: Any, target: Any, args: list[Any], more: dict[str, Any]) -> Any:
        if operation == "input" and target == -1:
            return input(*map(str, args))
        if type(target) is not int or not 0 <= target < len(self._holder.given):
            raise Broken("an object that was not given")
        held = self._holder.given[target]
        if operation in ("getattr", "setattr", "delattr"):
            if isinstance(held, _FRAMED) and args[:1] not in (["send"], ["throw"], ["close"]):
                raise AttributeError("private")
            if not args or type(args[0]) is not str or args[0].startswith("_"):
                raise AttributeError("private")
        elif f"__{operation}__" not in operations.SPECIAL:
            raise Broken("no operation")
        return operations.ALL[operation](held, *args, **more)
