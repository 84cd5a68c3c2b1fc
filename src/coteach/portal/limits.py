"""How large a request may be.

Rule: no body is read further than its limit, whoever sends it and whatever its length claims.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from coteach.errors import UserError
from coteach.grading import handin
from coteach.i18n import gettext as _

MOST = 1 << 20
MOST_AT = {
    # Its own reader has the finer limit and the sentence that fits.
    "/api/v1/submissions": 2 * handin.MAX_BYTES + (1 << 20),
    "/api/v1/line": 2 << 20,
}
"""Addresses that take more; each counts again by itself."""


class TooLarge(HTTPException):
    """A body that grew beyond its limit while it was read."""

    def __init__(self, most: int) -> None:
        super().__init__(413)
        self.most = most


def too_large(most: int) -> UserError:
    """Return the refusal of a body above a limit."""
    return UserError(_("What was sent is larger than {limit} MB.").format(limit=most >> 20),
                     hint=_("Send less at once."), status=413, code="too-large")


def limit(path: str) -> int:
    """Return how many bytes an address takes."""
    return MOST_AT.get(path.rstrip("/"), MOST)


def check(path: str, length: str) -> None:
    """Do nothing if a body of this Content-Length may come.

    Raises
    ------
    UserError
        It may not.
    """
    most = limit(path)
    # Long lengths are compared by their digits: no number is too large for that.
    digits = length.lstrip("0")
    if digits.isdecimal() and (len(digits) > 18 or int(digits) > most):
        raise too_large(most)


def counted(path: str, receive: Receive) -> Receive:
    """Return `receive` with an end: more than the limit raises `TooLarge`."""
    most, seen = limit(path), 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > most:
                raise TooLarge(most)
        return message

    return receiving
