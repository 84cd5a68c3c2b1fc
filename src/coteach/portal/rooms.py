"""Live rooms: one's own, those of colleagues that are open, and the pass that opens one."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field

from coteach.access import Action, allowed, require
from coteach.errors import NotFound, UserError
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.lessonpack import find_courses
from coteach.live import turn
from coteach.live.purpose import practice_purpose
from coteach.portal import devices, widgetpages
from coteach.portal.dependencies import CurrentPerson, TheDatabase, TheSettings
from coteach.portal.templating import render
from coteach.settings import secrets_of
from coteach.store import people, rooms
from coteach.store.schema import Cohort, Person, Room
from coteach.tokens import TokenSigner

router = APIRouter()
router.include_router(devices.router)
router.include_router(widgetpages.router)

PASS_LIFETIME = 4 * 3600.0
"""Seconds; a page asks for a new pass whenever it connects."""
MODULE = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")


class NewRoom(BaseModel, extra="forbid"):
    """Which room is wanted."""

    kind: Literal["practice", "check"] = "practice"
    module: str = Field(max_length=120)


def title_of(room: Room, owner: Person, reader: Person) -> str:
    """Return a room's title as a reader sees it."""
    if room.kind == "webcast":
        return _("Webcast of {name}").format(name=owner.display_name)
    if owner.id == reader.id:
        return _("Your practice room")
    return _("Practice room of {name}").format(name=owner.display_name)


@router.post("/api/v1/rooms", tags=["rooms"])
def own_room(person: CurrentPerson, database: TheDatabase, wanted: NewRoom) -> dict[str, Any]:
    """Return one's own room of a module; it is made at the first time."""
    if not MODULE.fullmatch(wanted.module):
        raise UserError(_("{module!r} is not the name of a module.").format(module=wanted.module),
                        hint=_("Write it as in the course."), code="bad-module")
    if not any(module.id == wanted.module for course in find_courses()
               for module in course.modules):
        raise NotFound(_("There is no module {module!r}.").format(module=wanted.module),
                       hint=_("Write it as in the course."), code="no-module")
    with database.session() as session:
        room = rooms.own(session, person, wanted.module, kind=wanted.kind)
        return {"room": room.name, "module": room.module, "kind": room.kind,
                "page": f"/rooms/{room.name}"}


@router.get("/api/v1/rooms", tags=["rooms"])
def open_rooms(person: CurrentPerson, database: TheDatabase,
               module: str | None = None) -> dict[str, Any]:
    """Return the rooms of one's cohorts that somebody is in now."""
    with database.reading() as session:
        found = [room for room in rooms.open_now(session, person, module)
                 if allowed(session, person, Action.JOIN_ROOM, room)]
        return {"rooms": [{
            "room": room.name, "module": room.module, "page": f"/rooms/{room.name}",
            "mine": room.owner_id == person.id,
            "title": title_of(room, people.get(session, room.owner_id), person),
            "owner": people.get(session, room.owner_id).display_name} for room in found]}


@router.post("/api/v1/rooms/{room}/token", tags=["rooms"])
def token(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
          room: str) -> dict[str, Any]:
    """Return a pass for a room, with the addresses it is good for."""
    with database.reading() as session:
        found = rooms.get(session, room)
        require(session, person, Action.JOIN_ROOM, found)
        owner = allowed(session, person, Action.OWN_ROOM, found)
        title = title_of(found, people.get(session, found.owner_id), person)
        # Another trainer of the cohort helps: the teacher's own line may go.
        helps = found.kind == "webcast" and not owner and found.cohort_id is not None and (
            people.membership(session, found.cohort_id, person.id) == "trainer")
    language = get_language()
    signer = TokenSigner(secrets_of(settings).get("live"), "live")
    minted = signer.mint({
        "room": found.name, "person": person.id, "name": person.display_name, "owner": owner,
        "helps": helps,
        "lang": language, "module": found.module, "cohort": found.cohort_id},
        lifetime=PASS_LIFETIME)
    at = f"/live/{found.name}"
    return {"token": minted, "room": found.name, "owner": owner, "title": title,
            "module": found.module, "whip": f"{at}/whip", "whep": f"{at}/whep",
            "events": f"{at}/events",
            "ice_servers": [server.as_json() for server in turn.servers_for(settings, person.id)],
            "purpose": practice_purpose(language, owner=owner)}


@router.post("/rooms", include_in_schema=False)
def go_live(person: CurrentPerson, database: TheDatabase,
            cohort: Annotated[str, Form()]) -> RedirectResponse:
    """Open a trainer's webcast of a cohort; it is made at the first time."""
    with database.session() as session:
        require(session, person, Action.RUN_COHORT, session.get(Cohort, cohort))
        name = rooms.webcast(session, person, cohort).name
    return RedirectResponse(f"/rooms/{name}", status_code=303)


@router.get("/rooms/{room}")
def room_page(request: Request, person: CurrentPerson, database: TheDatabase,
              room: str) -> HTMLResponse:
    """The page on which somebody joins a room without a notebook."""
    with database.reading() as session:
        found = rooms.get(session, room)
        require(session, person, Action.JOIN_ROOM, found)
        title = title_of(found, people.get(session, found.owner_id), person)
    return render(request, "room.html", room=found, title=title,
                  widget=widgetpages.address, widget_catalog=widgetpages.catalog())
