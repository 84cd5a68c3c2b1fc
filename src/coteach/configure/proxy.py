"""The proxy as the Hub sees it: somebody else's process with a REST interface."""

from __future__ import annotations

from typing import Any

from coteach.hub.proxy import fixed_routes
from coteach.settings import Settings, secrets_of


def update_proxy(c: Any, settings: Settings) -> None:
    """Use the supervisor's proxy and keep the portal, classes and live rooms in its table."""
    c.ConfigurableHTTPProxy.should_start = False
    c.ConfigurableHTTPProxy.api_url = settings.internal("proxy_api")
    c.ConfigurableHTTPProxy.auth_token = secrets_of(settings).text("proxy")
    # The Hub serves its own pages only; `/` is the portal's.
    c.JupyterHub.hub_routespec = "/hub/"
    c.Proxy.extra_routes = fixed_routes(settings)
    # The Hub looks after the table every so often; the default is five minutes.
    c.JupyterHub.last_activity_interval = 60
