"""A trainer's pages of an assignment: who handed in, autograding, giving feedback back, export."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from coteach.access import Action, require
from coteach.errors import Conflict, NotFound, UserError
from coteach.grading import cohort as cohorts
from coteach.grading import handin, marking, tricks
from coteach.grading.cohort import Task
from coteach.grading.reason import Reason
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.portal import answers
from coteach.portal.dependencies import CurrentPerson, TheDatabase, TheSettings
from coteach.portal.runs import Run, Runs, Step
from coteach.portal.templating import render
from coteach.settings import Settings
from coteach.store import Database, assessment, people
from coteach.store.schema import Cohort, Grade, Person, Submission
from coteach.ui import times

router = APIRouter()
router.include_router(answers.router)
runs = Runs()

RELEASABLE = ("graded", "failed", "rejected")
"""What can be given back; with answers still to be marked it would be half a result."""


@dataclass(frozen=True)
class Row:
    """One teacher's newest hand-in, as it is shown."""

    person: Person
    submission: Submission
    grade: Grade | None
    look: bool = False
    """Whether its code looks at how it is marked, so that the trainer reads it herself."""

    @property
    def state(self) -> str:
        """``waiting``, or the state of its marks."""
        if self.grade is None:
            return "waiting"
        return "released" if self.is_given else self.grade.status

    @property
    def is_given(self) -> bool:
        """Whether the teacher can read exactly these marks."""
        grade = self.grade
        return grade is not None and grade.released is not None and (
            grade.graded <= grade.released and grade.status != "needs_manual")

    @property
    def reason(self) -> str:
        """Why there is no score."""
        found = Reason.load(self.grade.reason) if self.grade else None
        return found.sentence() if found else ""

    @property
    def to_mark(self) -> int:
        """How many written answers wait for points."""
        if self.grade is None:
            return 0
        if self.grade.status == "failed":
            return sum(t.get("by_hand", False) and t["score"] is None for t in self.grade.tests)
        return max(1, sum(t["score"] is None for t in self.grade.tests)) if (
            self.grade.status == "needs_manual") else 0


def open_task(database: Database, settings: Settings, person: Person, cohort_id: str,
              assignment: str) -> Task:
    """Return an assignment of a cohort that this person runs."""
    with database.reading() as session:
        cohort = session.get(Cohort, cohort_id)
        if cohort is None:
            raise NotFound(_("There is no such course group."))
        require(session, person, Action.RUN_COHORT, cohort)
    return cohorts.task(settings, cohort, assignment)


def rows_of(database: Database, task: Task, settings: Settings | None = None) -> list[Row]:
    """Return the newest hand-in of each teacher, oldest first; with `settings`, looked at."""
    with database.reading() as session:
        rows = assessment.newest(session, task.cohort.id, task.assignment)
    given = cohorts.given_code(task) if settings else frozenset()
    return [Row(p, s, g, settings is not None and tricks.file_looks_at_marking(
        handin.file_of(settings, s.id), given)) for p, s, g in rows]


def key_of(task: Task) -> str:
    """Return the name of an assignment's runs."""
    return f"{task.cohort.id}/{task.assignment}"


def _run(run: Run | None) -> dict[str, Any]:
    if run is None:
        return {"state": "idle"}
    return {"kind": run.kind, "state": run.state, "done": run.done, "total": run.total,
            "error": run.error, "seconds_left": run.seconds_left}


API = "/api/v1/cohorts/{cohort}/assignments/{assignment}"
PAGE = "/cohorts/{cohort}/assignments/{assignment}"


@router.post(API + "/autograde", status_code=202, tags=["grading"])
def autograde(person: CurrentPerson, database: TheDatabase, settings: TheSettings, cohort: str,
              assignment: str, missing: bool = False) -> dict[str, Any]:
    """Autograde newest hand-ins in the background; ask with GET how far it is.

    All of them, or with `missing` only those that are not marked yet or that a run which was
    stopped left over.
    """
    task = open_task(database, settings, person, cohort, assignment)
    return {"run": _run(_autograde(database, settings, person, task, missing))}


