"""Recordings: watching them, remarks at their moments, marks by rubric line, deleting them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import FileResponse, HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from coteach.access import Action, allowed, require
from coteach.errors import Conflict, NotFound, UserError
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.lessonpack import Module, find_courses
from coteach.live import retention
from coteach.live.finishing import folder_of
from coteach.portal import links, widgetpages
from coteach.portal.dependencies import CurrentPerson, TheDatabase, TheSettings
from coteach.portal.templating import render
from coteach.store import people, recordings
from coteach.store.schema import Cohort, Comment, Mark, Person, Recording
from coteach.ui import times

router = APIRouter()


class NewComment(BaseModel, extra="forbid"):
    """A remark."""

    at: float = Field(ge=0, le=86400)
    text: str = Field(max_length=10_000)
    rubric_line: str = Field("", max_length=64)


class NewMark(BaseModel, extra="forbid"):
    """A level for a rubric line, 0 is the first."""

    rubric_line: str = Field(max_length=64)
    level: int = Field(ge=0, le=20)


def module_of(session: Session, recording: Recording) -> Module | None:
    """Return the course module that a recording belongs to; its cohort's course first."""
    cohort = session.get(Cohort, recording.cohort_id) if recording.cohort_id else None
    courses = find_courses()
    for course in sorted(courses, key=lambda c: not cohort or c.id != cohort.course):
        for module in course.modules:
            if module.id == recording.module:
                return module
    return None


def _comment(comment: Comment, names: dict[str, str], reader: Person) -> dict[str, Any]:
    return {"id": comment.id, "at": comment.at, "text": comment.text,
            "author": names.get(comment.author_id, "?"), "rubric_line": comment.rubric_line,
            "created": comment.created.isoformat(), "mine": comment.author_id == reader.id}


def _mark(mark: Mark, names: dict[str, str], reader: Person, owner: str) -> dict[str, Any]:
    return {"self": mark.author_id == owner,  # somebody's view of herself, which no report counts
            "rubric_line": mark.rubric_line, "level": mark.level,
            "author": names.get(mark.author_id, "?"), "rubric_version": mark.rubric_version,
            "created": mark.created.isoformat(), "mine": mark.author_id == reader.id}


def summary(recording: Recording, name: str, reader: Person) -> dict[str, Any]:
    """Return what a list says about a recording; times also as the reader sees them."""
    return {
        "id": recording.id, "name": name, "mine": recording.person_id == reader.id,
        "module": recording.module, "started": recording.started.isoformat(),
        "status": recording.status, "reason": recording.reason, "duration": recording.duration,
        "bytes": recording.bytes, "delete_after": recording.delete_after.isoformat(),
        "started_local": times.when(recording.started, reader.time_zone),
        "delete_after_local": times.when(recording.delete_after, reader.time_zone),
        "page": f"/recordings/{recording.id}"}


def whole(session: Session, recording: Recording, reader: Person) -> dict[str, Any]:
    """Return a recording with its files, rubric, remarks and marks."""
    comments = recordings.comments(session, recording.id)
    marks = recordings.marks(session, recording.id)
    names = recordings.names(session, {recording.person_id, *(c.author_id for c in comments),
                                       *(m.author_id for m in marks)})
    module = module_of(session, recording)
    language = get_language()
    return {
        **summary(recording, names.get(recording.person_id, "?"), reader),
        "tracks": [{
            "name": track["name"], "kind": track["kind"], "offset": track["offset"],
            "duration": track.get("duration", 0),
            "url": f"/api/v1/recordings/{recording.id}/media/{number}",
        } for number, track in enumerate(recording.tracks)] if recording.status == "ready" else [],
        "may_delete": allowed(session, reader, Action.DELETE_RECORDING, recording),
        "module_title": module.title_in(language) if module else recording.module,
        "rubric": [{"id": line.id, "title": line.title_in(language),
                    "levels": line.levels_in(language)} for line in module.rubric]
        if module else [],
        "comments": [_comment(c, names, reader) for c in comments],
        "marks": [_mark(m, names, reader, recording.person_id) for m in marks]}


@router.get("/api/v1/recordings", tags=["recordings"])
def list_recordings(
    reader: CurrentPerson, database: TheDatabase, module: str | None = None,
    owner: Annotated[str | None, Query(alias="person")] = None,
) -> dict[str, Any]:
    """Return the recordings one may watch, newest first; `person` is an id or ``me``."""
    with database.reading() as session:
        found = recordings.visible(session, reader, module=module,
                                   owner=reader.id if owner == "me" else owner)
        names = recordings.names(session, {r.person_id for r in found})
        return {"recordings": [summary(r, names[r.person_id], reader) for r in found]}


@router.get("/api/v1/recordings/{recording}", tags=["recordings"])
def one_recording(person: CurrentPerson, database: TheDatabase, recording: str) -> dict[str, Any]:
    """Return one recording with its remarks and marks."""
    with database.reading() as session:
        found = recordings.get(session, recording)
        require(session, person, Action.SEE_RECORDING, found)
        return {"recording": whole(session, found, person)}


