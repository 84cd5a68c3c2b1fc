"""Handing in and reading what came back, by a browser's session or a Lab server's token."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from coteach.access import Action, require
from coteach.errors import NotFound, UserError
from coteach.grading import cohort as cohorts
from coteach.grading import handin, marking, tricks
from coteach.grading.cohort import Task
from coteach.grading.guide import names
from coteach.grading.inspect import inspect
from coteach.grading.odd import oddities
from coteach.grading.outputs import plain
from coteach.grading.reason import Reason
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.portal import feedback, uploads
from coteach.portal.dependencies import CurrentPerson, TheDatabase, TheSettings
from coteach.portal.templating import render
from coteach.settings import Settings
from coteach.store import Database, assessment, people
from coteach.store.schema import Cohort, Grade, Person, Submission
from coteach.ui import times

router = APIRouter()


def receipt(found: Submission, person: Person) -> dict[str, Any]:
    """Return the receipt as it is sent; times also as she reads them."""
    return {"id": found.id, "assignment": found.assignment, "notebook": found.notebook,
            "sha256": found.sha256, "size": found.size, "received": times.iso(found.received),
            "received_local": times.when(found.received, person.time_zone),
            "deadline": times.iso(found.deadline) if found.deadline else None,
            "late": found.late, "language": found.language, "url": f"/submissions/{found.id}"}


def marks_of(grade: Grade, names: dict[str, str]) -> dict[str, Any]:
    """Return released marks as they are sent, each part with its name in the reader's language."""
    reason = Reason.load(grade.reason)
    return {"status": grade.status, "score": grade.score, "max_score": grade.max_score,
            "reason": reason.sentence() if reason else "",
            "released": times.iso(grade.released) if grade.released else None,
            "tests": [{"grade_id": t["grade_id"], "name": names.get(t["grade_id"], t["grade_id"]),
                       "score": t["score"], "max_score": t["max_score"], "message": _said(t),
                       "comment": t.get("comment", ""), "by_hand": bool(t.get("by_hand"))}
                      for t in grade.tests]}


def _said(test: dict[str, Any]) -> str:
    empty = bool(test.get("unanswered"))
    if test.get("by_hand"):
        return _("Not answered.") if empty else ""
    reason = Reason.load(test.get("why", ""))
    if reason is not None and test["score"] is None:
        return reason.sentence()
    return plain(test.get("message", ""), empty)


def _names(settings: Settings, cohort: Cohort, assignment: str) -> dict[str, str]:
    return names(cohorts.task(settings, cohort, assignment), get_language())


def task_for(database: Database, settings: Settings, person: Person, *, assignment: str,
             cohort_id: str = "") -> Task:
    """Return the assignment that a person hands in, of the newest cohort in which she learns.

    Raises
    ------
    NotFound
        She learns in no cohort that has it.
    """
    with database.reading() as session:
        mine = [c for c in people.cohorts_of(session, person)
                if people.membership(session, c.id, person.id) == "teacher"
                and cohort_id in ("", c.id)]
    for cohort in mine:
        for task in cohorts.tasks(settings, cohort):
            if assignment in (task.assignment, task.module.id):
                return task
    raise NotFound(_("You have no assignment called {name}.").format(name=assignment[:80]),
                   hint=_("Ask your trainer whether you are in the right course."),
                   code="no-assignment")


@router.post("/api/v1/submissions", status_code=201, tags=["submissions"])
async def submit(request: Request, person: CurrentPerson, database: TheDatabase,
                 settings: TheSettings) -> JSONResponse:
    """Hand in a notebook; the same file again gives the same receipt (200).

    With the field `check` nothing is kept: the answer says what is odd about the notebook.
    """
    found = await uploads.read(request)
    assignment = found.fields.get("assignment") or found.fields.get("module") or ""
    if not assignment:
        raise UserError(_("The assignment's name is missing."), status=422, code="bad-upload")

    def the_task() -> Task:
        return task_for(database, settings, person, assignment=assignment,
                        cohort_id=found.fields.get("cohort", ""))

    def keep() -> tuple[dict[str, Any], bool]:
        task = the_task()
        made, new = handin.accept(database, settings, person, task, found.raw)
        return {**receipt(made, person), "new": new, **_looked_at(task, found.raw)}, new

    def check() -> dict[str, Any]:
        task = the_task()
        handin.check(found.raw)
        return _looked_at(task, found.raw)

    if found.fields.get("check"):
        return JSONResponse({"check": await asyncio.to_thread(check)})
    answer, new = await asyncio.to_thread(keep)
    return JSONResponse({"receipt": answer}, status_code=201 if new else 200)


def _looked_at(task: Task, raw: bytes) -> dict[str, Any]:
    """Return what keeps a notebook from being marked, and what is only odd about it."""
    warning = _warning(task, raw)
    odd = [] if warning or not cohorts.is_released(task) else oddities(raw, cohorts.forms(task))
    return {"warning": warning, "odd": odd}


def _warning(task: Task, raw: bytes) -> str:
    """Say what will keep this notebook from being marked, while she can still mend it."""
    from coteach.grading import gradebook

    if not cohorts.is_released(task):
        return ""
    form = gradebook.forms(task.folder, task.assignment).get(task.notebook)
    reason = inspect(raw, form.expected) if form else None
    return reason.sentence() if reason else ""