def _autograde(database: Database, settings: Settings, person: Person, task: Task,
               missing: bool) -> Run:
    stop, kept, only = threading.Event(), set[str](), None
    if missing:
        rows = rows_of(database, task)
        only = {row.submission.id for row in _left(task, rows)}
        kept |= {row.submission.id for row in rows} - only

    def work(step: Step) -> None:
        marking.mark(database, settings, task, by=person, progress=step, only=only, stop=stop,
                     kept=kept)

    return runs.start(key_of(task), "autograde", work, stop, kept)


def _left(task: Task, rows: list[Row]) -> list[Row]:
    """Return the hand-ins without marks, and those that a run which was stopped did not come to."""
    run = runs.get(key_of(task))
    if run is not None and run.kind == "autograde" and run.state == "stopped":
        return [row for row in rows if row.submission.id not in run.kept]
    return [row for row in rows if row.grade is None]


@router.post(API + "/autograde/stop", status_code=202, tags=["grading"])
def stop(person: CurrentPerson, database: TheDatabase, settings: TheSettings, cohort: str,
         assignment: str) -> dict[str, Any]:
    """Stop autograding after what is being written; all that is marked stays."""
    task = open_task(database, settings, person, cohort, assignment)
    return {"run": _run(runs.stop(key_of(task)))}


@router.get(API + "/autograde", tags=["grading"])
def autograding(person: CurrentPerson, database: TheDatabase, settings: TheSettings, cohort: str,
                assignment: str) -> dict[str, Any]:
    """Return how far the background work is."""
    return {"run": _run(runs.get(key_of(open_task(
        database, settings, person, cohort, assignment))))}


@router.get(API + "/submissions", tags=["grading"])
def list_submissions(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
                     cohort: str, assignment: str) -> dict[str, Any]:
    """Return the newest hand-in of each teacher with its marks."""
    task = open_task(database, settings, person, cohort, assignment)
    return {"submissions": [
        {"id": r.submission.id, "person": r.person.id, "name": r.person.display_name,
         "received": times.iso(r.submission.received), "late": r.submission.late,
         "state": r.state, "reason": r.reason, "to_mark": r.to_mark,
         "score": r.grade.score if r.grade else None,
         "max_score": r.grade.max_score if r.grade else None} for r in rows_of(database, task)]}


@router.get("/cohorts/{cohort}/grading")
def grading_page(request: Request, person: CurrentPerson, database: TheDatabase,
                 settings: TheSettings, cohort: str) -> Response:
    """All assignments of a cohort; the one page of it when there is only one."""
    with database.reading() as session:
        found = session.get(Cohort, cohort)
        if found is None:
            raise NotFound(_("There is no such course group."))
        require(session, person, Action.RUN_COHORT, found)
    tasks = cohorts.tasks(settings, found)
    if len(tasks) == 1:
        return RedirectResponse(f"/cohorts/{found.id}/assignments/{tasks[0].assignment}", 303)
    language = get_language()
    return render(request, "assignments.html", cohort=found, tasks=[
        {"assignment": t.assignment, "title": t.module.title_in(language),
         "rows": rows_of(database, t)} for t in tasks])


@router.get(PAGE)
def assignment_page(request: Request, person: CurrentPerson, database: TheDatabase,
                    settings: TheSettings, cohort: str, assignment: str) -> HTMLResponse:
    """The hand-ins of an assignment, and the one thing to do next with them."""
    task = open_task(database, settings, person, cohort, assignment)
    rows = rows_of(database, task, settings)
    with database.reading() as session:
        everybody = people.members(session, task.cohort.id)
    there = {r.person.id for r in rows}
    run = runs.get(key_of(task))
    return render(
        request, "grading.html", cohort=task.cohort, assignment=task.assignment,
        title=task.module.title_in(get_language()), deadline=task.deadline, rows=rows, run=run,
        busy=run is not None and run.busy, left=_left(task, rows),
        missing=[p for p in everybody if p.id not in there],
        unmarked=[r for r in rows if r.grade is None], to_mark=sum(r.to_mark for r in rows),
        to_release=_to_release(rows))


def _to_release(rows: list[Row]) -> list[Row]:
    return [r for r in rows if r.grade is not None and not r.is_given
            and r.grade.status in RELEASABLE]


@router.post(PAGE + "/autograde")
def autograde_form(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
                   cohort: str, assignment: str, missing: Annotated[str, Form()] = ""
                   ) -> RedirectResponse:
    """The button of the page; it works without scripts too."""
    task = open_task(database, settings, person, cohort, assignment)
    _autograde(database, settings, person, task, bool(missing))
    return RedirectResponse(f"/cohorts/{cohort}/assignments/{assignment}", 303)


