"""Plain data as nodes of JSON and bytes: exact types, bounded size, nothing that is executed.

A node is null, a boolean, a number, a text, or a list that begins with a tag. What is no plain
data is handed to the border's `refer`, which gives a node that stands for the object; the other
side's border takes it. Rule: only an exact type is data; a subclass is an object.
"""

from __future__ import annotations

import array
import collections
import datetime
import decimal
import fractions
import math
import pathlib
import sys
import uuid
from collections.abc import Callable
from typing import Any, Protocol

MOST_NODES = 2_000_000
DEEPEST = 80


class TooLarge(Exception):
    """The value has more parts than a message may have."""


class Broken(ValueError):
    """A node that no honest encoder makes."""


class Border(Protocol):
    """What stands for objects that are no data."""

    def refer(self, value: Any, encoder: Encoder) -> Any:
        """Return the node that stands for an object."""

    def take(self, node: list[Any], decoder: Decoder) -> Any:
        """Return what a node of another tag stands for."""


class Encoder:
    """Makes nodes of one message; `blobs` are the bytes that go with it."""

    def __init__(self, border: Border) -> None:
        self.border = border
        self.blobs: list[bytes] = []
        self.count = 0
        self._open: set[int] = set()

    def blob(self, data: bytes) -> int:
        """Take bytes along; return their number."""
        self.blobs.append(data)
        return len(self.blobs) - 1

    def encode(self, value: Any) -> Any:
        """Return the node of a value."""
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            return value if -2**53 < value < 2**53 else ["i", hex(value)]
        if kind is float:
            return value
        self.count += 1
        if self.count > MOST_NODES:
            raise TooLarge
        maker = MAKERS.get(kind) or _foreign(kind)
        if maker is None:
            return self.border.refer(value, self)
        if id(value) in self._open or len(self._open) > DEEPEST:
            return self.border.refer(value, self)
        self._open.add(id(value))
        try:
            return maker(value, self)
        finally:
            self._open.discard(id(value))

    def all(self, values: Any) -> list[Any]:
        """Return the nodes of several values."""
        found = [self.encode(value) for value in values]
        self.count += len(found)
        if self.count > MOST_NODES:
            raise TooLarge
        return found


class Decoder:
    """Makes values of the nodes of one message."""

    def __init__(self, border: Border, blobs: list[bytes]) -> None:
        self.border, self.blobs = border, blobs

    def decode(self, node: Any) -> Any:
        """Return the value of a node; the node was read from JSON, so it has an end.

        Raises
        ------
        Broken
            It is none.
        """
        kind = type(node)
        if node is None or kind in (bool, int, float, str):
            return node
        if kind is not list or not node or type(node[0]) is not str:
            raise Broken("a node without a tag")
        taker = TAKERS.get(node[0])
        try:
            if taker is None:
                return self.border.take(node, self)
            return taker(node, self)
        except (Broken, RecursionError, MemoryError):
            raise
        except Exception as error:
            raise Broken(f"a node {node[0]!r} that does not hold: {error}") from None

    def all(self, nodes: Any) -> list[Any]:
        """Return the values of several nodes."""
        return [self.decode(node) for node in nodes]

    def bytes(self, place: Any) -> bytes:
        """Return bytes that came with the message."""
        if type(place) is not int or not 0 <= place < len(self.blobs):
            raise Broken("bytes that did not come")
        return self.blobs[place]


Maker = Callable[[Any, Encoder], Any]
Taker = Callable[[list[Any], Decoder], Any]


def _foreign(kind: type) -> Maker | None:
    """Look for a maker among the numeric libraries, which may not be there."""
    room = getattr(kind, "__module__", "")
    if not isinstance(room, str) or room.partition(".")[0] not in ("numpy", "pandas"):
        return None
    from coteach.grading.engine import frames
    return frames.maker(kind)


def _pairs(value: dict[Any, Any], encoder: Encoder) -> list[Any]:
    return encoder.all(part for pair in value.items() for part in pair)


def _dict(nodes: list[Any], decoder: Decoder) -> list[tuple[Any, Any]]:
    values = decoder.all(nodes)
    return list(zip(values[::2], values[1::2], strict=True))


