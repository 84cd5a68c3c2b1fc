"""`/cohorts/ID/grades`: the marks of a cohort as files that other systems read.

Rule: what is shown first is what the file holds. Files are for the cohort's trainers alone, and
nothing that is not given back to its teacher has a score in them.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from coteach.access import Action, require
from coteach.errors import NotFound, UserError
from coteach.grading import cohort as assignments
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.lessonpack import get_course
from coteach.portal.dependencies import CurrentPerson, TheDatabase, TheSettings
from coteach.portal.templating import render
from coteach.reports import mapping as mappings
from coteach.reports import marks, oneroster, readback
from coteach.reports.mapping import Mapping
from coteach.settings import Settings
from coteach.store import cohorts, grademaps
from coteach.store.database import Database
from coteach.store.schema import Cohort, Person

router = APIRouter(include_in_schema=False)

PAGE = "/cohorts/{cohort_id}/grades"
PREVIEW = 5
"""Rows that are shown before a file is made."""
MOST_KEPT = 40
EMPTY = 4
"""Empty places for further columns on the page."""


def gradebook(session: Session, settings: Settings, cohort: Cohort) -> marks.Book:
    """Return the gradebook of a cohort."""
    language = get_language()
    return marks.book(session, cohort, [
        marks.Item(t.assignment, t.module.title_in(language), t.deadline)
        for t in assignments.tasks(settings, cohort)])


def csv_file(session: Session, settings: Settings, cohort: Cohort, mapping: Mapping) -> bytes:
    """Return the gradebook as a CSV file with chosen columns."""
    return mappings.as_file(mappings.table(gradebook(session, settings, cohort), mapping,
                                           settings.url), mapping)


def oneroster_file(session: Session, settings: Settings, cohort: Cohort) -> bytes:
    """Return the gradebook as a OneRoster zip."""
    return oneroster.archive(gradebook(session, settings, cohort),
                             get_course(cohort.course).title_in(get_language()), settings.url)


def chosen(session: Session, cohort: Cohort, name: str) -> Mapping:
    """Return the columns that are kept under a name, or a preset.

    Raises
    ------
    NotFound
        There is neither.
    """
    kept = grademaps.of(session, cohort)
    if name in kept:
        return mappings.load(kept[name])
    if name in mappings.PRESETS:
        return mappings.PRESETS[name]
    raise NotFound(_("There is no choice of columns named {name!r}.").format(name=name[:80]),
                   hint=_("Known names: {names}.").format(
                       names=", ".join([*kept, *mappings.PRESETS])), code="no-mapping")


def preset_words() -> dict[str, str]:
    """Return the presets as a trainer reads them."""
    return {"everything": _("Everything"), "moodle": "Moodle", "canvas": "Canvas",
            "classroom": "Google Classroom"}


def field_words() -> dict[str, str]:
    """Return the columns as a trainer reads them."""
    return {"name": _("Name"), "username": _("Name to sign in with"),
            "person": _("Her number in coteach"), "section": _("Name of the cohort"),
            "blank": _("empty"),
            "points": _("Points"), "maximum": _("Most points"), "percent": _("Per cent"),
            "state": _("State"), "late": _("Late"), "marked": _("When it was marked"),
            "feedback": _("Link to the feedback")}


def _mine(session: Session, person: Person, cohort_id: str) -> Cohort:
    cohort = cohorts.get(session, cohort_id)
    require(session, person, Action.RUN_COHORT, cohort)
    return cohort


@router.get(PAGE)
def page(request: Request, person: CurrentPerson, database: TheDatabase, settings: TheSettings,
         cohort_id: str, columns: str = "everything", saved: str = "") -> Response:
    """Show the choice of columns and the first rows of the file."""
    with database.reading() as session:
        cohort = _mine(session, person, cohort_id)
        return _page(request, session, settings, cohort, chosen(session, cohort, columns),
                     columns, saved)


def _page(request: Request, session: Session, settings: Settings, cohort: Cohort,
          mapping: Mapping, name: str, saved: str = "", changed: bool = False,
          back: bytes | None = None) -> Response:
    book = gradebook(session, settings, cohort)
    lines = mappings.table(book, mapping, settings.url)
    kept = grademaps.of(session, cohort)
    return render(
        request, "grades.html", cohort=cohort, mapping=mapping, chosen=name, saved=saved,
        changed=changed, head=lines[0], lines=lines[1:PREVIEW + 1], people=len(lines) - 1,
        compared=None if back is None else readback.compare(book, mapping, back),
        kept=kept, presets=preset_words(), fields=field_words(), items=book.items, empty=EMPTY,
        here=f"/cohorts/{cohort.id}/grades")


def _typed(form: FormData) -> Mapping:
    """Return the mapping of the page's form: rows in the order of their numbers."""
    fields, headings = form.getlist("field"), form.getlist("heading")
    items, places = form.getlist("assignment"), form.getlist("place")
    if not len(fields) == len(headings) == len(items) == len(places):
        raise UserError(_("This choice of columns can't be read."), code="bad-mapping")
    rows: list[tuple[float, dict[str, Any]]] = []
    for number, (field, heading, item, place) in enumerate(
            zip(fields, headings, items, places, strict=True)):
        if field:
            # An empty or odd place keeps the row where it stands.
            at = int(str(place)) if str(place).isdecimal() and len(str(place)) < 5 else number
            rows.append((at, {"field": str(field), "assignment": str(item),
                              "heading": str(heading) or str(field)}))
    rows.sort(key=lambda row: row[0])
    return mappings.load({"columns": [row for _at, row in rows],
                          "decimal": str(form.get("decimal", ".")),
                          "separator": str(form.get("separator", "comma")),
                          "mark": bool(form.get("mark"))})


