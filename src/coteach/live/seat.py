"""One person's place in a room. It stays hers when her line drops, under the same id."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass, replace
from typing import Any, Protocol

from coteach.live.peer import RelayPeer
from coteach.live.source import Source

SILENT_AFTER = 7.0
"""Seconds without picture and sound after which people are told that none comes; what is muted
or black is still sent."""


@dataclass(frozen=True)
class Pass:
    """What a room pass says about its bearer; minted by the portal, believed after its check."""

    room: str
    person: str
    name: str
    owner: bool
    language: str
    module: str
    cohort: str | None
    helps: bool = False
    """Whether she is a co-teacher of a webcast."""
    shared: bool = False
    """Whether many hold the same pass, as an encoder and the players of a stream do: each of
    them gets a seat of her own for one connection, is not listed and is never recorded."""

    @classmethod
    def of(cls, claims: dict[str, Any]) -> Pass:
        """Make a pass of a token's claims."""
        return cls(room=str(claims["room"]), person=str(claims["person"]),
                   name=str(claims["name"])[:120], owner=bool(claims.get("owner")),
                   language=str(claims.get("lang") or "en"),
                   module=str(claims.get("module") or ""),
                   cohort=str(claims["cohort"]) if claims.get("cohort") else None,
                   helps=bool(claims.get("helps")), shared=bool(claims.get("shared")))

    def one_of_many(self) -> Pass:
        """Return the pass of one of those who share it."""
        return replace(self, person=f"{self.person}/{secrets.token_hex(8)}")


class Listener(Protocol):
    """A connected events socket."""

    def changed(self) -> None:
        """The room's state is not what it was; send it when you can."""

    def send(self, message: dict[str, Any]) -> None:
        """Send a message soon."""

    def replace(self) -> None:
        """The same person came in from elsewhere; close."""


def seat_id(room: str, person: str) -> str:
    """Return the seat of a person in a room: the same after a restart, and no clue to who it is."""
    return hashlib.sha256(f"{room}\n{person}".encode()).hexdigest()[:12]


class Seat:
    """A person in a room."""

    def __init__(self, holder: Pass) -> None:
        self.id = seat_id(holder.room, holder.person)
        self.holder = holder
        self.consent: bool | None = None
        self.listener: Listener | None = None
        self.publisher: RelayPeer | None = None
        self.sources: dict[str, Source] = {}
        self.publication = ""
        """Changes with each new connection to publish; viewers ask again when it does."""
        self.published_at = 0.0
        self.silent = False
        """Whether a publication stands, but neither picture nor sound has come lately."""
        self.viewers: dict[str, RelayPeer] = {}
        """What this person watches: the other's seat to the connection."""
        self.here_at = time.monotonic()

    @property
    def present(self) -> bool:
        """Whether she is connected in any way."""
        return self.listener is not None or self.publisher is not None or bool(self.viewers)

    def published(self, peer: RelayPeer, sources: dict[str, Source]) -> None:
        """Note a new connection that publishes."""
        self.publisher, self.sources = peer, sources
        self.publication = secrets.token_hex(6)
        self.published_at = time.monotonic()

    def fell_silent(self, now: float) -> bool:
        """Look whether anything still comes from her; return whether that has changed."""
        before = self.silent
        self.silent = bool(self.sources) and all(
            source.silent_for(now) > SILENT_AFTER for source in self.sources.values())
        return self.silent is not before

    async def unpublish(self) -> None:
        """Close what she publishes."""
        peer, self.publisher, self.sources, self.publication = self.publisher, None, {}, ""
        if peer is not None:
            await peer.close()

    async def close(self) -> None:
        """Close everything of hers."""
        await self.unpublish()
        viewers, self.viewers = list(self.viewers.values()), {}
        for peer in viewers:
            await peer.close()
        if self.listener is not None:
            self.listener.replace()
            self.listener = None