@router.get("/api/v1/recordings/{recording}/media/{number}", tags=["recordings"])
def media(person: CurrentPerson, database: TheDatabase, settings: TheSettings, recording: str,
          number: int) -> FileResponse:
    """Give one person's file; `Range` is answered, so that players can seek."""
    with database.reading() as session:
        found = recordings.get(session, recording)
        require(session, person, Action.SEE_RECORDING, found)
        if found.status != "ready" or not 0 <= number < len(found.tracks):
            raise NotFound(_("This recording has no such file."))
        name = Path(found.tracks[number]["file"]).name
    file = folder_of(settings.layout, found.id) / name
    if not file.is_file():
        raise NotFound(_("The file of this recording is missing."),
                       hint=_("Tell your trainer."), code="file-missing")
    return FileResponse(file, media_type="video/webm",
                        headers={"Cache-Control": "private, no-cache"})


@router.get("/api/v1/recordings/{recording}/comments", tags=["recordings"])
def list_comments(person: CurrentPerson, database: TheDatabase, recording: str) -> dict[str, Any]:
    """Return the remarks in the order of their moments."""
    with database.reading() as session:
        found = recordings.get(session, recording)
        require(session, person, Action.SEE_RECORDING, found)
        return {"comments": whole(session, found, person)["comments"]}


@router.post("/api/v1/recordings/{recording}/comments", status_code=201, tags=["recordings"])
def add_comment(person: CurrentPerson, database: TheDatabase, recording: str,
                comment: NewComment) -> dict[str, Any]:
    """Pin a remark to a moment."""
    with database.session() as session:
        found = recordings.get(session, recording)
        require(session, person, Action.COMMENT_RECORDING, found)
        if comment.rubric_line:
            _line(session, found, comment.rubric_line)
        made = recordings.add_comment(session, found, person, at=comment.at, text=comment.text,
                                      rubric_line=comment.rubric_line)
        return {"comment": _comment(made, {person.id: person.display_name}, person)}


@router.delete("/api/v1/recordings/{recording}/comments/{comment}", tags=["recordings"])
def remove_comment(person: CurrentPerson, database: TheDatabase, recording: str,
                   comment: str) -> dict[str, Any]:
    """Take one's own remark back."""
    with database.session() as session:
        found = recordings.get(session, recording)
        require(session, person, Action.COMMENT_RECORDING, found)
        recordings.remove_comment(session, found, comment, person)
    return {"removed": comment}


def _line(session: Session, recording: Recording, line_id: str) -> tuple[Module, int]:
    """Return the module and how many levels a rubric line has."""
    module = module_of(session, recording)
    for line in module.rubric if module else ():
        if line.id == line_id and module is not None:
            return module, len(line.levels)
    raise NotFound(_("The rubric has no line {line!r}.").format(line=line_id), code="no-line")


@router.get("/api/v1/recordings/{recording}/marks", tags=["recordings"])
def list_marks(person: CurrentPerson, database: TheDatabase, recording: str) -> dict[str, Any]:
    """Return everybody's newest marks."""
    with database.reading() as session:
        found = recordings.get(session, recording)
        require(session, person, Action.SEE_RECORDING, found)
        return {"marks": whole(session, found, person)["marks"]}


@router.post("/api/v1/recordings/{recording}/marks", status_code=201, tags=["recordings"])
def add_mark(person: CurrentPerson, database: TheDatabase, recording: str,
             mark: NewMark) -> dict[str, Any]:
    """Give a level for a rubric line."""
    with database.session() as session:
        found = recordings.get(session, recording)
        require(session, person, Action.MARK_RECORDING, found)
        module, levels = _line(session, found, mark.rubric_line)
        if mark.level >= levels:
            raise UserError(_("This line has {count} levels.").format(count=levels),
                            code="bad-level")
        made = recordings.add_mark(
            session, found, person, rubric_line=mark.rubric_line, level=mark.level,
            rubric_version=module.rubric_version)
        return {"mark": _mark(made, {person.id: person.display_name}, person,
                              found.person_id)}


@router.delete("/api/v1/recordings/{recording}", tags=["recordings"])
def delete_recording(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
                     recording: str,
                     confirm: Annotated[str, Body(embed=True)] = "") -> dict[str, Any]:
    """Delete for good; the body must repeat the id: ``{"confirm": ID}``."""
    with database.reading() as session:
        found = recordings.get(session, recording)
        require(session, person, Action.DELETE_RECORDING, found)
    if confirm != found.id:
        raise UserError(_("Deleting must be confirmed."),
                        hint=_("Send the recording's id as `confirm`."), code="not-confirmed")
    if found.status == "recording":
        raise Conflict(_("This recording is still being made."), hint=_("Stop it first."))
    retention.delete(database, settings.layout, found.id, f"by-hand {person.id}")
    return {"deleted": found.id}


@router.get("/recordings/{recording}")
def recording_page(request: Request, person: CurrentPerson, database: TheDatabase,
                   recording: str) -> HTMLResponse:
    """The page on which a recording is watched, remarked on and marked."""
    with database.reading() as session:
        found = recordings.get(session, recording)
        require(session, person, Action.SEE_RECORDING, found)
        owner = people.get(session, found.person_id)
        module = module_of(session, found)
        cohort = session.get(Cohort, found.cohort_id) if found.cohort_id else None
        if cohort is not None and not allowed(session, person, Action.RUN_COHORT, cohort):
            cohort = None
    title = module.title_in(get_language()) if module else found.module
    return render(request, "recording.html", recording=found, owner=owner, module_title=title,
                  cohort=cohort, links=links, widget=widgetpages.address,
                  widget_catalog=widgetpages.catalog())
