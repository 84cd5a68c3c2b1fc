"""The tests' side of the border: asks the student's process, holds proxies, answers callbacks.

Rule: no wait without an end. What comes is decoded strictly; what is no message of ours ends the
student's process, and the test that waits fails.
"""

from __future__ import annotations

import builtins
import inspect
import sys
import time
import types
import weakref
from typing import Any

from coteach.grading.engine import chance, names, operations
from coteach.grading.engine.border import Keeper
from coteach.grading.engine.protocol import Line, LineBroken, LineTimeout
from coteach.grading.engine.proxies import Mirror, NotAcross, Proxy, methods
from coteach.grading.engine.renew import renew
from coteach.grading.engine.shell import CellTimeout
from coteach.grading.engine.values import Broken, Decoder, Encoder, TooLarge, is_data

GRACE = 2.0
"""Seconds that an interrupted call has to come back."""
_MOST_DEPTH = 40
_PRIVATE = ("_", "gi_", "cr_", "ag_", "tb_", "co_", "f_")
"""How attributes begin that lead from an object to code and names of the test."""
_FRAMED = (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType, types.FrameType,
           types.TracebackType, types.CodeType, types.FunctionType, types.MethodType)
"""Through these lies a way to the names and the source of all tests, as `gi_frame.f_globals`."""


