"""Two visitors of one lesson draw different random numbers, unless its author chose a seed.

Runs inside the sandbox. `watch` notes before the lesson which generators were given a seed;
`reseed` gives the others a fresh one in a kernel that was forked from it.
"""

from __future__ import annotations

import random
import sys
import weakref
from collections.abc import Callable, Mapping
from typing import Any

_unseeded: weakref.WeakSet[random.Random] = weakref.WeakSet()
_generators: list[Any] = []
"""numpy's generators that were made without a seed; they can't be referred to weakly."""
_chosen: set[str] = set()
_MOST_GENERATORS = 10_000


def _noting(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def seed(*args: Any, **more: Any) -> Any:
        given = (*args, *more.values())
        if given and given[0] is not None:
            _chosen.add(name)
        else:
            _chosen.discard(name)
        return real(*args, **more)

    seed.__doc__, seed.__name__ = real.__doc__, getattr(real, "__name__", "seed")
    return seed


def _watch_random() -> None:
    plain = random.Random.seed

    def seed(self: random.Random, a: Any = None, version: int = 2) -> None:
        plain(self, a, version)
        if a is None:
            _unseeded.add(self)
        else:
            _unseeded.discard(self)

    seed.__doc__ = plain.__doc__
    random.Random.seed = seed  # type: ignore[method-assign]
    plain_state = random.Random.setstate

    def setstate(self: random.Random, state: Any) -> None:
        plain_state(self, state)
        _unseeded.discard(self)

    setstate.__doc__ = plain_state.__doc__
    random.Random.setstate = setstate  # type: ignore[method-assign]
    # The module's functions are methods that were bound before.
    random.seed = _noting("random", random.seed)
    random.setstate = _noting("random", random.setstate)


def _watch_numpy(numpy: Any) -> None:
    numpy.random.seed = _noting("numpy", numpy.random.seed)
    numpy.random.set_state = _noting("numpy", numpy.random.set_state)
    real = numpy.random.default_rng

    def default_rng(seed: Any = None) -> Any:
        made = real(seed)
        if seed is None and len(_generators) < _MOST_GENERATORS:
            _generators.append(made)
        return made

    default_rng.__doc__ = real.__doc__
    numpy.random.default_rng = default_rng


def watch() -> None:
    """Note from here on which generators get a seed."""
    _watch_random()
    random.seed()
    try:
        import numpy
    except ImportError:
        return
    numpy.random.seed()
    _watch_numpy(numpy)


def _fresh_numpy(numpy: Any, names: Mapping[str, Any]) -> None:
    if "numpy" not in _chosen:
        numpy.random.seed()
    found = list(_generators)
    for value in list(names.values()):
        if isinstance(value, numpy.random.RandomState):
            # One that was made with a number has no sequence of seeds.
            bits = value._bit_generator
            if getattr(bits, "_seed_seq", None) is not None:
                bits.state = type(bits)().state
    for generator in found:
        bits = generator.bit_generator
        bits.state = type(bits)().state


def reseed(names: Mapping[str, Any]) -> None:
    """Give every generator without a chosen seed a fresh one.

    Parameters
    ----------
    names
        The lesson's variables.
    """
    if "random" not in _chosen:
        random.seed()
    for generator in list(_unseeded):
        generator.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        _fresh_numpy(numpy, names)
