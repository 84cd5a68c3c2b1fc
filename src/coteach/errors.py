"""The two kinds of error.

A `UserError` is written for the person in front of the screen: it names the value, the limit
and the way out, and may be shown as it is. Everything else is internal and only the log sees it.
"""

from __future__ import annotations

_FULL_WIDTH = ("。", "！", "？", "」", "）")


def sentences(*parts: str) -> str:
    """Join sentences: with a space, and without one after a full-width mark."""
    text = ""
    for part in filter(None, parts):
        text += part if not text or text.endswith(_FULL_WIDTH) else f" {part}"
    return text


class UserError(Exception):
    """An error a user may read.

    Parameters
    ----------
    message
        One sentence that names the value and what is wrong with it, already translated.
    hint
        What to do next, one sentence, already translated.
    status
        The HTTP status code a web handler answers with.
    code
        A stable machine-readable name (kebab case) for API clients and tests.
    """

    def __init__(
        self, message: str, *, hint: str = "", status: int = 400, code: str = "bad-request"
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status
        self.code = code

    def __str__(self) -> str:
        return sentences(self.message, self.hint)


class NotFound(UserError):
    """The thing asked for does not exist (or must look as if it did not)."""

    def __init__(self, message: str, *, hint: str = "", code: str = "not-found") -> None:
        super().__init__(message, hint=hint, status=404, code=code)


class Forbidden(UserError):
    """The person is known and may not do this."""

    def __init__(self, message: str, *, hint: str = "", code: str = "forbidden") -> None:
        super().__init__(message, hint=hint, status=403, code=code)


class Conflict(UserError):
    """The request does not fit the present state (closed, already used, changed since)."""

    def __init__(self, message: str, *, hint: str = "", code: str = "conflict") -> None:
        super().__init__(message, hint=hint, status=409, code=code)


class Gone(UserError):
    """It existed and is over: an expired invitation, a closed class."""

    def __init__(self, message: str, *, hint: str = "", code: str = "gone") -> None:
        super().__init__(message, hint=hint, status=410, code=code)


class TooMany(UserError):
    """A rate limit was reached."""

    def __init__(self, message: str, *, hint: str = "", code: str = "too-many") -> None:
        super().__init__(message, hint=hint, status=429, code=code)


class StorageFull(UserError):
    """The disk (or a quota) is full; nothing that was written before is lost."""

    def __init__(self, message: str, *, hint: str = "", code: str = "storage-full") -> None:
        super().__init__(message, hint=hint, status=507, code=code)
