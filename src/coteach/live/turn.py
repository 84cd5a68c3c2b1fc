"""The ICE servers that people are told: a TURN server's addresses with a password for a few hours.

The password is made from a secret that coteach and the TURN server share, as coturn's
``use-auth-secret`` expects it; nothing has to be stored, and what leaks is soon worth nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass

from coteach.settings import Settings, secrets_of

LIFETIME = 6 * 3600
"""Seconds that a password is good for: longer than a day's lesson."""


@dataclass(frozen=True)
class IceServer:
    """One server for `RTCPeerConnection`'s ``iceServers``."""

    url: str
    username: str = ""
    credential: str = ""

    def as_link(self) -> str:
        """Return it as a ``Link`` header (RFC 9725, section 4.6)."""
        link = f'<{self.url}>; rel="ice-server"'
        if self.username:
            link += (f'; username="{self.username}"; credential="{self.credential}"'
                     '; credential-type="password"')
        return link

    def as_json(self) -> dict[str, str]:
        """Return it as a browser takes it."""
        found = {"urls": self.url}
        if self.username:
            found |= {"username": self.username, "credential": self.credential}
        return found


def servers_for(settings: Settings, person: str) -> list[IceServer]:
    """Return the servers that a deployment has, for one person, from now on."""
    if not settings.turn_urls:
        return []
    secret = settings.turn_secret or secrets_of(settings).text("turn")
    return ice_servers(settings.turn_urls, secret, person, time.time())


def ice_servers(urls: str, secret: str, person: str, now: float) -> list[IceServer]:
    """Return the servers for one person.

    Parameters
    ----------
    urls
        Addresses with commas between, for example ``turn:media.example:3478?transport=udp``.
    secret
        What the TURN server knows as its ``static-auth-secret``.
    person
        Whose password it is; the TURN server's log gets a short hash of it.
    now
        The time (seconds since 1970).
    """
    who = hashlib.sha256(person.encode()).hexdigest()[:12]
    name = f"{int(now) + LIFETIME}:{who}"
    password = base64.b64encode(
        hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()).decode()
    found = []
    for url in filter(None, (each.strip() for each in urls.split(","))):
        if url.startswith(("turn:", "turns:")):
            found.append(IceServer(url, name, password))
        else:
            found.append(IceServer(url))
    return found
