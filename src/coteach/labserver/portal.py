"""Asking the portal, as the person whose server this is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from coteach.errors import UserError
from coteach.i18n import DEFAULT_LANGUAGE, get_language, match
from coteach.i18n import gettext as _

SECONDS = 60.0


@dataclass(frozen=True)
class Portal:
    """The portal's inner address and the token of this server.

    Parameters
    ----------
    url
        Without a trailing slash.
    token
        JupyterHub's token for this server.
    language
        Of the person when the server started; a browser's choice wins over it.
    """

    url: str
    token: str
    language: str = DEFAULT_LANGUAGE

    @classmethod
    def of_environment(cls, environ: Mapping[str, str] | None = None) -> Portal | None:
        """Return the portal that the spawner named, or None."""
        environ = os.environ if environ is None else environ
        url, token = environ.get("COTEACH_PORTAL_URL"), environ.get("JUPYTERHUB_API_TOKEN")
        if not url or not token:
            return None
        return cls(url.rstrip("/"), token,
                   match(environ.get("COTEACH_LANGUAGE", "")) or DEFAULT_LANGUAGE)

    def _options(self, seconds: float) -> dict[str, Any]:
        # No proxy of the environment: the portal is on this machine.
        return {"base_url": self.url, "timeout": seconds, "trust_env": False, "headers": {
            "Authorization": f"Bearer {self.token}", "Accept": "application/json",
            "Accept-Language": get_language()}}

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return the portal's answer.

        Parameters
        ----------
        **options
            As `httpx.AsyncClient.request` takes them.

        Raises
        ------
        UserError
            What the portal says, or that it can't be reached.
        """
        try:
            async with httpx.AsyncClient(**self._options(SECONDS)) as client:
                return checked(await client.request(method, path, **options))
        except httpx.HTTPError as error:
            raise away() from error

    def _now(self, method: str, path: str, seconds: float, **options: Any) -> httpx.Response:
        try:
            with httpx.Client(**self._options(seconds)) as client:
                return checked(client.request(method, path, **options))
        except httpx.HTTPError as error:
            raise away() from error

    def ask_now(self, path: str, seconds: float) -> Any:
        """Return the portal's JSON, waiting for it; for the start of the server.

        Raises
        ------
        UserError
            As `ask`.
        """
        return _json(self._now("GET", path, seconds))

    def send_now(self, path: str, seconds: float, **options: Any) -> Any:
        """Send something and return the portal's JSON, waiting for it.

        Raises
        ------
        UserError
            As `ask`.
        """
        return _json(self._now("POST", path, seconds, **options))

    def bytes_now(self, path: str, seconds: float) -> bytes:
        """Return what the portal sends, waiting for it.

        Raises
        ------
        UserError
            As `ask`.
        """
        return self._now("GET", path, seconds).content


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise away() from error


def away() -> UserError:
    """Return the error for a portal that does not answer."""
    return UserError(_("The course server can't be reached right now."),
                     hint=_("Your files are safe here. Try again in a minute."),
                     status=503, code="portal-away")


def checked(answer: httpx.Response) -> httpx.Response:
    """Return the answer, or raise what the portal says is wrong."""
    if answer.is_success:
        return answer
    try:
        said = answer.json()["error"]
        raise UserError(str(said["message"]), hint=str(said.get("hint", "")),
                        status=answer.status_code, code=str(said.get("code", "refused")))
    except (ValueError, KeyError, TypeError):
        raise away() from None
