"""Signed-in people: from a cookie or a bearer token to a person of the store.

Only the portal signs people in; every service believes the same cookie, because they share the
secret that signs it. Who a token belongs to is the Hub's to say. It is asked again after a minute;
while the Hub is away, people who were known within the last hour stay signed in.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from coteach.errors import Forbidden, StorageFull
from coteach.hub.api import HubApi, HubAway
from coteach.settings import Settings, secrets_of
from coteach.store import people
from coteach.store.database import Database
from coteach.store.full import is_full, no_space
from coteach.store.schema import Person
from coteach.tokens import TokenSigner

SESSION_COOKIE = "coteach_session"
FRESH = 60.0
"""Seconds in which the Hub is not asked again about a token."""
STALE = 3600.0
"""Seconds for which a known token is good while the Hub is away."""
MOST = 4096


def same_origin(headers: Mapping[str, str]) -> bool:
    """Say whether a request that changes something comes from our own pages.

    Browsers tell where a request was made in `Sec-Fetch-Site` or, where they don't send that (http
    beyond loopback), in `Origin`; what tells neither is refused. Requests with a bearer token
    need no such check: no browser adds one by itself.

    Parameters
    ----------
    headers
        The request's headers, looked up without regard to case (or with lower-case names).
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin, host = headers.get("origin"), headers.get("host")
    return bool(origin and host and urlsplit(origin).netloc.lower() == host.lower())


@dataclass
class _Known:
    username: str
    asked: float


class Sessions:
    """Finds the person behind a request.

    Parameters
    ----------
    settings
        For the secret of the cookie and the Hub's address.
    database
        Where people are.
    hub
        The Hub's API; made from the settings when not given.
    """

    def __init__(self, settings: Settings, database: Database, hub: HubApi | None = None) -> None:
        self.hub = hub or HubApi(settings)
        self._database, self._folder = database, settings.data
        self._signer = TokenSigner(secrets_of(settings).get("session"), "session")
        self._known: dict[str, _Known] = {}

    def mint(self, token: str, username: str, lifetime: float) -> str:
        """Return the cookie's value for a Hub token.

        The name is for the proxy, which can't ask the Hub at every request: it lets nobody but
        this person reach her Lab. Everybody else asks the Hub whose token it is.
        """
        return self._signer.mint({"token": token, "name": username}, lifetime=lifetime)

    def token_of_cookie(self, value: str | None) -> str | None:
        """Return the Hub token in a cookie, or None if it is forged, expired or not there."""
        if not value:
            return None
        try:
            token = self._signer.read(value).get("token")
        except Forbidden:
            return None
        return token if isinstance(token, str) else None

    async def ask(self, token: str | None) -> str | None:
        """Return whose token it is, asking the Hub unless it was asked just now.

        Raises
        ------
        HubAway
            The Hub can't say, and this token was not seen for long.
        StorageFull
            The disk is full, so the Hub can't say either.
        """
        if not token or not token.isascii() or len(token) > 1000:
            return None
        key = hashlib.sha256(token.encode()).hexdigest()
        known, now = self._known.get(key), time.monotonic()
        if known is not None and now - known.asked < FRESH:
            return known.username
        try:
            username = await self.hub.whoami(token)
        except HubAway:
            if known is not None and now - known.asked < STALE:
                return known.username
            raise
        if username is None and await asyncio.to_thread(no_space, self._folder):
            # The Hub notes each token that is used; where it can't, it takes people for strangers.
            if known is not None and now - known.asked < STALE:
                return known.username
            raise is_full()
        self._known.pop(key, None)
        if username is not None:
            # A refused token is not remembered: guesses must not push people out of here.
            self._known[key] = _Known(username, now)
            while len(self._known) > MOST:
                self._known.pop(next(iter(self._known)))
        return username

    async def username_of_token(self, token: str | None) -> str | None:
        """Return whose token it is; None also when the Hub can't say."""
        try:
            return await self.ask(token)
        except (HubAway, StorageFull):
            return None

    def forget(self, token: str) -> None:
        """Ask the Hub again the next time this token is seen (she signed out)."""
        self._known.pop(hashlib.sha256(token.encode()).hexdigest(), None)

    async def username_of_cookie(self, value: str | None) -> str | None:
        """Return the Hub name behind a session cookie, or None."""
        return await self.username_of_token(self.token_of_cookie(value))

    async def person_of_cookie(self, value: str | None) -> Person | None:
        """Return the person behind a session cookie, or None."""
        return await self.person(await self.username_of_cookie(value))

    async def person_of_bearer(self, token: str | None) -> Person | None:
        """Return the person whose Hub token this is (her Lab's server sends it), or None."""
        return await self.person(await self.username_of_token(token))

    async def person(self, username: str | None) -> Person | None:
        """Return the person of the store with this Hub name, or None."""
        if username is None:
            return None
        return await asyncio.to_thread(self._read, username)

    def _read(self, username: str) -> Person | None:
        with self._database.reading() as session:
            return people.by_username(session, username)

    async def close(self) -> None:
        """Close the connections to the Hub."""
        await self.hub.close()


def bearer(header: str | None) -> str | None:
    """Return the token of an `Authorization` header (``Bearer`` or the Hub's ``token``)."""
    scheme, _space, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() in ("bearer", "token") else None
