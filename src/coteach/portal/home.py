"""`/`: what is next, for whoever comes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from coteach.hub.api import HubAway
from coteach.portal import links, steps
from coteach.portal.dependencies import (
    CurrentPerson,
    MaybePerson,
    TheDatabase,
    TheSessions,
    token_of,
)
from coteach.portal.overview import Overview, overview
from coteach.portal.templating import render
from coteach.store.database import Database
from coteach.store.schema import Person

router = APIRouter(include_in_schema=False)

HUB_SESSION = "jupyterhub-session-id"
"""The Hub's cookie on the whole site while somebody is signed in to it."""


def _read(database: Database, person: Person) -> Overview:
    with database.reading() as session:
        return overview(session, person)


@router.get("/")
async def home(request: Request, person: MaybePerson, database: TheDatabase,
               sessions: TheSessions) -> Response:
    """Show what is next, or where to sign in."""
    if person is None and HUB_SESSION in request.cookies:
        # Signed in at the Hub, for example just signed up there: no second door.
        return RedirectResponse("/login", status_code=303)
    if person is None:
        return render(request, "welcome.html")
    # In a thread: the database must not hold up other requests.
    shown = await run_in_threadpool(_read, database, person)
    lab = "unknown"
    if shown.next.in_lab and (token := token_of(request)):
        try:
            lab = await sessions.hub.lab_state(token, person.username)
        except HubAway:
            lab = "unknown"
    context: dict[str, Any] = {"next": shown.next, "shown": shown, "lab": lab, "links": links}
    return await run_in_threadpool(render, request, "home.html", **context)


@router.post("/steps")
def tick(person: CurrentPerson, database: TheDatabase, module: Annotated[str, Form()],
         step: Annotated[str, Form()]) -> Response:
    """Mark a step as done from the page."""
    with database.session() as session:
        steps.tick(session, person, module=module, step=step)
    return RedirectResponse(f"/#{module}", status_code=303)
