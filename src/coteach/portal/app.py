"""The portal: the front door of a deployment, its pages and its API.

Every router is one noun of its own module. Pages are closed unless a handler says otherwise
(`dependencies`); every decision about a thing is `access.require`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from coteach import __version__, ui
from coteach.hub.api import HubApi
from coteach.hub.session import Sessions
from coteach.portal import (
    api,
    authoring,
    cohorts,
    faults,
    gradebook_out,
    grading,
    home,
    invitations,
    modules,
    recordings,
    reports,
    rooms,
    settings_page,
    signin,
    submissions,
)
from coteach.portal.dependencies import Parts
from coteach.portal.guard import Guard
from coteach.portal.static import Static
from coteach.settings import Settings
from coteach.store.database import Database

ROUTERS = (signin, home, cohorts, invitations, settings_page, api, rooms, recordings, submissions,
           grading, authoring, modules, reports, gradebook_out)
"""Modules of this package that have a `router`."""


class Portal(FastAPI):
    """The application; its OpenAPI document tells of the API and of no page."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI 3.1 document."""
        document = super().openapi()
        document["paths"] = {path: what for path, what in document["paths"].items()
                             if path.startswith("/api/")}
        return document


def create_application(settings: Settings, database: Database | None = None,
                       hub: HubApi | None = None) -> FastAPI:
    """Return the portal.

    Parameters
    ----------
    settings
        The deployment's settings.
    database
        An open, migrated database; opened (not migrated) from the settings when not given.
    hub
        The Hub's API; made from the settings when not given.
    """
    opened = database or Database.of(settings)
    parts = Parts(settings, opened, Sessions(settings, opened, hub))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await parts.sessions.close()
        if database is None:
            opened.close()

    app = Portal(title="coteach", version=__version__, openapi_url="/api/v1/openapi.json",
                  docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.parts = parts
    app.add_middleware(Guard, parts=parts)
    faults.install(app)
    for module in ROUTERS:
        app.include_router(module.router)

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> JSONResponse:
        return JSONResponse({"ok": True})

    app.mount("/static", Static(directory=ui.STATIC))
    return app
