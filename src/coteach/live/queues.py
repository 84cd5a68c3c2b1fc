"""Queues by time: hands that are up, and who waits for help. The longest wait comes first."""

from __future__ import annotations

from typing import Any

from coteach.live.acts import Happened, Who, only_teachers, seat_of


class Queue:
    """Who waits for one thing.

    Parameters
    ----------
    verb
        The message that joins and leaves it: ``{"type": verb, "on": true}``. The teacher takes
        somebody out by naming her seat.
    """

    def __init__(self, verb: str) -> None:
        self.verbs = (verb,)
        self._waiting: dict[str, Happened] = {}

    def decide(self, who: Who, message: dict[str, Any]) -> list[Happened]:
        """Join, leave, or take somebody out."""
        verb, on = self.verbs[0], message.get("on") is True
        if on or "seat" not in message or message["seat"] == who.seat:
            if on == (who.seat in self._waiting):
                return []
            return [Happened(who.seat, verb, {"on": on, **({"name": who.name} if on else {})})]
        only_teachers(who)
        seat = seat_of(message)
        if seat not in self._waiting:
            return []
        return [Happened(who.seat, verb, {"on": False, "of": seat})]

    def apply(self, event: Happened) -> None:
        """Follow what happened."""
        seat = event.value.get("of", event.seat)
        if event.value.get("on"):
            self._waiting[seat] = event
        else:
            self._waiting.pop(seat, None)

    def gone(self, seat: str) -> None:
        """Somebody left for good."""
        self._waiting.pop(seat, None)

    @property
    def seats(self) -> list[str]:
        """Who waits, the longest first."""
        return list(self._waiting)

    def shown(self, who: Who, now: float) -> list[dict[str, Any]]:
        """Return the queue; who does not lead sees herself in it, and only the places of others."""
        return [{"seat": e.seat, "name": e.value.get("name", ""), "place": place,
                 "seconds": max(0, round(now - e.at))}
                for place, e in enumerate(self._waiting.values(), 1)
                if who.leads or e.seat == who.seat]