@router.post(PAGE)
async def use(request: Request, person: CurrentPerson, database: TheDatabase,
              settings: TheSettings, cohort_id: str) -> Response:
    """Show the first rows of what was typed, or keep it under a name."""
    form = await request.form(max_fields=400)
    # In a thread: the database may have to wait for who writes just now.
    return await asyncio.to_thread(_use, request, person, database, settings, cohort_id, form)


def _use(request: Request, person: Person, database: Database, settings: Settings,
         cohort_id: str, form: FormData) -> Response:
    with database.session() as session:
        cohort = _mine(session, person, cohort_id)
        mapping, name = _typed(form), " ".join(str(form.get("name", "")).split())[:60]
        if form.get("do") != "keep":
            return _page(request, session, settings, cohort, mapping, name, changed=True)
        if not name or name in mappings.PRESETS:
            raise UserError(_("These columns need a name of their own."),
                            hint=_("Go back and write one."), code="no-name")
        kept = grademaps.of(session, cohort)
        if name not in kept and len(kept) >= MOST_KEPT:
            raise UserError(_("{limit} choices of columns are kept already.").format(
                limit=MOST_KEPT), hint=_("Delete one that is not needed."), code="many-mappings")
        grademaps.keep(session, cohort, person, name, mapping.kept())
    query = urlencode({"columns": name, "saved": "1"})
    return RedirectResponse(f"/cohorts/{cohort.id}/grades?{query}", 303)


@router.post(PAGE + "/compare")
async def compare(request: Request, person: CurrentPerson, database: TheDatabase,
                  settings: TheSettings, cohort_id: str) -> Response:
    """Show in which marks a file from another system differs; nothing is changed by it."""
    form = await request.form(max_files=1, max_fields=2)
    file, name = form.get("file"), str(form.get("columns") or "everything")[:60]
    raw = await file.read() if isinstance(file, UploadFile) else b""
    return await asyncio.to_thread(_compare, request, person, database, settings, cohort_id, name,
                                   raw)


def _compare(request: Request, person: Person, database: Database, settings: Settings,
             cohort_id: str, name: str, raw: bytes) -> Response:
    with database.reading() as session:
        cohort = _mine(session, person, cohort_id)
        if not raw:
            raise UserError(_("No file was chosen."), hint=_("Go back and choose one."),
                            code="no-file")
        return _page(request, session, settings, cohort, chosen(session, cohort, name), name,
                     back=raw)


@router.post(PAGE + "/delete")
def delete(person: CurrentPerson, database: TheDatabase, cohort_id: str,
           name: Annotated[str, Form(max_length=60)]) -> Response:
    """Take a choice of columns away."""
    with database.session() as session:
        cohort = _mine(session, person, cohort_id)
        if name in grademaps.of(session, cohort):
            grademaps.keep(session, cohort, person, name, None)
    return RedirectResponse(f"/cohorts/{cohort_id}/grades", 303)


@router.get(PAGE + ".csv")
def csv_download(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
                 cohort_id: str, columns: str = "everything") -> Response:
    """Return the file."""
    with database.reading() as session:
        cohort = _mine(session, person, cohort_id)
        raw = csv_file(session, settings, cohort, chosen(session, cohort, columns))
    return Response(raw, media_type="text/csv; charset=utf-8", headers={
        "Content-Disposition": 'attachment; filename="grades.csv"'})


@router.get(PAGE + "/oneroster.zip")
def oneroster_download(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
                       cohort_id: str) -> Response:
    """Return the gradebook for systems that read OneRoster."""
    with database.reading() as session:
        raw = oneroster_file(session, settings, _mine(session, person, cohort_id))
    return Response(raw, media_type="application/zip", headers={
        "Content-Disposition": 'attachment; filename="oneroster-results.zip"'})
