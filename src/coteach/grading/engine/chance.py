"""Random numbers: one seed in both processes, and what a test seeds is seeded over there too.

A test that calls ``random.seed(1)`` or ``numpy.random.seed(1)`` before it calls the answer means
the answer's numbers. Rule: a state goes from the tests to the student's process, never back, or her
code would choose what a test draws.
"""

from __future__ import annotations

import random
import sys
from typing import Any


def _numpy() -> Any:
    return sys.modules.get("numpy.random")


def seed(number: int) -> None:
    """Give the generators their seed."""
    random.seed(number)
    if _numpy() is not None:
        _numpy().seed(number % 2**32)


def put(states: Any) -> None:
    """Take the states that a test has."""
    if states[0] is not None:
        random.setstate(states[0])
    if states[1] is not None and _numpy() is not None:
        _numpy().set_state(states[1])


class Chance:
    """Notices that a test has touched its generators."""

    def __init__(self) -> None:
        self._python = random.getstate()
        self._arrays = self._array_state()

    @staticmethod
    def _array_state() -> Any:
        return None if _numpy() is None else _numpy().get_state()

    @staticmethod
    def _same(one: Any, other: Any) -> bool:
        if one is None or other is None:
            return one is other
        return bool(one[2:] == other[2:] and one[1].tobytes() == other[1].tobytes())

    def touched(self) -> list[Any] | None:
        """Return the states to send, None when nothing was touched."""
        python, arrays = random.getstate(), self._array_state()
        found = [None if python == self._python else python,
                 None if self._same(arrays, self._arrays) else arrays]
        if found == [None, None]:
            return None
        # One number is drawn and lost: so the same seed, given again, is seen as another state.
        if found[0] is not None:
            random.random()  # noqa: S311
            self._python = random.getstate()
        if found[1] is not None:
            _numpy().random_sample()
            self._arrays = self._array_state()
        return found
