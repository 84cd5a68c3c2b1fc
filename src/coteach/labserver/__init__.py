"""coteach inside a person's own Jupyter server: her course files, handing in, feedback.

Everything about people and marks is the portal's; this only carries files between it and her home,
with the token that JupyterHub gave this server. Without a portal (a plain JupyterLab) it answers
that there is none and changes nothing.
"""

from __future__ import annotations

from typing import Any

from coteach.labserver.portal import Portal
from coteach.labserver.start import fetch_at_start


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "coteach.labserver"}]


def _load_jupyter_server_extension(server: Any) -> None:
    from coteach.labserver.handlers import handlers

    portal = Portal.of_environment()
    server.web_app.add_handlers(".*$", handlers(server.web_app.settings["base_url"], portal,
                                                server.root_dir))
    if portal is not None:
        fetch_at_start(portal, server.root_dir, server.log, server.contents_manager)
