"""Chat of a room, moderated, and captions: what is read one after the other.

Readers ask for what is new to them (`Feed.after`), so a slow one misses nothing.
"""

from __future__ import annotations

from typing import Any

from coteach.errors import Forbidden, NotFound
from coteach.i18n import gettext as _
from coteach.live.acts import Happened, Who, only_teachers, text_of

MAX_TEXT = 500
KEPT = 200
"""Messages that a room gives to who comes late."""


class Feed:
    """The last messages; each carries the number of what changed it last."""

    def __init__(self) -> None:
        self._entries: dict[int, dict[str, Any]] = {}
        self._newest = 0

    def add(self, event: Happened) -> None:
        """Take a new message."""
        self._newest = event.number
        self._entries[event.number] = {
            "id": event.number, "number": event.number, "seat": event.seat, "at": event.at,
            "name": event.value.get("name", ""), "text": event.value.get("text", ""),
            "removed": bool(event.value.get("removed"))}
        while len(self._entries) > KEPT:
            del self._entries[next(iter(self._entries))]

    def remove(self, of: int, number: int) -> None:
        """Take a message away."""
        if of in self._entries:
            self._newest = number
            self._entries[of].update(number=number, text="", removed=True)

    def __contains__(self, of: object) -> bool:
        return of in self._entries and not self._entries[of]["removed"]  # type: ignore[index]

    def after(self, number: int) -> list[dict[str, Any]]:
        """Return what is newer than a number."""
        if number >= self._newest:  # each page asks with each state, and mostly for nothing
            return []
        return sorted((e for e in self._entries.values() if e["number"] > number),
                      key=lambda e: e["id"])


class Chat:
    """Everybody writes while the teacher lets them; she takes messages away."""

    verbs = ("chat", "chat-remove", "chat-open")

    def __init__(self) -> None:
        self.feed = Feed()
        self.open = True

    def decide(self, who: Who, message: dict[str, Any]) -> list[Happened]:
        """Write, take away, switch on or off."""
        verb = message["type"]
        if verb == "chat":
            if not self.open and not who.leads:
                raise Forbidden(_("The teacher has switched the chat off."), code="chat-off")
            return [Happened(who.seat, verb, {"text": text_of(message, "text", MAX_TEXT),
                                              "name": who.name})]
        only_teachers(who)
        if verb == "chat-open":
            return [Happened(who.seat, verb, {"open": message.get("open") is True})]
        of = message.get("id")
        if not isinstance(of, int) or of not in self.feed:
            raise NotFound(_("This message is not there any more."))
        return [Happened(who.seat, verb, {"of": of})]

    def apply(self, event: Happened) -> None:
        """Follow what happened."""
        if event.verb == "chat":
            self.feed.add(event)
        elif event.verb == "chat-remove":
            self.feed.remove(event.value["of"], event.number)
        else:
            self.open = event.value["open"]

    def gone(self, seat: str) -> None:
        """What somebody wrote stays."""


class Captions:
    """What a human captioner writes of what is said; the teacher and who she named write it."""

    verbs = ("caption", "captioner")

    def __init__(self) -> None:
        self.feed = Feed()
        self.seats: set[str] = set()

    def decide(self, who: Who, message: dict[str, Any]) -> list[Happened]:
        """Write a line, or name who may."""
        if message["type"] == "captioner":
            only_teachers(who)
            return [Happened(who.seat, "captioner", {
                "of": str(message.get("seat", ""))[:12], "on": message.get("on") is True})]
        if who.seat not in self.seats:
            only_teachers(who)
        return [Happened(who.seat, "caption", {"text": text_of(message, "text", MAX_TEXT)})]

    def apply(self, event: Happened) -> None:
        """Follow what happened."""
        if event.verb == "caption":
            self.feed.add(event)
        elif event.value["on"]:
            self.seats.add(event.value["of"])
        else:
            self.seats.discard(event.value["of"])

    def gone(self, seat: str) -> None:
        """Somebody left for good."""
        self.seats.discard(seat)
