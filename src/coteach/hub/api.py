"""The Hub's REST API and OAuth, as coteach asks it: the only module that knows these addresses.

Everything is asked in a signed-in person's own name, with her own token; the portal itself has no
rights in the Hub. A Hub that does not answer is `HubAway`, never "nobody".
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import httpx

from coteach.settings import Settings, secrets_of

CLIENT_ID = "service-portal"
CALLBACK = "/oauth_callback"
TIMEOUT = httpx.Timeout(5.0, connect=2.0)
TWO_WEEKS = 14 * 24 * 3600


class HubAway(Exception):
    """The Hub can't be reached or answers with a fault of its own."""


@dataclass(frozen=True)
class Grant:
    """A person's token, fresh from the Hub, and how many seconds it is good for."""

    token: str
    lifetime: float


class HubApi:
    """Questions to the Hub.

    Parameters
    ----------
    settings
        Where the Hub listens and, through the secrets, the portal's OAuth secret.
    client
        An HTTP client; made at first use when not given. `close` closes it either way.
    """

    def __init__(self, settings: Settings, client: httpx.AsyncClient | None = None) -> None:
        self._settings = settings
        self._given = client
        self._base = f"{settings.internal('hub')}/hub/api"

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._given is None:
            # trust_env off: a proxy of the machine must never see these tokens.
            self._given = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
        return self._given

    async def close(self) -> None:
        """Close the connections."""
        if self._given is not None:
            await self._given.aclose()

    async def _ask(self, method: str, path: str, **options: object) -> httpx.Response:
        try:
            answer = await self._client.request(method, self._base + path, **options)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise HubAway(str(error) or type(error).__name__) from error
        if answer.status_code >= 500:
            raise HubAway(f"the Hub answered {answer.status_code}")
        return answer

    async def whoami(self, token: str) -> str | None:
        """Return the name of the person a token belongs to, or None if it is not good.

        Raises
        ------
        HubAway
            The Hub can't say.
        """
        answer = await self._ask("GET", "/user", headers={"Authorization": f"token {token}"})
        if answer.status_code != 200:
            return None
        model = answer.json()
        # A service's own token is not a person.
        return str(model["name"]) if model.get("kind") == "user" else None

    async def lab_state(self, token: str, username: str) -> str:
        """Return whether her Lab is ``ready``, ``starting`` or ``stopped``.

        Raises
        ------
        HubAway
            The Hub can't say.
        """
        answer = await self._ask("GET", f"/users/{quote(username, safe='')}",
                                 headers={"Authorization": f"token {token}"})
        if answer.status_code != 200:
            return "stopped"
        server = (answer.json().get("servers") or {}).get("") or {}
        if server.get("ready"):
            return "ready"
        return "starting" if server.get("pending") == "spawn" else "stopped"

    @staticmethod
    def authorize_url(state: str, verifier: str) -> str:
        """Return the Hub's address, for the browser, that sends it back with a code."""
        digest = hashlib.sha256(verifier.encode()).digest()
        return "/hub/api/oauth2/authorize?" + urlencode({
            "client_id": CLIENT_ID, "redirect_uri": CALLBACK, "response_type": "code",
            "state": state, "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode()})

    @staticmethod
    def new_verifier() -> str:
        """Return the secret that ties a code to the browser that asked for it (RFC 7636)."""
        return secrets.token_urlsafe(32)

    async def token_for_code(self, code: str, verifier: str) -> Grant | None:
        """Trade the code of a sign-in for a token; None when the Hub does not accept it.

        Raises
        ------
        HubAway
            The Hub can't be reached.
        """
        answer = await self._ask("POST", "/oauth2/token", data={
            "client_id": CLIENT_ID,
            "client_secret": secrets_of(self._settings).text("service-portal"),
            "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK,
            "code_verifier": verifier})
        if answer.status_code != 200:
            return None
        model = answer.json()
        return Grant(str(model["access_token"]), float(model.get("expires_in") or TWO_WEEKS))
