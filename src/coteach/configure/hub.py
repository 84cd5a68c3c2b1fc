"""The Hub itself: where it listens, where its database lies."""

from __future__ import annotations

from typing import Any

from coteach.hub import hubdb
from coteach.settings import Settings, secrets_of
from coteach.store.full import explain_to_hub


def update_hub(c: Any, settings: Settings) -> None:
    """Set address, database and cookie secret."""
    c.JupyterHub.hub_bind_url = f"{settings.internal('hub')}/hub/"
    c.JupyterHub.hub_connect_url = f"{settings.internal('hub')}/hub/"
    if settings.public_url:
        c.JupyterHub.public_url = f"{settings.url}/"

    c.JupyterHub.db_url = f"sqlite:///{settings.layout.hub / 'jupyterhub.sqlite'}"
    c.JupyterHub.db_kwargs = hubdb.options()
    explain_to_hub(settings.layout.hub)
    # A newer JupyterHub brings its own tables up to date; it keeps a copy of the file before.
    c.JupyterHub.upgrade_db = True
    c.JupyterHub.cookie_secret = bytes.fromhex(secrets_of(settings).text("hub-cookie"))
    c.JupyterHub.pid_file = ""

    # A Hub that stops or falls must not take people's Labs with it; the supervisor ends them when
    # the whole deployment stops.
    c.JupyterHub.cleanup_servers = False
    c.JupyterHub.cleanup_proxy = False

    # Signed in, one is at the portal: it says what is next and opens the Lab when that is next.
    c.JupyterHub.default_url = "/login"
    c.JupyterHub.redirect_to_server = False

    c.JupyterHub.tornado_settings = {
        # Show the start page at once. It also avoids a fault of JupyterHub 6.1: a Lab that dies
        # while its first request is held open ends in an error page without the reason.
        "slow_spawn_timeout": 0,
    }
