"""What the tests hold of things that live in the student's process.

A proxy is an instance of a class made here for the student's class, so `isinstance`, `except` and
construction work as they do beside her. Rules: equality and order against plain data are decided
here, by the plain value inside, if there is one; data of a test goes into an operator only where
the test itself has named the class.
"""

from __future__ import annotations

import contextlib
from typing import Any

from coteach.grading.engine import operations
from coteach.grading.engine.errors import NotAcross
from coteach.grading.engine.operations import BINARY, INPLACE
from coteach.grading.engine.values import Broken, is_data

_NEVER_ACROSS = frozenset({"__code__", "__globals__", "__closure__", "__reduce__", "__reduce_ex__",
                           "__getstate__", "__builtins__", "__subclasshook__"})
_HERE = frozenset({"_ct_tests", "_ct_number", "_ct_inside", "_ct_class"})
_COMPARING = frozenset({
    "equals", "startswith", "endswith", "issubset", "issuperset", "isdisjoint", "isclose",
    "identical", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__"})
"""Methods that compare with what a test expects: a value has them, an object of a class that no
test has named is not believed."""


class Mirror(type):
    """The class, here, of a class of the student."""

    _ct_tests: Any
    _ct_class: int
    _ct_known: type | None
    _ct_error: bool

    def __call__(cls, *args: Any, **names: Any) -> Any:
        """Make an instance over there."""
        tests = cls._ct_tests
        return tests.own(cls, tests.ask("call", cls, *args, **names))

    def __getattr__(cls, name: str) -> Any:
        if name in _NEVER_ACROSS:
            raise NotAcross(name)
        if name == "__signature__":
            return cls._ct_tests.ask("signature", cls)
        if name.startswith(("_ct_", "__array_")) or name in (
                "__abstractmethods__", "__text_signature__"):
            # What numpy asks of a class would let it decide about an array of the test.
            raise AttributeError(name)
        return cls._ct_tests.ask("getattr", cls, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        if name.startswith("_ct_"):
            type.__setattr__(cls, name, value)
        else:
            cls._ct_tests.ask("setattr", cls, name, value)

    def __iter__(cls) -> Any:
        """Iterate over the members of an enumeration."""
        return iter(cls._ct_tests.ask("iter", cls))

    def __getitem__(cls, key: Any) -> Any:
        return cls._ct_tests.ask("getitem", cls, key)

    def __len__(cls) -> int:
        return cls._ct_tests.ask("len", cls)

    def __bool__(cls) -> bool:
        return True


def named(proxy: Any) -> bool:
    """Say whether this test has named the object's class or one above it, or a test has made it."""
    kind = type(proxy)
    tests = kind._ct_tests
    return object.__getattribute__(proxy, "_ct_number") in tests.made or any(
        vars(above).get("_ct_class") in tests.named for above in kind.__mro__)


def _kept_here(proxy: Any, other: Any) -> bool:
    """Say whether an operand of the test's own must not be shown to the other side."""
    return not isinstance(type(other), Mirror) and not named(proxy)


def _inside(proxy: Any) -> Any:
    """Return the plain value inside an object, as it is now; None when there is none."""
    found = object.__getattribute__(proxy, "_ct_inside")
    if isinstance(found, (list, dict, set)) or type(found).__name__ == "ndarray":
        now = type(proxy)._ct_tests.ask("inside", proxy)
        if type(now) is not type(found):
            raise TypeError("a plain value of another kind than before")
        return now
    return found


class Proxy:
    """An object that lives in the student's process."""

    _ct_tests: Any
    _ct_number: int
    _ct_inside: Any
    _ct_known: type | None = None

    def __new__(cls, *_args: Any, **_names: Any) -> Any:
        raise NotAcross("an instance of a class that was made here")

    def __init_subclass__(cls, **names: Any) -> None:
        if "_ct_class" not in vars(cls):
            raise NotAcross("a class below a class of the answer")

    def __getattribute__(self, name: str) -> Any:
        if name in _HERE:
            return object.__getattribute__(self, name)
        kind = type(self)
        if name == "__class__":
            return kind._ct_known or kind
        if name in _NEVER_ACROSS:
            # What a test does to an object that it has not named may be the answer's choice.
            if object.__getattribute__(self, "_ct_number") in kind._ct_tests.named:
                raise NotAcross(name)
            raise TypeError(f"{name} of an object of the answer")
        if name.startswith("__array_"):
            raise AttributeError(name)
        if name == "__signature__":
            return kind._ct_tests.ask("signature", self)
        if name in ("__deepcopy__", "__copy__"):
            return lambda *_memory: kind._ct_tests.ask(name.strip("_"), self)
        if name in _COMPARING and not named(self):
            def compare(*args: Any, **more: Any) -> Any:
                if any(map(is_data, (*args, *more.values()))):
                    raise TypeError(f"the answer is an object of {kind.__name__!r}; "
                                    "a plain value is expected here")
                return kind._ct_tests.ask("call", kind._ct_tests.ask("getattr", self, name),
                                          *args, **more)
            if name.startswith("__"):
                return lambda other: getattr(kind, name)(self, other)
            kind._ct_tests.ask("getattr", self, name)  # AttributeError where there is none
            return compare
        return kind._ct_tests.ask("getattr", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _HERE:
            object.__setattr__(self, name, value)
        else:
            type(self)._ct_tests.ask("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        type(self)._ct_tests.ask("delattr", self, name)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # an object half made, or the end of all
            type(self)._ct_tests.dropped(object.__getattribute__(self, "_ct_number"))

    def _ct_compare(self, operation: str, other: Any) -> Any:
        if isinstance(type(other), Mirror) or isinstance(other, Mirror):
            return _yes(type(self)._ct_tests.ask(operation, self, other))
        inside = _inside(self)
        if inside is not None and is_data(other):
            return BINARY[operation](inside, other)
        return NotImplemented

    def __eq__(self, other: Any) -> Any:
        return True if other is self else Proxy._ct_compare(self, "eq", other)

    def __ne__(self, other: Any) -> Any:
        equal = Proxy.__eq__(self, other)
        return NotImplemented if equal is NotImplemented else not equal

    def __lt__(self, other: Any) -> Any:
        return Proxy._ct_compare(self, "lt", other)

    def __le__(self, other: Any) -> Any:
        return Proxy._ct_compare(self, "le", other)

    def __gt__(self, other: Any) -> Any:
        return Proxy._ct_compare(self, "gt", other)

    def __ge__(self, other: Any) -> Any:
        return Proxy._ct_compare(self, "ge", other)

    def __repr__(self) -> str:
        return type(self)._ct_tests.ask("repr", self)

    def __str__(self) -> str:
        return type(self)._ct_tests.ask("str", self)

    def __format__(self, spec: str) -> str:
        return type(self)._ct_tests.ask("format", self, spec)

    def __dir__(self) -> Any:
        return type(self)._ct_tests.ask("dir", self)

    def __hash__(self) -> int:
        return type(self)._ct_tests.ask("hash", self)


def _yes(value: Any) -> Any:
    if type(value) is not bool:
        raise TypeError("a comparison that gives no True or False")
    return value


def _operator(name: str, operation: str, mirrored: bool) -> Any:
    def method(self: Any, other: Any, *more: Any) -> Any:
        if _kept_here(self, other):
            inside = _inside(self)
            if inside is None or not is_data(other):
                return NotImplemented
            first, second = (other, inside) if mirrored else (inside, other)
            return operations.ALL[operation](first, second, *more)
        tests = type(self)._ct_tests
        found = (tests.ask(operation, other, self, *more) if mirrored
                 else tests.ask(operation, self, other, *more))
        return tests.own(type(self), found) if named(self) else found

    method.__name__ = name
    return method


def _contains(self: Any, item: Any) -> bool:
    inside = _inside(self)
    if inside is not None:
        return item in inside
    if _kept_here(self, item):
        return any(part is item or part == item for part in self)
    return _yes(type(self)._ct_tests.ask("contains", self, item))


_RESULT = {"len": int, "bool": bool, "str": str, "repr": str, "bytes": bytes, "hash": int,
           "int": int, "float": float, "complex": complex, "index": int}
"""What Python itself wants of these; an array is looked at where it is made."""


def _unary(operation: str) -> Any:
    wanted = _RESULT.get(operation)

    def method(self: Any, *args: Any, **more: Any) -> Any:
        found = type(self)._ct_tests.ask(operation, self, *args, **more)
        if wanted is not None and type(found) is not wanted:
            raise TypeError(f"{operation}() of an object gives {type(found).__name__}")
        return found

    method.__name__ = f"__{operation}__"
    return method


_TWO = frozenset({"add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "lshift",
                  "rshift", "and", "or", "xor", "divmod"})
_OURS = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "repr", "str", "format", "dir", "hash",
                   "contains"})


def methods(specials: list[Any], *, hashes: bool) -> dict[str, Any]:
    """Return the special methods that a mirror gets, for those that the student's class has."""
    found: dict[str, Any] = {}
    for special in specials:
        if special not in operations.SPECIAL:
            raise Broken("a method that is not special")
        name = special.strip("_")
        if special == "__contains__":
            found[special] = _contains
        elif name in _OURS:
            continue
        elif name in _TWO or name in INPLACE:
            found[special] = _operator(special, name, False)
        elif name.startswith("r") and name[1:] in _TWO:
            found[special] = _operator(special, name[1:], True)
        else:
            found[special] = _unary(name)
    if not hashes:
        found["__hash__"] = None
    return found
