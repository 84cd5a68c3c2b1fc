"""People's JupyterLabs: how they are started and what they are told."""

from __future__ import annotations

import os
from typing import Any

from coteach.hub import labfork
from coteach.settings import Settings


def prepare_labs(settings: Settings) -> None:
    """Start what Labs are forked from, so that it gets ready while the Hub does."""
    labfork.launch(settings)


def update_labs(c: Any, settings: Settings) -> None:
    """Start Labs in their sandbox, stop none because of another."""
    c.JupyterHub.spawner_class = "coteach.hub.spawner.CoteachSpawner"
    c.CoteachSpawner.settings = settings
    c.Spawner.default_url = "/lab"
    c.Spawner.start_timeout = 120
    c.Spawner.http_timeout = 90
    # JupyterHub gives up as a whole after five failed Labs in a row; here one broken Lab is one
    # person's trouble.
    c.Spawner.consecutive_failure_limit = 0
    c.JupyterHub.concurrent_spawn_limit = max(4, 2 * (os.cpu_count() or 2))
    c.JupyterHub.allow_named_servers = False
    c.Spawner.environment = {
        # The portal's inner address, for the Lab's own server; its token is the Hub's.
        "COTEACH_PORTAL_URL": settings.internal("portal"),
        # The mark by which the supervisor finds everything of its run; no secret.
        "COTEACH_RUN": os.environ.get("COTEACH_RUN", ""),
    }
