"""`/me`: what a person may set for herself."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from babel.core import get_global
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from coteach.errors import UserError
from coteach.i18n import LANGUAGE_COOKIE, LANGUAGES, get_language
from coteach.i18n import gettext as _
from coteach.i18n import language as in_language
from coteach.portal.dependencies import CurrentPerson, TheDatabase, TheSettings
from coteach.portal.guard import YEAR
from coteach.portal.templating import render
from coteach.store import people
from coteach.store.schema import School
from coteach.ui import times

router = APIRouter(include_in_schema=False)

REGIONS = ("Asia", "Australia", "Pacific", "Africa", "America", "Atlantic", "Europe", "Indian")


@cache
def zones(language: str) -> dict[str, list[tuple[str, str]]]:
    """Return region to (zone, city in this language), cities sorted as they are shown.

    A zone with several names stands once, under its present one.
    """
    aliases = get_global("zone_aliases")
    found: dict[str, list[tuple[str, str]]] = {region: [] for region in REGIONS}
    with in_language(language):
        for name in available_timezones():
            region = name.split("/")[0]
            if region in found and name not in aliases:
                found[region].append((name, times.zone_name(name)))
    return {region: sorted(cities, key=lambda each: each[1]) for region, cities in found.items()}


@router.get("/me")
def me(request: Request, person: CurrentPerson, database: TheDatabase,
       saved: bool = False) -> Response:
    """Show the form."""
    with database.reading() as session:
        school = session.get(School, person.school_id) if person.school_id else None
    return render(request, "me.html", school=school, saved=saved, zones=zones(get_language()),
                  chosen=get_global("zone_aliases").get(person.time_zone, person.time_zone))


@router.post("/me")
def save(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
         display_name: Annotated[str, Form(max_length=120)],
         language: Annotated[str, Form(max_length=35)],
         time_zone: Annotated[str, Form(max_length=64)]) -> Response:
    """Keep what was set."""
    name = " ".join(display_name.split())
    if not name:
        raise UserError(_("Please give the name your colleagues know you by."),
                        code="no-display-name")
    if language not in LANGUAGES:
        raise UserError(_("{language!r} is no language of coteach.").format(language=language),
                        code="no-language")
    if time_zone != "UTC" and time_zone not in available_timezones():
        raise UserError(_("{zone!r} is no time zone.").format(zone=time_zone), code="no-zone")
    with database.session() as session:
        mine = people.get(session, person.id)
        mine.display_name, mine.language, mine.time_zone = name, language, time_zone
    answer = RedirectResponse("/me?saved=1", status_code=303)
    answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR, path="/", samesite="lax",
                      secure=settings.url.startswith("https"))
    return answer
