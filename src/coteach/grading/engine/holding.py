"""What the tests' process holds of the other side, and what it has given to it.

The border of the tests' side: nodes become proxies, classes, exceptions and modules of our own; an
object of a test becomes a number. Rule: every part of a node is looked at before it is used.
"""

from __future__ import annotations

import builtins
import inspect
import weakref
from typing import Any

from coteach.grading.engine import names, operations
from coteach.grading.engine.errors import EngineSignal, ErrorMirror, error_class
from coteach.grading.engine.proxies import Mirror, Proxy, methods
from coteach.grading.engine.shell import CellTimeout
from coteach.grading.engine.values import Broken, Decoder, Encoder, is_data


class Holder:
    """The objects of both sides.

    Parameters
    ----------
    asker
        Asks about a proxy; see `asking.Asker`.
    """

    def __init__(self, asker: Any) -> None:
        self.asker = asker
        self.given: list[Any] = []
        self._given_numbers: dict[int, int] = {}
        self._mirrors: dict[int, Any] = {}
        self._proxies: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self._dropped: set[int] = set()

    def dropped(self, number: int) -> None:
        """Take note that a proxy is gone."""
        self._dropped.add(number)

    def take_dropped(self) -> list[int]:
        """Return the proxies that are gone, for the other side to forget."""
        found = [number for number in self._dropped if number not in self._proxies]
        self._dropped.clear()
        return found

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
            return self.exception(value, encoder)
        number = self._given_numbers.get(id(value))
        if number is None:
            number = self._given_numbers[id(value)] = len(self.given)
            self.given.append(value)
        name = getattr(value, "__name__", "") if callable(value) else ""
        return ["F", number, type(value).__name__, operations.specials(type(value)),
                name if type(name) is str else ""]

    def exception(self, error: BaseException, encoder: Encoder) -> Any:
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
            if type(node[1]) is not int or not 0 <= node[1] < len(self.given):
                raise Broken("an object that was not given")
            return self.given[node[1]]
        if tag == "m":
            found: Any = names.module(node[1]) if names.shared(node[1]) else None
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

    def learn(self, fresh: Any) -> None:
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
        space = {"_ct_class": number, "_ct_tests": self.asker,
                 "_ct_error": error is True, "_ct_known": known,
                 "__module__": str(room), "__qualname__": str(whole)}
        if error is True:
            made = error_class(str(name), tuple(above) or (Exception,), space)
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
                made, (EngineSignal, CellTimeout, GeneratorExit)):
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
