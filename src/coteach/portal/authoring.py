"""A trainer's page about an assignment itself: what is wrong with it, before teachers get it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from coteach import sandbox
from coteach.grading import CourseFolder
from coteach.grading.authoring import Finding, check
from coteach.grading.cohort import Task
from coteach.i18n import get_language
from coteach.portal.dependencies import CurrentPerson, TheDatabase, TheSettings
from coteach.portal.grading import API, PAGE, key_of, open_task
from coteach.portal.runs import Run, Runs, Step
from coteach.portal.templating import render
from coteach.settings import Settings
from coteach.store.schema import Cohort

router = APIRouter()
runs = Runs()
_found: dict[str, list[Finding]] = {}
"""What the newest check of each assignment said, in the language of who asked."""
_ORDER = ("failed", "warning", "ok")


def _folder(task: Task) -> CourseFolder:
    """Return the folder whose source this cohort gets: its own copy once it has begun."""
    if task.folder.source(task.assignment).is_dir():
        return task.folder
    return CourseFolder(task.course.folder, task.course.id)


def _check(settings: Settings, task: Task) -> Run:
    def work(_step: Step) -> None:
        _found.pop(key_of(task), None)
        _found[key_of(task)] = check(
            _folder(task), task.assignment, trust_local=settings.trust_local,
            run=settings.trust_local or sandbox.probe().ok)

    return runs.start(key_of(task), "check", work)


def _run(run: Run | None) -> dict[str, Any]:
    if run is None:
        return {"state": "idle"}
    return {"kind": run.kind, "state": run.state, "done": run.done, "total": run.total,
            "error": run.error}


def _answer(task: Task) -> dict[str, Any]:
    found = _found.get(key_of(task))
    return {"run": _run(runs.get(key_of(task))),
            "findings": None if found is None else [f.as_dict() for f in found]}


@router.post(API + "/check", status_code=202, tags=["grading"])
def start(person: CurrentPerson, database: TheDatabase, settings: TheSettings, cohort: str,
          assignment: str) -> dict[str, Any]:
    """Check the assignment in the background; ask with GET what was found."""
    task = open_task(database, settings, person, cohort, assignment)
    return {"run": _run(_check(settings, task))}


@router.get(API + "/check", tags=["grading"])
def findings(person: CurrentPerson, database: TheDatabase, settings: TheSettings, cohort: str,
             assignment: str) -> dict[str, Any]:
    """Return what the newest check found; `findings` is null before the first."""
    return _answer(open_task(database, settings, person, cohort, assignment))


@router.post(PAGE + "/check")
def start_form(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
               cohort: str, assignment: str) -> RedirectResponse:
    """The button of the page; it works without scripts too."""
    _check(settings, open_task(database, settings, person, cohort, assignment))
    return RedirectResponse(f"/cohorts/{cohort}/assignments/{assignment}/check", 303)


@router.get(PAGE + "/check")
def page(request: Request, person: CurrentPerson, database: TheDatabase, settings: TheSettings,
         cohort: str, assignment: str) -> HTMLResponse:
    """What was found, the worst first."""
    task = open_task(database, settings, person, cohort, assignment)
    run, found = runs.get(key_of(task)), _found.get(key_of(task))
    counted = Counter(f.state for f in found or ())
    known: Cohort = task.cohort
    return render(
        request, "check.html", cohort=known, assignment=task.assignment, run=run,
        title=task.module.title_in(get_language()), wrong=counted["failed"],
        notes=counted["warning"], busy=run is not None and run.busy,
        found=None if found is None else sorted(found, key=lambda f: _ORDER.index(f.state)))
