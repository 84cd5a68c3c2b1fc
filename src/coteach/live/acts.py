"""What the parts of a room's floor share: who acts, what happened, and a refusal in words.

A part decides (`decide` returns what happens, or raises a sentence) and applies (`apply`); the
floor keeps what happened in order. Applying the same things again gives the same room.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from coteach.errors import Forbidden, UserError
from coteach.i18n import gettext as _

ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Who:
    """Somebody who acts."""

    seat: str
    name: str
    owner: bool = False
    helps: bool = False
    """Whether she is a co-teacher."""

    @property
    def leads(self) -> bool:
        """Whether she may do what the teacher may."""
        return self.owner or self.helps


@dataclass(frozen=True)
class Happened:
    """One thing that happened."""

    seat: str
    verb: str
    value: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    at: float = 0.0
    """Seconds since 1970; for showing how long ago, never for the order."""


def only_teachers(who: Who) -> None:
    """Refuse everybody who does not lead the room."""
    if not who.leads:
        raise Forbidden(_("Only the teacher of this room can do this."), code="not-teacher")


def text_of(message: dict[str, Any], name: str, most: int) -> str:
    """Return a text of a message without blanks around it.

    Raises
    ------
    UserError
        It is missing, empty or too long.
    """
    found = message.get(name)
    text = " ".join(found.split()) if isinstance(found, str) else ""
    if not text:
        raise UserError(_("Write something first."), code="no-text")
    if len(text) > most:
        raise UserError(_("That is too long: {count} characters, and {most} fit.").format(
            count=len(text), most=most), code="long-text")
    return text


def seat_of(message: dict[str, Any]) -> str:
    """Return the seat that a message names."""
    seat = message.get("seat")
    if not isinstance(seat, str) or not ID.fullmatch(seat):
        raise UserError(_("The message names nobody."), code="no-seat")
    return seat
