"""The student's side of the border: her objects get numbers, the tests' objects are stood for."""

from __future__ import annotations

import inspect
import traceback
import types
from typing import Any

from coteach.grading.engine import names, operations
from coteach.grading.engine.values import Broken, Decoder, Encoder, payload

MOST_TRACE = 4000
_MOST_ATTRIBUTES = 20
_PLAIN = (int, float, str, bool, tuple, list, dict, set, frozenset)


class Far:
    """An object of the tests' process; classes below this one have its special methods."""

    _ct_giver: Any
    _ct_number: int

    def __init__(self, giver: Any, number: int) -> None:
        object.__setattr__(self, "_ct_giver", giver)
        object.__setattr__(self, "_ct_number", number)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._ct_giver.student.ask("getattr", self._ct_number, [name], {})

    def __setattr__(self, name: str, value: Any) -> None:
        self._ct_giver.student.ask("setattr", self._ct_number, [name, value], {})


def _special(name: str) -> Any:
    operation = name.strip("_")

    def method(self: Any, *args: Any, **more: Any) -> Any:
        return self._ct_giver.student.ask(operation, self._ct_number, args, more)

    method.__name__ = name
    return method


class Giver:
    """The objects that were given out, and the classes that were described."""

    def __init__(self, student: Any) -> None:
        self.student = student
        self._objects: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._classes: dict[type, int] = {}
        self._fresh: list[Any] = []
        self._far: dict[str, type] = {}
        self._next = 1

    def _number(self, value: Any) -> int:
        found = self._numbers.get(id(value))
        if found is None:
            found = self._numbers[id(value)] = self._next
            self._objects[found] = value
            self._next += 1
        return found

    def drop(self, numbers: list[int]) -> None:
        """Forget objects that the tests no longer hold."""
        for number in numbers:
            value = self._objects.pop(number, None)
            self._numbers.pop(id(value), None)

    def fresh(self) -> list[Any]:
        """Return the descriptions of classes that were not yet sent."""
        found, self._fresh = self._fresh, []
        return found

    def refer(self, value: Any, encoder: Encoder) -> Any:
        """Return the node that stands for an object."""
        if issubclass(type(value), Far):
            return ["T", object.__getattribute__(value, "_ct_number")]
        if (type(value) is types.ModuleType and names.is_library(value, self.student.folder)
                and names.shared(value.__name__)):
            return ["m", value.__name__]
        if type(value) in (type, types.FunctionType, types.BuiltinFunctionType) or isinstance(
                value, type) or type(value).__name__ == "ufunc":
            found = names.name_of(value, self.student.folder)
            if found and names.harmless(found[0], value):
                return ["g", *found]
        if type(value) is inspect.Signature:
            return self._signature(value, encoder)
        if isinstance(value, type):
            return ["k", self.described(value)]
        if isinstance(value, BaseException):
            return self.exception(value, encoder)
        return self.object(value, encoder)

    def object(self, value: Any, encoder: Encoder) -> Any:
        """Return the node of an object that stays here."""
        kind = type(value)
        # A plain value that is too large or goes round in a circle is an object like others.
        inside = None if kind in _PLAIN else payload(value)
        if type(inside).__name__ == "ndarray" and kind.__name__ == "ndarray":
            inside = None
        return ["o", self._number(value), self.described(kind), encoder.encode(inside)]

    def described(self, kind: type) -> int:
        """Return the number of a class; it is described with the next message."""
        found = self._classes.get(kind)
        if found is not None:
            return found
        self._classes[kind] = number = self._number(kind)
        bases: list[Any] = []
        for base in kind.__bases__:
            if base is object:
                continue
            library = names.name_of(base, self.student.folder)
            bases.append(list(library) if library else self.described(base))
        own = names.name_of(kind, self.student.folder)
        hashes = kind.__hash__ is not None
        self._fresh.append([
            number, str(kind.__name__)[:200], str(getattr(kind, "__module__", ""))[:200],
            str(getattr(kind, "__qualname__", ""))[:200], bases, operations.specials(kind),
            issubclass(kind, BaseException), bool(own) or kind.__name__ in names.KINDS, hashes])
        return number

    def exception(self, error: BaseException, encoder: Encoder) -> Any:
        """Return the node of an exception: its class, its arguments, where it came from."""
        kind = type(error)
        found = names.name_of(kind, self.student.folder)
        try:
            text = str(error)
        except Exception:
            text = ""
        try:
            trace = "".join(traceback.format_list([
                frame for frame in traceback.extract_tb(error.__traceback__)
                if "/grading/engine/" not in frame.filename][-8:]))
        except Exception:
            trace = ""
        try:
            args = encoder.all(error.args)
        except Exception:
            args = [text]
        return ["x", list(found) if found else self.described(kind), args, text[:MOST_TRACE],
                trace[-MOST_TRACE:], self._number(error), self._attributes(error, encoder)]

    def _attributes(self, error: BaseException, encoder: Encoder) -> list[Any]:
        """Return the plain attributes of a library's exception, such as ``JSONDecodeError.pos``."""
        try:
            held = vars(error)
            return [part for name, value in list(held.items())[:_MOST_ATTRIBUTES]
                    if type(name) is str and type(value) in (int, float, str, bool)
                    for part in (name, encoder.encode(value))]
        except Exception:
            return []

    def _signature(self, value: inspect.Signature, encoder: Encoder) -> Any:
        empty = inspect.Parameter.empty
        return ["sg", [[p.name, int(p.kind), p.default is not empty,
                        None if p.default is empty else encoder.encode(p.default)]
                       for p in value.parameters.values()]]

    def take(self, node: list[Any], decoder: Decoder) -> Any:
        """Return what a node of the tests' process stands for."""
        tag = node[0]
        if tag == "O":
            return self._objects[node[1]]
        if tag == "m":
            return names.module(node[1])
        if tag == "g":
            return names.resolve(node[1], node[2])
        if tag == "x":
            kind = names.resolve(*node[1]) if isinstance(node[1], list) else None
            return (kind or RuntimeError)(*decoder.all(node[2]))
        if tag == "F":
            key = f"{node[2]}:{','.join(node[3])}"
            kind = self._far.get(key)
            if kind is None:
                kind = self._far[key] = type(
                    str(node[2]), (Far,), {name: _special(name) for name in node[3]})
            made = kind(self, node[1])
            if node[4]:
                object.__setattr__(made, "__name__", node[4])
            return made
        raise Broken(f"no node {tag!r}")