_FACTORIES: dict[str, type] = {kind.__name__: kind for kind in (
    int, float, str, bool, list, dict, set, tuple, complex, bytes, frozenset, bytearray, object)}


def _default_dict(value: Any, encoder: Encoder) -> Any:
    factory = value.default_factory
    name = next((name for name, kind in _FACTORIES.items() if kind is factory), None)
    if factory is not None and name is None:
        return encoder.border.refer(value, encoder)
    return ["dd", name, *_pairs(value, encoder)]


def _timezone(value: Any, encoder: Encoder) -> Any:
    if value is None:
        return None
    if type(value) is datetime.timezone:
        return value.utcoffset(None).total_seconds()
    key = getattr(value, "key", None)
    if type(value).__module__.partition(".")[0] == "zoneinfo" and type(key) is str:
        return key
    return False


def _datetime(value: datetime.datetime, encoder: Encoder) -> Any:
    zone = _timezone(value.tzinfo, encoder)
    if zone is False:
        return encoder.border.refer(value, encoder)
    return ["at", value.replace(tzinfo=None).isoformat(), value.fold, zone]


def _zone(zone: Any) -> datetime.tzinfo | None:
    if zone is None:
        return None
    if type(zone) is str:
        import zoneinfo
        return zoneinfo.ZoneInfo(zone)
    seconds = datetime.timedelta(seconds=zone)
    return datetime.UTC if not seconds else datetime.timezone(seconds)


def _take_datetime(node: list[Any], _decoder: Decoder) -> Any:
    made = datetime.datetime.fromisoformat(node[1])
    return made.replace(fold=node[2], tzinfo=_zone(node[3]))


def _time(value: datetime.time, encoder: Encoder) -> Any:
    if value.tzinfo is not None:
        return encoder.border.refer(value, encoder)
    return ["ti", value.isoformat()]


def _views(value: Any) -> dict[Any, Any]:
    """Return what a view of a dictionary shows, as a dictionary."""
    kind = type(value)
    if kind is type({}.keys()):
        return dict.fromkeys(value)
    return dict(value) if kind is type({}.items()) else dict(enumerate(value))


MAKERS: dict[type, Maker] = {
    type({}.keys()): lambda v, e: ["vk", *_pairs(_views(v), e)],
    type({}.values()): lambda v, e: ["vv", *_pairs(_views(v), e)],
    type({}.items()): lambda v, e: ["vi", *_pairs(_views(v), e)],
    pathlib.PosixPath: lambda v, e: ["pa", str(v)],
    pathlib.PurePosixPath: lambda v, e: ["pp", str(v)],
    uuid.UUID: lambda v, e: ["id", v.hex],
    array.array: lambda v, e: ["ar", v.typecode, e.blob(v.tobytes())],
    list: lambda v, e: ["l", *e.all(v)],
    tuple: lambda v, e: ["t", *e.all(v)],
    dict: lambda v, e: ["d", *_pairs(v, e)],
    set: lambda v, e: ["s", *e.all(v)],
    frozenset: lambda v, e: ["f", *e.all(v)],
    bytes: lambda v, e: ["b", e.blob(v)],
    bytearray: lambda v, e: ["ba", e.blob(bytes(v))],
    complex: lambda v, e: ["c", v.real, v.imag],
    range: lambda v, e: ["r", *e.all((v.start, v.stop, v.step))],
    slice: lambda v, e: ["sl", *e.all((v.start, v.stop, v.step))],
    type(Ellipsis): lambda v, e: ["e"],
    type(NotImplemented): lambda v, e: ["ni"],
    collections.OrderedDict: lambda v, e: ["od", *_pairs(v, e)],
    collections.Counter: lambda v, e: ["cd", *_pairs(v, e)],
    collections.defaultdict: _default_dict,
    collections.deque: lambda v, e: ["q", v.maxlen, *e.all(v)],
    datetime.datetime: _datetime,
    datetime.date: lambda v, e: ["da", v.isoformat()],
    datetime.time: _time,
    datetime.timedelta: lambda v, e: ["td", v.days, v.seconds, v.microseconds],
    decimal.Decimal: lambda v, e: ["de", str(v)],
    fractions.Fraction: lambda v, e: ["fr", *e.all((v.numerator, v.denominator))],
}


