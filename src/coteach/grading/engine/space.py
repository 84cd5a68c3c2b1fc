"""The tests' names: those of given code and tests are here, the student's are asked for.

While given code runs her names are not there, so that what needs them fails and is left to her
process, where it ran too. While a test runs they are fetched when they are used.
"""

from __future__ import annotations

import builtins
import types
from collections.abc import Iterable
from typing import Any

from coteach.grading.engine import names
from coteach.grading.engine.asking import Asker
from coteach.grading.engine.errors import AnswerEnded, ErrorMirror
from coteach.grading.engine.proxies import Mirror


class Names(dict[str, Any]):
    """Global names of the tests' process.

    Parameters
    ----------
    answers
        Names that are the student's though Python has a builtin of that name.
    """

    def __init__(self, first: dict[str, Any], asker: Asker, answers: Iterable[str]) -> None:
        super().__init__(first)
        self.asker, self.answers = asker, frozenset(answers)
        self.open = False
        self._cache: dict[str, Any] = {}
        self._lasting: dict[str, Any] = {}
        self._taken: set[str] = set()
        self._epoch = -1

    def theirs(self, wanted: Iterable[str]) -> None:
        """Leave these names to the student's process from here on.

        Functions, classes and modules of given code stay: the tests judge with them.
        """
        for name in wanted:
            held = self.get_here(name)
            if not (isinstance(held, types.ModuleType) or callable(held) or name.startswith("_")):
                self.pop(name, None)

    def get_here(self, name: str) -> Any:
        """Return a name of our own, None when it is not."""
        return dict.get(self, name)

    def __missing__(self, name: str) -> Any:
        if not self.open or name.startswith("__") or (
                hasattr(builtins, name) and name not in self.answers):
            raise KeyError(name)
        if self._epoch != self.asker.epoch:
            self._cache.clear()
        for known in (self._lasting, self._cache):
            if name in known:
                return known[name]
        if name in names.COMMON and name not in self.answers:
            found = names.module(names.COMMON[name])
            if found is not None:
                return found
        try:
            value = self.asker.ask("name", name)
        except NameError:
            raise KeyError(name) from None
        if isinstance(type(value), Mirror) and name not in self.answers and (
                name.startswith("assert") or name in names.JUDGING):
            raise KeyError(name)  # a test would judge with a function of the answer
        self.asker.name(value)
        self._epoch = self.asker.epoch
        # A call may give a name another value; that it gives one to a function is very rare.
        lasting = isinstance(value, (Mirror, ErrorMirror)) or getattr(
            type(value), "_ct_known", None) is types.FunctionType
        (self._lasting if lasting else self._cache)[name] = value
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        """Set a name here; over there too when it stands in for a function of the answer.

        Data stays here: it may be what the test expects.
        """
        if self.open and (name in self._taken or self._stands_in(name, value)):
            self.asker.ask("setname", name, value)
            self._forget(name)
            self._taken.discard(name)
        else:
            dict.__setitem__(self, name, value)

    def __delitem__(self, name: str) -> None:
        """Delete a name; the student's too, as a test does to see who needs it."""
        if dict.__contains__(self, name) or not self.open or name.startswith("_"):
            dict.__delitem__(self, name)
            return
        try:
            self.asker.ask("delname", name)
        except NameError:
            raise KeyError(name) from None
        self._taken.add(name)
        self._forget(name)

    def _stands_in(self, name: str, value: Any) -> bool:
        if name not in self.answers or not callable(value) or dict.__contains__(self, name):
            return False
        try:
            found = self[name]
        except KeyError:
            return False
        return isinstance(type(found), Mirror) and callable(found)

    def _forget(self, name: str) -> None:
        self._lasting.pop(name, None)
        self._cache.pop(name, None)

    def begin(self) -> None:
        """Let the student's names be seen, for one test."""
        self._lasting.clear()
        self._cache.clear()
        self.asker.named.clear()
        self.open = True

    def __contains__(self, name: object) -> bool:
        if dict.__contains__(self, name):
            return True
        return type(name) is str and self.open and not name.startswith(
            "_") and name in self._student_names()

    def get(self, name: Any, default: Any = None) -> Any:
        """As of a dictionary, with the student's names."""
        try:
            return self[name]
        except KeyError:
            return default

    def keys(self) -> Any:
        """As of a dictionary, with the student's names."""
        return [*dict.keys(self), *self._student_names()] if self.open else dict.keys(self)

    def _student_names(self) -> list[str]:
        try:
            return self.asker.names()
        except AnswerEnded:
            return []