@router.post(PAGE + "/autograde/stop")
def stop_form(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
              cohort: str, assignment: str) -> RedirectResponse:
    """The page's button to stop."""
    runs.stop(key_of(open_task(database, settings, person, cohort, assignment)))
    return RedirectResponse(f"/cohorts/{cohort}/assignments/{assignment}", 303)


@router.get(PAGE + "/release")
def release_page(request: Request, person: CurrentPerson, database: TheDatabase,
                 settings: TheSettings, cohort: str, assignment: str) -> HTMLResponse:
    """Ask before feedback is given back: it can't be taken back."""
    task = open_task(database, settings, person, cohort, assignment)
    rows = rows_of(database, task)
    return render(request, "release.html", cohort=task.cohort, assignment=task.assignment,
                  title=task.module.title_in(get_language()), rows=_to_release(rows),
                  waiting=[r for r in rows if r.to_mark or r.grade is None])


def _release(database: Database, settings: Settings, task: Task,
             chosen: Collection[str] | None = None) -> Run:
    """Give feedback back for the chosen hand-ins, by id; for all when not given."""
    rows = [(r.person, r.submission, r.grade) for r in _to_release(rows_of(database, task))
            if r.grade is not None and (chosen is None or r.submission.id in chosen)]
    if chosen is not None and not chosen:
        raise Conflict(_("Nobody is chosen."), hint=_("Tick at least one teacher."),
                       code="nobody-chosen")
    if not rows:
        raise UserError(_("There is no feedback to give back."),
                        hint=_("Autograde first and mark the written answers."), status=409,
                        code="nothing-to-release")

    def work(step: Step) -> None:
        marking.give_back(database, settings, task, rows, step)

    return runs.start(key_of(task), "release", work)


@router.post(PAGE + "/release")
def release_form(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
                 cohort: str, assignment: str, choose: Annotated[str, Form()] = "",
                 chosen: Annotated[list[str] | None, Form()] = None) -> RedirectResponse:
    """Give the feedback back; the button of the page that asks, with boxes when it has `choose`."""
    task = open_task(database, settings, person, cohort, assignment)
    _release(database, settings, task, (chosen or []) if choose else None)
    return RedirectResponse(f"/cohorts/{cohort}/assignments/{assignment}", 303)


@router.post(API + "/release", status_code=202, tags=["grading"])
def release(person: CurrentPerson, database: TheDatabase, settings: TheSettings, cohort: str,
            assignment: str) -> dict[str, Any]:
    """Give the feedback of everything that is marked back to the teachers."""
    task = open_task(database, settings, person, cohort, assignment)
    return {"run": _run(_release(database, settings, task))}


@router.get(API + "/marks.csv", tags=["grading"])
def marks_csv(person: CurrentPerson, database: TheDatabase, settings: TheSettings, cohort: str,
              assignment: str) -> Response:
    """Return the marks as a table for a spreadsheet."""
    task = open_task(database, settings, person, cohort, assignment)
    out = io.StringIO()
    table = csv.writer(out)
    title, zone = task.module.title_in(get_language()), person.time_zone
    table.writerow([
        _("Teacher"), _("Name to sign in with"), _("Assignment"),
        _("Received ({zone} time)").format(zone=times.zone_name(zone)), _("Late"), _("State"),
        _("Points"), _("Most points"), _("Reason")])
    for row in rows_of(database, task):
        table.writerow([_cell(v) for v in (
            row.person.display_name, row.person.username, title,
            times.table(row.submission.received, zone),
            _("yes") if row.submission.late else _("no"), state_word(row.state),
            row.grade.score if row.grade else None, row.grade.max_score if row.grade else None,
            row.reason)])
    # The mark at the start tells spreadsheets that the names are UTF-8.
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers={
        "Content-Disposition": f'attachment; filename="{task.assignment}-marks.csv"'})


def state_word(state: str) -> str:
    """Return the state of a hand-in as its trainer reads it."""
    return {"waiting": _("not marked yet"), "needs_manual": _("written answers to mark"),
            "graded": _("marked"), "released": _("given back"),
            "rejected": _("can't be marked"), "failed": _("marking failed")}[state]


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    # A spreadsheet takes such a name for a formula.
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
