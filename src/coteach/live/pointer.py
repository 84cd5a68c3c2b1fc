"""Where the lesson is: the slide or cell the teacher is at, and her timer."""

from __future__ import annotations

from typing import Any

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.live.acts import ID, Happened, Who, only_teachers

MOST_SECONDS = 4 * 3600


class Pointer:
    """The teacher's place, so that a class page can follow and who was dropped comes back to it."""

    verbs = ("pointer",)

    def __init__(self) -> None:
        self.place: dict[str, str] | None = None

    def decide(self, who: Who, message: dict[str, Any]) -> list[Happened]:
        """Move it."""
        only_teachers(who)
        place: dict[str, Any] = {
            name: message[name] for name in ("lesson", "cell") if name in message}
        if "cell" not in place or not all(
                isinstance(v, str) and ID.fullmatch(v) for v in place.values()):
            raise UserError(_("The message names no cell."), code="no-cell")
        return [] if place == self.place else [Happened(who.seat, "pointer", place)]

    def apply(self, event: Happened) -> None:
        """Follow what happened."""
        self.place = dict(event.value)

    def gone(self, seat: str) -> None:
        """The lesson stays where it is."""


class Timer:
    """A time that everybody sees run; by the server's clock."""

    verbs = ("timer",)

    def __init__(self) -> None:
        self._ends: float | None = None

    def decide(self, who: Who, message: dict[str, Any]) -> list[Happened]:
        """Start it with seconds, or stop it with none."""
        only_teachers(who)
        seconds = message.get("seconds")
        if seconds is not None and (
                type(seconds) is not int or not 0 < seconds <= MOST_SECONDS):
            raise UserError(_("A timer runs from 1 second to 4 hours."), code="bad-seconds")
        return [Happened(who.seat, "timer", {"seconds": seconds})]

    def apply(self, event: Happened) -> None:
        """Follow what happened."""
        seconds = event.value["seconds"]
        self._ends = None if seconds is None else event.at + seconds

    def gone(self, seat: str) -> None:
        """It runs on."""

    def left(self, now: float) -> int | None:
        """Return the seconds left, 0 when the time is over."""
        return None if self._ends is None else max(0, round(self._ends - now))