class AnswerEnded(BaseException):
    """The student's process is gone."""


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
        self._mirrors: dict[int, Any] = {}
        self._proxies: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self._dropped: list[int] = []
        self._given: list[Any] = []
        self._given_numbers: dict[int, int] = {}

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
        self._dropped.append(number)
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
        encoder = Encoder(self)
        try:
            nodes = encoder.all(args)
            named = [[key, encoder.encode(value)] for key, value in more.items()]
        except (TooLarge, RecursionError):
            raise NotAcross("a value that is too large") from None
        if self._dropped:
            dropped, self._dropped = self._dropped, []
            self.send(["drop", dropped])
        if states := self._chance.touched():
            seeds = Encoder(self)
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
            self.end("timeout")
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
                self._learn(fresh)
                self._print(said)
                decoder = Decoder(self, blobs)
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
                        self._learn(rest[2])
                    return
                if kind == "ask":
                    self.send(["raise", ["x", ["builtins", "KeyboardInterrupt"], []]])
        except AnswerEnded:
            return
        except (LineTimeout, Broken, ValueError, TypeError):
            self.end("timeout")

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
        self._learn(fresh)
        self._print(said)
        decoder = Decoder(self, blobs)
        args = decoder.all(nodes)
        more = {str(key): decoder.decode(node) for key, node in named}
        encoder = Encoder(self)
        try:
            value = self._do(operation, target, args, more)
            kind, node = "ok", encoder.encode(value)
        except Broken:
            raise
        except (AnswerEnded, CellTimeout, NotAcross):
            raise
        except BaseException as error:
            encoder = Encoder(self)
            kind, node = "raise", self._exception(error, encoder)
        try:
            self.send([kind, node], encoder.blobs)
        except ValueError:
            self.send(["raise", ["x", ["builtins", "ValueError"], ["too large"]]])

    def _do(self, operation: Any, target: Any, args: list[Any], more: dict[str, Any]) -> Any:
        if operation == "input" and target == -1:
            return input(*map(str, args))
        if type(target) is not int or not 0 <= target < len(self._given):
            raise Broken("an object that was not given")
        held = self._given[target]
        if operation in ("getattr", "setattr", "delattr"):
            if isinstance(held, _FRAMED) and args[:1] not in (["send"], ["throw"], ["close"]):
                raise AttributeError("private")
            if not args or type(args[0]) is not str or args[0].startswith("_"):
                raise AttributeError("private")
        elif f"__{operation}__" not in operations.SPECIAL:
            raise Broken("no operation")
        return operations.ALL[operation](held, *args, **more)

    # -- the border -----------------------------------------------------------------------------

    def refer(self, value: Any, encoder: Encoder) -> Any:
        """Return the node that stands for an object of the test."""
        if isinstance(type(value), Mirror):
            return ["O", object.__getattribute__(value, "_ct_number")]
        if isinstance(value, (Mirror, ErrorMirror)):
            return ["O", value._ct_class]  # type: ignore[union-attr]
        if inspect.ismodule(value):
            return ["m", value.__name__]
        found = names.name_of(value, "/nowhere") if callable(value) else None
        if found:
            return ["g", *found]
        if isinstance(value, BaseException):
            return self._exception(value, encoder)
        number = self._given_numbers.get(id(value))
        if number is None:
            number = self._given_numbers[id(value)] = len(self._given)
            self._given.append(value)
        name = getattr(value, "__name__", "") if callable(value) else ""
        return ["F", number, type(value).__name__, operations.specials(type(value)),
                name if type(name) is str else ""]

    def _exception(self, error: BaseException, encoder: Encoder) -> Any:
        number = vars(error).get("_ct_number") if hasattr(error, "__dict__") else None
        if number is not None:
            return ["O", number]
        found = names.name_of(type(error), "/nowhere")
        plain = [arg for arg in error.args if arg is None or type(arg) in (bool, int, float, str)]
        return ["x", list(found) if found else ["builtins", "RuntimeError"],
                encoder.all(plain)]

    def take(self, node: list[Any], decoder: Decoder) -> Any:
        """Return what a node of the student's process stands for."""
        tag = node[0]
        if tag == "o":
            return self._proxy(node, decoder)
        if tag == "k":
            return self._mirrors[node[1]]
        if tag == "T":
            if type(node[1]) is not int or not 0 <= node[1] < len(self._given):
                raise Broken("an object that was not given")
            return self._given[node[1]]
        if tag == "m":
            found: Any = names.module(node[1])
            if found is None:
                raise Broken("no module")
            return found
        if tag == "g":
            found = names.resolve(node[1], node[2])
            if found is None or not names.harmless(node[1], found):
                raise Broken("no global")
            return found
        if tag == "x":
            return self._raised(node, decoder)
        if tag == "sg":
            return inspect.Signature([inspect.Parameter(
                str(name), inspect._ParameterKind(kind),
                default=decoder.decode(default) if has else inspect.Parameter.empty)
                for name, kind, has, default in node[1]])
        raise Broken(f"no node {tag!r}")

    def _proxy(self, node: list[Any], decoder: Decoder) -> Any:
        _tag, number, kind, inside = node
        if type(number) is not int:
            raise Broken("no number")
        found = self._proxies.get(number)
        mirror = self._mirrors[kind]
        if mirror._ct_error:
            raise Broken("an exception that is none")
        if found is None or type(found) is not mirror:
            found = object.__new__(mirror)
            object.__setattr__(found, "_ct_number", number)
            self._proxies[number] = found
        value = decoder.decode(inside)
        if not is_data(value):
            raise Broken("a plain value that is none")
        object.__setattr__(found, "_ct_inside", value)
        return found

    # -- classes ----------------------------------------------------------------------------------

    def _learn(self, fresh: Any) -> None:
        """Make the classes that are new here; a base stands before or after its subclass."""
        waiting = {described[0]: described for described in fresh}
        if not all(type(number) is int for number in waiting):
            raise Broken("no number of a class")
        while waiting:
            self._mirror(next(iter(waiting)), waiting)

    def _mirror(self, number: Any, waiting: dict[int, Any]) -> Any:
        if number in self._mirrors:
            waiting.pop(number, None)
            return self._mirrors[number]
        number, name, room, whole, bases, specials, error, library, hashes = waiting.pop(number)
        above: list[type] = []
        for base in bases:
            if type(base) is list:
                known = names.known_class(*base)
                if error is True and known is not None and issubclass(known, BaseException):
                    above.append(known)
            else:
                made = self._mirror(base, waiting)
                if made._ct_error == error:
                    above.append(made)
        known = names.known_class(room, whole) if library is True else self._inner(bases)
        space = {"_ct_class": number, "_ct_tests": self,
                 "_ct_error": error is True, "_ct_known": known,
                 "__module__": str(room), "__qualname__": str(whole)}
        if error is True:
            made = _error_class(str(name), tuple(above) or (Exception,), space)
        else:
            space.update(methods(specials, hashes=bool(hashes)))
            made = type.__new__(Mirror, str(name), tuple(above) or (Proxy,), space)
        self._mirrors[number] = made
        return made

    def _inner(self, bases: Any) -> type | None:
        """Return the plain type below which a class stands, for `isinstance`."""
        for base in bases:
            if type(base) is list:
                known = names.known_class(*base)
                if known is not None and known is not object:
                    return known
            elif base in self._mirrors and self._mirrors[base]._ct_known is not None:
                found: type = self._mirrors[base]._ct_known
                return found
        return None

    # -- exceptions -------------------------------------------------------------------------------

    def _raised(self, node: list[Any], decoder: Decoder) -> BaseException:
        _tag, kind, nodes, text, trace, number, more = node
        made = names.resolve(*kind) if type(kind) is list else self._mirrors[kind]
        if not isinstance(made, type) or not issubclass(made, BaseException) or issubclass(
                made, (AnswerEnded, CellTimeout, NotAcross, GeneratorExit)):
            made = RuntimeError
        args = decoder.all(nodes)
        error = BaseException.__new__(made, *args)
        try:
            if made.__module__ == "builtins" and made is not builtins.BaseExceptionGroup:
                error = made(*args)
        except Exception:
            error.args = tuple(args)
        if isinstance(made, ErrorMirror) and hasattr(error, "__dict__"):
            error.__dict__["_ct_number"] = number
            error.__dict__["_ct_text"] = str(text)
        elif made.__module__ != "builtins" and hasattr(error, "__dict__"):
            for name, value in zip(more[::2], decoder.all(more[1::2]), strict=True):
                if type(name) is str and name.isidentifier() and not name.startswith("_"):
                    error.__dict__[name] = value
        if trace and type(trace) is str:
            error.add_note("In the answer:\n" + trace.encode("utf-8", "replace").decode())
        return error


class ErrorMirror(type):
    """The class, here, of a student's exception."""

    def __call__(cls, *args: Any, **more: Any) -> Any:
        """Make one over there."""
        return cls._ct_tests.ask("call", cls, *args, **more)  # type: ignore[attr-defined]


def _error_class(name: str, bases: tuple[type, ...], space: dict[str, Any]) -> Any:
    def attribute(self: Any, wanted: str) -> Any:
        if wanted.startswith("_"):
            raise AttributeError(wanted)
        return type(self)._ct_tests.ask("getattr", self, wanted)

    def text(self: Any) -> str:
        return vars(self).get("_ct_text", "")

    try:
        return ErrorMirror(name, bases, {**space, "__getattr__": attribute, "__str__": text})
    except TypeError:  # bases that can't be put together here
        return ErrorMirror(name, (Exception,),
                           {**space, "__getattr__": attribute, "__str__": text})