def _fraction(node: list[Any], decoder: Decoder) -> Any:
    above, below = decoder.all(node[1:])
    return fractions.Fraction(above, below)


def _integer(node: list[Any], _decoder: Decoder) -> int:
    if type(node[1]) is not str:
        raise Broken("an integer that is no text")
    return int(node[1], 16)


def _delta(node: list[Any], _decoder: Decoder) -> datetime.timedelta:
    return datetime.timedelta(node[1], node[2], node[3])


def _counter(node: list[Any], decoder: Decoder) -> Any:
    made: collections.Counter[Any] = collections.Counter()
    dict.update(made, _dict(node[1:], decoder))
    return made


def _frames(node: list[Any], decoder: Decoder) -> Any:
    from coteach.grading.engine import frames
    return frames.take(node, decoder)


TAKERS: dict[str, Taker] = {
    "vk": lambda n, d: dict(_dict(n[1:], d)).keys(),
    "vv": lambda n, d: dict(_dict(n[1:], d)).values(),
    "vi": lambda n, d: dict(_dict(n[1:], d)).items(),
    "pa": lambda n, d: pathlib.PosixPath(n[1]),
    "pp": lambda n, d: pathlib.PurePosixPath(n[1]),
    "id": lambda n, d: uuid.UUID(hex=n[1]),
    "ar": lambda n, d: array.array(n[1], d.bytes(n[2])),
    "l": lambda n, d: d.all(n[1:]),
    "t": lambda n, d: tuple(d.all(n[1:])),
    "d": lambda n, d: dict(_dict(n[1:], d)),
    "s": lambda n, d: set(d.all(n[1:])),
    "f": lambda n, d: frozenset(d.all(n[1:])),
    "b": lambda n, d: d.bytes(n[1]),
    "ba": lambda n, d: bytearray(d.bytes(n[1])),
    "c": lambda n, d: complex(float(n[1]), float(n[2])),
    "i": _integer,
    "r": lambda n, d: range(*d.all(n[1:4])),
    "sl": lambda n, d: slice(*d.all(n[1:4])),
    "e": lambda n, d: ...,
    "ni": lambda n, d: NotImplemented,
    "od": lambda n, d: collections.OrderedDict(_dict(n[1:], d)),
    "cd": _counter,
    "dd": lambda n, d: collections.defaultdict(
        None if n[1] is None else _FACTORIES[n[1]], _dict(n[2:], d)),
    "q": lambda n, d: collections.deque(d.all(n[2:]), n[1]),
    "at": _take_datetime,
    "da": lambda n, d: datetime.date.fromisoformat(n[1]),
    "ti": lambda n, d: datetime.time.fromisoformat(n[1]),
    "td": _delta,
    "de": lambda n, d: decimal.Decimal(n[1]),
    "fr": _fraction,
    "np": _frames,
    "pd": _frames,
}


def is_data(value: Any) -> bool:
    """Say whether a value's exact type is plain data."""
    kind = type(value)
    return (value is None or kind in (bool, int, float, str) or kind in MAKERS
            or _foreign(kind) is not None)


def payload(value: Any) -> Any:
    """Return the plain value inside an instance of a subclass of a plain type, by the plain type's
    own methods; None when there is none."""
    kind = type(value)  # an object may lie about its class
    if issubclass(kind, int):
        return int.__add__(value, 0)
    if issubclass(kind, float):
        return math.copysign(float.__abs__(value), float.__float__(value))
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, tuple):
        return tuple.__getitem__(value, slice(None))
    if issubclass(kind, list):
        return list.__getitem__(value, slice(None))
    if issubclass(kind, dict):
        return dict.copy(value)
    if issubclass(kind, (set, frozenset)):
        plain = set if issubclass(kind, set) else frozenset
        return plain(plain.__iter__(value))  # type: ignore[arg-type]
    numbers: Any = sys.modules.get("numpy")
    if numbers is not None and issubclass(kind, numbers.ndarray):
        return numbers.ndarray.view(value, numbers.ndarray)
    return None
