"""Questions and changes about a name card's picture secret and its devices.

Rule: a try is counted before it is looked at, so that many at once are never more than the limit.
The secret keeps one pupil of a class from taking another's card; it is no password. Three pictures
in order have 3,360 possibilities: the limit protects them, the slow hash only makes work for
somebody who took the database.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.store.schema import NameCard

PICKS = 3
"""Pictures of a secret."""
MOST_TRIES = 5
"""Wrong secrets after which a card waits for its teacher."""
_COST = {"n": 2**14, "r": 8, "p": 1}
"""16 MB and some 50 ms a try."""


def waits(card: NameCard) -> bool:
    """Say whether a card waits for its teacher, because too many secrets were wrong."""
    return card.tries >= MOST_TRIES


def hashed(picks: Sequence[str]) -> str:
    """Return what is stored of a secret; this takes a while.

    Raises
    ------
    UserError
        These are not three different pictures.
    """
    if len(picks) != PICKS or len(set(picks)) != PICKS:
        raise UserError(_("Choose three different pictures."), code="bad-secret")
    salt = secrets.token_bytes(16)
    return f"scrypt${_COST['n']}${salt.hex()}${_derived(picks, salt, _COST['n']).hex()}"


def matches(secret: str, picks: Sequence[str]) -> bool:
    """Say whether these are the pictures, in their order; this takes a while."""
    scheme, cost, salt, kept = (secret.split("$") + [""] * 3)[:4]
    if scheme != "scrypt":
        return False
    found = _derived(picks, bytes.fromhex(salt), int(cost))
    return hmac.compare_digest(found, bytes.fromhex(kept))


def _derived(picks: Sequence[str], salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(" ".join(picks).encode(), salt=salt, n=cost, r=_COST["r"],
                          p=_COST["p"], maxmem=64 * 2**20, dklen=32)


def count_try(session: Session, card_id: str) -> bool:
    """Count a try of a card's secret; False when it has none left."""
    return _changed(session, update(NameCard).where(
        NameCard.id == card_id, NameCard.tries < MOST_TRIES).values(tries=NameCard.tries + 1))


def was_right(session: Session, card_id: str) -> None:
    """Forget the wrong tries: the right pictures were shown."""
    session.execute(update(NameCard).where(NameCard.id == card_id).values(tries=0))


def first_secret(session: Session, card_id: str, secret: str) -> bool:
    """Keep a pupil's secret; False when somebody else's came first."""
    return _changed(session, update(NameCard).where(
        NameCard.id == card_id, NameCard.secret == "").values(secret=secret, tries=0))


def set_secret(card: NameCard, secret: str) -> None:
    """Keep a secret that the teacher chose; empty takes it away."""
    card.secret, card.tries = secret, 0


def sign_out(card: NameCard) -> None:
    """End the card's passes on all devices."""
    card.round += 1


def rounds(session: Session) -> dict[str, int]:
    """Return the rounds of the cards that were signed out, by pseudonym."""
    found = session.execute(select(NameCard.pseudonym, NameCard.round).where(NameCard.round > 0))
    return {pseudonym: number for pseudonym, number in found}


def _changed(session: Session, statement: Any) -> bool:
    done = session.execute(statement)
    return isinstance(done, CursorResult) and done.rowcount == 1
