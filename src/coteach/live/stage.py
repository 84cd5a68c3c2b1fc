"""The stage: who may be seen and heard. The teacher decides who; nobody opens another's microphone.

In a practice everybody is on stage until taken off; in a webcast only who leads it, until she
brings somebody on. A muted person's sound is not sent on until she herself unmutes. An interpreter
may be heard, on a channel of her language.
"""

from __future__ import annotations

from typing import Any

from coteach.errors import Forbidden, UserError
from coteach.i18n import gettext as _
from coteach.live.acts import Happened, Who, only_teachers, seat_of, text_of

MAX_LANGUAGE = 40


class Stage:
    """Who is on stage.

    Parameters
    ----------
    everybody
        Whether everybody is at first.
    """

    verbs = ("stage", "mute", "interpreter")

    def __init__(self, *, everybody: bool) -> None:
        self._everybody = everybody
        self._others: set[str] = set()
        """Those for whom it is not as at first."""
        self.muted: set[str] = set()
        self.channels: dict[str, str] = {}
        """An interpreter's seat to the language she speaks."""

    def on(self, seat: str) -> bool:
        """Whether somebody who does not lead is on stage."""
        return self._everybody != (seat in self._others)

    @property
    def seats(self) -> set[str]:
        """Return who was brought on stage, is muted or interprets."""
        return {*(() if self._everybody else self._others), *self.muted, *self.channels}

    def may_publish(self, who: Who) -> None:
        """Refuse who is not on stage and interprets nothing."""
        if not (who.leads or self.on(who.seat) or who.seat in self.channels):
            raise Forbidden(_("You are not on stage."),
                            hint=_("Raise your hand; the teacher brings you on stage."),
                            code="not-on-stage")

    def decide(self, who: Who, message: dict[str, Any]) -> list[Happened]:
        """Bring on, take off, mute, unmute oneself, name an interpreter."""
        verb, on = message["type"], message.get("on") is True
        if verb == "mute" and message.get("seat", who.seat) == who.seat:
            return [Happened(who.seat, verb, {"of": who.seat, "on": on})]
        only_teachers(who)
        seat = seat_of(message)
        if verb == "mute" and not on:
            raise Forbidden(_("Nobody's microphone is turned on by somebody else."),
                            hint=_("Ask her to turn it on."), code="not-yours")
        value: dict[str, Any] = {"of": seat, "on": on}
        if verb == "interpreter" and on:
            value["language"] = text_of(message, "language", MAX_LANGUAGE)
            if value["language"] in self.channels.values() and seat not in self.channels:
                raise UserError(_("There is a channel of this language already."),
                                code="same-language")
        return [Happened(who.seat, verb, value)]

    def apply(self, event: Happened) -> None:
        """Follow what happened."""
        seat, on = event.value["of"], event.value["on"]
        if event.verb == "mute":
            (self.muted.add if on else self.muted.discard)(seat)
        elif event.verb == "stage":
            (self._others.add if on != self._everybody else self._others.discard)(seat)
            self.muted.discard(seat)
        elif on:
            self.channels[seat] = event.value["language"]
        else:
            self.channels.pop(seat, None)

    def gone(self, seat: str) -> None:
        """Somebody left for good."""
        if not self._everybody:
            self._others.discard(seat)
        self.muted.discard(seat)
        self.channels.pop(seat, None)
