"""What is raised in the tests' process for the engine, and the student's own exception classes.

Rule: what is the engine's own lies beside `Exception`, so that no test catches it by the way.
"""

from __future__ import annotations

from typing import Any


class EngineSignal(BaseException):
    """Not an exception of the answer or of the test."""


class NotAcross(EngineSignal):
    """A test wants from an object what only the live object has."""


class AnswerEnded(EngineSignal):
    """The student's process is gone."""


class ErrorMirror(type):
    """The class, here, of a student's exception."""

    def __call__(cls, *args: Any, **more: Any) -> Any:
        """Make one over there."""
        return cls._ct_tests.ask("call", cls, *args, **more)  # type: ignore[attr-defined]


def error_class(name: str, bases: tuple[type, ...], space: dict[str, Any]) -> Any:
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
