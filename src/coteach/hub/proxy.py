"""The routing table of the proxy in front of everything.

Rule: the Hub owns the routes of people's Labs; the ones listed here never change while a deployment
runs. Both the Hub's configuration and the supervisor take them from here, so that a proxy that came
back serves portal, classes and live rooms even while the Hub is down.
"""

from __future__ import annotations

import httpx

from coteach.settings import Settings, secrets_of


def fixed_routes(settings: Settings) -> dict[str, str]:
    """Return path prefix to target for everything that is not the Hub's own `/hub/`.

    `/user/` is the Hub's, which shows a start page when the Lab behind it does not run; the route
    of a running Lab is longer and wins.
    """
    return {
        "/": settings.internal("portal"),
        "/c/": settings.internal("classroom"),
        "/live/": settings.internal("live"),
        "/user/": settings.internal("hub"),
    }


class ProxyApi:
    """The proxy's REST interface on loopback.

    Parameters
    ----------
    settings
        Where the interface listens and, through the secrets, its token.
    client
        An HTTP client; whoever made it closes it.
    """

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._url = f"{settings.internal('proxy_api')}/api/routes"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"token {secrets_of(self._settings).text('proxy')}"}

    async def routes(self) -> dict[str, dict[str, object]]:
        """Return the present routes.

        Raises
        ------
        httpx.HTTPError
            The proxy does not answer.
        """
        answer = await self._client.get(self._url, headers=self._headers)
        answer.raise_for_status()
        table: dict[str, dict[str, object]] = answer.json()
        return table

    async def add(self, prefix: str, target: str) -> None:
        """Add a route that the Hub will recognise as its own (and so never delete)."""
        path = prefix.rstrip("/") or "/"
        kind = "hub" if prefix == "/hub/" else "extra"
        answer = await self._client.post(
            self._url + path, headers=self._headers,
            json={"target": target, kind: True, "jupyterhub": True})
        answer.raise_for_status()

    async def add_fixed(self) -> None:
        """Add every fixed route and the Hub's own."""
        routes = {**fixed_routes(self._settings), "/hub/": self._settings.internal("hub")}
        for prefix, target in routes.items():
            await self.add(prefix, target)

    async def ask_hub_to_restore(self) -> None:
        """Let the Hub put the routes of running Labs back (it would do so after minutes)."""
        token = secrets_of(self._settings).text("service-supervisor")
        answer = await self._client.post(
            f"{self._settings.internal('hub')}/hub/api/proxy",
            headers={"Authorization": f"token {token}"}, timeout=30)
        answer.raise_for_status()