@router.get("/api/v1/submissions", tags=["submissions"])
def list_own(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
             assignment: str = "") -> dict[str, Any]:
    """Return one's own receipts, newest first, with marks where they are released.

    A module's id stands for its assignment, as when handing in.
    """
    with database.reading() as session:
        rows = assessment.of_person(session, person.id)
        mine = people.cohorts_of(session, person)
    names = {assignment} | {t.assignment for c in mine for t in cohorts.tasks(settings, c)
                            if t.module.id == assignment}
    rows = [(s, g) for s, g in rows if not assignment or s.assignment in names]
    called = _names_of(database, settings, [s for s, g in rows if g is not None and g.released])
    return {"submissions": [
        {"receipt": receipt(s, person), "marks": marks_of(g, called[s.cohort_id, s.assignment])
         if g is not None and g.released else None} for s, g in rows]}


def _names_of(database: Database, settings: Settings, marked: list[Submission]
              ) -> dict[tuple[str, str], dict[str, str]]:
    """Return the names of the tasks of each assignment that is among these hand-ins."""
    with database.reading() as session:
        all_of = {(s.cohort_id, s.assignment): session.get_one(Cohort, s.cohort_id)
                  for s in marked}
    return {key: _names(settings, cohort, key[1]) for key, cohort in all_of.items()}


def _seen(database: Database, person: Person, submission_id: str
          ) -> tuple[Submission, Grade | None, Person, Cohort]:
    with database.reading() as session:
        found = assessment.get(session, submission_id)
        require(session, person, Action.SEE_SUBMISSION, found)
        grade = assessment.grade_of(session, found.id)
        owner = people.get(session, found.person_id)
        return found, grade, owner, session.get_one(Cohort, found.cohort_id)


def _released(found: Submission, grade: Grade | None) -> Grade:
    if grade is None or grade.released is None:
        raise NotFound(_("There is no feedback yet."),
                       hint=_("You see it here when your trainer has given it."),
                       code="no-feedback")
    return grade


@router.get("/api/v1/submissions/{submission}", tags=["submissions"])
def one(person: CurrentPerson, database: TheDatabase, settings: TheSettings, submission: str
        ) -> dict[str, Any]:
    """Return a receipt, with marks where they are released."""
    found, grade, _owner, cohort = _seen(database, person, submission)
    return {"receipt": receipt(found, person),
            "marks": marks_of(grade, _names(settings, cohort, found.assignment))
            if grade is not None and grade.released else None}


@router.get("/api/v1/submissions/{submission}/notebook", tags=["submissions"])
def the_file(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
             submission: str) -> FileResponse:
    """Return exactly the file that was handed in."""
    found, *_rest = _seen(database, person, submission)
    return FileResponse(handin.file_of(settings, found.id), media_type="application/x-ipynb+json",
                        filename=f"{found.assignment}.ipynb")


@router.get("/api/v1/submissions/{submission}/feedback", tags=["submissions"])
def the_feedback(request: Request, person: CurrentPerson, database: TheDatabase,
                 settings: TheSettings, submission: str) -> HTMLResponse:
    """Return the released feedback page: the marked notebook with points and comments."""
    found, grade, owner, cohort = _seen(database, person, submission)
    grade = _released(found, grade)
    file = handin.feedback_of(settings, found.id)
    if not file.is_file():
        raise NotFound(_("This hand-in has no feedback page."),
                       hint=_("Points and comments are on the page of your hand-in."),
                       code="no-feedback-page")
    _note(database, settings, person, owner, cohort, found, grade)
    html = file.read_text(encoding="utf-8")
    text = feedback.inside(html)
    if text is None:
        return HTMLResponse(html, headers={"Content-Security-Policy": feedback.POLICY})
    task = cohorts.task(settings, cohort, found.assignment)
    called = names(task, get_language())
    return feedback.page(
        request, text, called, marks=marks_of(grade, called),
        mine=owner.id == person.id, owner=owner, title=task.module.title_in(get_language()),
        back=f"/submissions/{found.id}")


def _note(database: Database, settings: Settings, person: Person, owner: Person, cohort: Cohort,
          found: Submission, grade: Grade) -> None:
    if person.id == owner.id and grade.released:
        marking.note_read(database, cohorts.task(settings, cohort, found.assignment), person,
                          grade)


@router.get("/submissions/{submission}")
def page(request: Request, person: CurrentPerson, database: TheDatabase, settings: TheSettings,
         submission: str) -> HTMLResponse:
    """The page of a hand-in: its receipt, later points, comments and feedback."""
    found, grade, owner, cohort = _seen(database, person, submission)
    mine = owner.id == person.id
    earlier, newer = ([], None) if mine else _others(database, found)
    shown = grade if grade is not None and (grade.released or not mine) else None
    if shown is not None:
        _note(database, settings, person, owner, cohort, found, shown)
    task = cohorts.task(settings, cohort, found.assignment)
    language = get_language()
    look = not mine and tricks.file_looks_at_marking(
        handin.file_of(settings, found.id), cohorts.given_code(task))
    return render(
        request, "submission.html", look=look, submission=found, owner=owner, mine=mine,
        title=task.module.title_in(language),
        marks=marks_of(shown, names(task, language)) if shown else None,
        feedback=handin.feedback_of(settings, found.id).is_file() and shown is not None
        and shown.released is not None, cohort=cohort,
        released=shown.released if shown else None, earlier=earlier, newer=newer)


def _others(database: Database, found: Submission) -> tuple[list[Submission], Submission | None]:
    """Return the hand-ins of the same person before this one, and the newest one after it."""
    with database.reading() as session:
        rows = [s for s, _grade in assessment.of_person(
            session, found.person_id, cohort_id=found.cohort_id, assignment=found.assignment)]
    place = next((n for n, s in enumerate(rows) if s.id == found.id), len(rows))
    return rows[place + 1:], rows[0] if place else None
