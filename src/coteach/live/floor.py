"""A room's floor: everything that happens in it besides media, put together of its parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.live.acts import Happened, Who
from coteach.live.chat import Captions, Chat
from coteach.live.pace import Pace
from coteach.live.pointer import Pointer, Timer
from coteach.live.poll import Poll
from coteach.live.queues import Queue
from coteach.live.stage import Stage

PRACTICE, WEBCAST = "practice", "webcast"
GONE = "gone"


class Floor:
    """The parts, and the number of what happened last.

    Parameters
    ----------
    kind
        The room's; in a webcast the stage is the teacher's.
    """

    def __init__(self, kind: str = PRACTICE) -> None:
        self.kind, self.number = kind, 0
        self.hands, self.help = Queue("hand"), Queue("help")
        self.chat, self.captions, self.poll = Chat(), Captions(), Poll()
        self.pointer, self.timer = Pointer(), Timer()
        self.stage = Stage(everybody=kind != WEBCAST)
        self._parts: tuple[Any, ...] = (self.hands, self.help, self.chat, self.captions, self.poll,
                                        self.pointer, self.timer, self.stage)
        self._by_verb = {verb: part for part in self._parts for verb in part.verbs}
        self._paces: dict[str, Pace] = {}

    def knows(self, verb: object) -> bool:
        """Whether a message is the floor's."""
        return isinstance(verb, str) and verb in self._by_verb

    def act(self, who: Who, message: dict[str, Any], now: float) -> list[Happened]:
        """Do what somebody asks and return what happened.

        Raises
        ------
        UserError
            She may not, or it makes no sense; nothing happened.
        """
        verb = message.get("type")
        if not self.knows(verb):
            raise UserError(_("The room does not know this message."), code="bad-message")
        self._paces.setdefault(who.seat, Pace()).act(str(verb), now)
        return self._apply(self._by_verb[str(verb)].decide(who, message), now)

    def gone(self, seat: str, now: float) -> list[Happened]:
        """Take somebody who left out of the queues and off the stage; say what happened."""
        self._paces.pop(seat, None)
        if seat not in self.seats():
            return []
        return self._apply([Happened(seat, GONE)], now)

    def _apply(self, events: list[Happened], now: float) -> list[Happened]:
        done = [replace(event, number=self.number + place, at=now)
                for place, event in enumerate(events, 1)]
        self.replay(done)
        return done

    def replay(self, events: Iterable[Happened]) -> None:
        """Follow what happened, in order."""
        for event in events:
            self.number = event.number
            if event.verb == GONE:
                for part in self._parts:
                    part.gone(event.seat)
            elif event.verb in self._by_verb:
                self._by_verb[event.verb].apply(event)

    def seats(self) -> set[str]:
        """Return everybody who waits, is on a stage of the teacher's, or has a task."""
        return {*self.hands.seats, *self.help.seats, *self.stage.seats, *self.captions.seats}

    def shown(self, who: Who, now: float) -> dict[str, Any]:
        """Return what one person may know."""
        return {
            "kind": self.kind, "leads": who.leads, "number": self.number,
            "hands": self.hands.shown(who, now), "help": self.help.shown(who, now),
            "hands_up": len(self.hands.seats), "poll": self.poll.shown(who),
            "timer": self.timer.left(now), "pointer": self.pointer.place,
            "chat_open": self.chat.open, "captioner": who.seat in self.captions.seats,
            "stage": who.leads or self.stage.on(who.seat),
            "muted": who.seat in self.stage.muted,
        }
