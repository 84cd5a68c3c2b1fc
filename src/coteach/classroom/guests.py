"""Guest passes: what a pupil's browser holds after she chose her name card.

A pass names one class session and one card. Another pupil on the same device gets another pass and
with it another `visitor`: kernels, answers and what waits in the browser are kept apart by these.
A card that its teacher signed out begins a new round, and passes of earlier rounds are over.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from coteach.errors import Forbidden
from coteach.settings import Settings, secrets_of
from coteach.store.schema import ClassSession, NameCard
from coteach.tokens import TokenSigner

COOKIE = "coteach_guest"
PUPIL_COOKIE = "coteach_pupil"
"""Says to a page's scripts whose page counts on this device now; `Pass.pupil`, no secret."""
NOBODY = "0"
"""Its value after somebody left."""
DAY = 86_400.0
DOOR_COOKIE = "coteach_door"
"""Says in which class a device was that is handed to the next pupil; opens no card."""
GRACE = 3600.0
"""Seconds that a pass outlives the class, so that what is asked late gets a sentence."""
HERE_FOR = 25.0
"""Seconds without a word after which a pupil counts as away."""


@dataclass(frozen=True)
class Pass:
    """A pupil in a class session."""

    session: str
    card: str
    actor: str
    """The card's pseudonym."""
    nonce: str
    round: int = 0

    @property
    def visitor(self) -> str:
        """Whose kernels these are; new each time a card is chosen."""
        return f"{self.session}:{self.actor}:{self.nonce}"

    @property
    def pupil(self) -> str:
        """The name under which the browser keeps this pupil's answers; tells nobody who it is."""
        return hashlib.sha256(f"pupil {self.session} {self.actor}".encode()).hexdigest()[:24]


class Guests:
    """Mints and reads passes, and knows who was heard of when.

    Parameters
    ----------
    settings
        For the secret.
    rounds
        The round of each card that was ever signed out, by pseudonym.
    """

    def __init__(self, settings: Settings, rounds: Mapping[str, int]) -> None:
        self._rounds = dict(rounds)
        self._signer = TokenSigner(secrets_of(settings).get("guest"), "guest")
        self._doors = TokenSigner(secrets_of(settings).get("guest"), "door")
        self._heard: dict[str, dict[str, float]] = {}
        self._late = max(GRACE, settings.late_answer_hours * 3600.0)

    def mint(self, row: ClassSession, card: NameCard, now: float | None = None
             ) -> tuple[str, float]:
        """Return a pass for a card and how many seconds it is good."""
        began = now or time.time()
        lesson = max(60.0, row.closes.timestamp() - began)
        seconds = lesson + self._late
        claims = {"session": row.id, "card": card.id, "actor": card.pseudonym,
                  "nonce": secrets.token_hex(8), "round": card.round,
                  "until": int(began + lesson + GRACE)}
        return self._signer.mint(claims, lifetime=seconds), seconds

    def read(self, value: str | None, late: bool = False) -> Pass | None:
        """Return the pass in a cookie, or None if it is forged, over or not there.

        Parameters
        ----------
        value
            The cookie.
        late
            Whether it is for answers of a class that is over, for which a pass is good longest.
        """
        if not value or len(value) > 2000:
            return None
        try:
            claims = self._signer.read(value)
            session, card, actor, nonce = (
                str(claims[name]) for name in ("session", "card", "actor", "nonce"))
            if not late and int(claims.get("until", 2**62)) < time.time():
                return None
            found = Pass(session, card, actor, nonce, int(claims.get("round", 0)))
        except (Forbidden, KeyError, ValueError):
            return None
        return found if found.round >= self._rounds.get(found.actor, 0) else None

    def sign_out(self, card: NameCard) -> None:
        """End the passes of a card's earlier rounds."""
        self._rounds[card.pseudonym] = card.round
        for heard in self._heard.values():
            heard.pop(card.pseudonym, None)

    def mint_door(self, session_id: str) -> tuple[str, float]:
        """Return what a device keeps that was in this class, and how many seconds it is good."""
        return self._doors.mint({"session": session_id}, lifetime=GRACE), GRACE

    def read_door(self, value: str | None) -> str:
        """Return the class session in such a token; empty if it is forged, over or not there."""
        try:
            return str(self._doors.read(value or "").get("session", ""))
        except Forbidden:
            return ""

    def hear(self, guest: Pass) -> None:
        """Note that a pupil's page is open."""
        self._heard.setdefault(guest.session, {})[guest.actor] = time.monotonic()

    def forget(self, guest: Pass) -> None:
        """Note that a pupil left."""
        self._heard.get(guest.session, {}).pop(guest.actor, None)

    def here(self, session_id: str) -> set[str]:
        """Return the pseudonyms of those whose page is open."""
        now = time.monotonic()
        return {actor for actor, at in self._heard.get(session_id, {}).items()
                if now - at < HERE_FOR}
