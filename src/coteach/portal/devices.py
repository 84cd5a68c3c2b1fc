"""Checking devices and the line: speed to this server, and the result as an event."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.portal.dependencies import CurrentPerson, TheDatabase
from coteach.store import events, people

router = APIRouter(prefix="/api/v1", tags=["devices"])

MAX_KB = 1024


class Part(BaseModel, extra="forbid"):
    """One checked thing."""

    state: Literal["good", "weak", "bad"]
    code: str = Field("", max_length=40)
    value: float | str | dict[str, float] | None = None


class Check(BaseModel, extra="forbid"):
    """The result of a device check."""

    id: UUID
    module: str = Field("", max_length=120)
    overall: Literal["good", "weak", "bad"]
    parts: dict[Literal["camera", "light", "microphone", "line", "room"], Part]


@router.get("/line")
def line_down(person: CurrentPerson, kb: Annotated[int, Query(ge=1, le=MAX_KB)] = 64) -> Response:
    """Give random bytes, which nothing on the way can compress, to measure the line by."""
    return Response(os.urandom(kb * 1024), media_type="application/octet-stream",
                    headers={"Cache-Control": "no-store"})


@router.post("/line")
async def line_up(person: CurrentPerson, request: Request) -> dict[str, int]:
    """Take bytes and forget them."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_KB * 1024:
            raise UserError(_("This is more than the {limit} kB that a measurement takes.").format(
                limit=MAX_KB), status=413, code="too-large")
    return {"bytes": size}


@router.post("/device-checks", status_code=201)
def store_check(person: CurrentPerson, database: TheDatabase, check: Check) -> dict[str, Any]:
    """Store the result; sent again it is stored once."""
    with database.session() as session:
        cohort = next((c.id for c in people.cohorts_of(session, person)
                       if people.membership(session, c.id, person.id)), "")
        events.append(session, [{
            "id": str(check.id), "actor": person.id, "session": cohort, "lesson": check.module,
            "verb": "device-checked",
            "value": {"overall": check.overall,
                      "parts": {k: p.model_dump() for k, p in check.parts.items()}}}])
    return {"id": str(check.id)}
