"""Marking written answers one after another, by keyboard alone if one likes.

Rule: a page says which mark it showed. A mark that somebody else gave meanwhile is shown to the
one who saves, who then decides; it is never written over unseen.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field

from coteach.access import Action, require
from coteach.errors import Conflict, NotFound, UserError
from coteach.grading import cohort as cohorts
from coteach.grading import guide, marking
from coteach.grading.cohort import Task
from coteach.grading.guide import Guide
from coteach.grading.outputs import Answer
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.portal.dependencies import CurrentPerson, TheDatabase, TheSettings
from coteach.portal.templating import render
from coteach.settings import Settings
from coteach.store import Database, assessment, people
from coteach.store.schema import Cohort, Grade, Person, Submission

router = APIRouter()

PAGE = "/cohorts/{cohort}/assignments/{assignment}/answers"
MAX_COMMENT = 4000
_saving = threading.Lock()
"""Held from looking at a mark until it is kept; the portal is one process."""


def seen_of(mark: dict[str, Any]) -> str:
    """Return a word for what a person gave an answer; another mark has another word."""
    points = mark.get("manual")
    given = [None if points is None else float(points), mark.get("comment") or ""]
    return hashlib.sha256(json.dumps(given).encode()).hexdigest()[:16]


_UNMARKED = seen_of({})


@dataclass(frozen=True)
class ToMark:
    """One written answer of one teacher."""

    person: Person
    submission: Submission
    answer: Answer
    mark: dict[str, Any]
    name: str
    guide: Guide
    """For the trainer alone."""

    @property
    def key(self) -> str:
        return f"{self.submission.id}:{self.answer.grade_id}"

    @property
    def seen(self) -> str:
        """The word for the mark that it has now."""
        return seen_of(self.mark)

    @property
    def waits(self) -> bool:
        """Whether it has no points yet."""
        return self.mark["score"] is None

    @property
    def is_empty(self) -> bool:
        """Whether she left it as it was given."""
        return bool(self.mark.get("unanswered"))


class Points(BaseModel, extra="forbid"):
    """Points and a comment for an answer."""

    grade_id: str = Field(max_length=200)
    points: float | None = None
    comment: str = Field("", max_length=MAX_COMMENT)


def _task(database: Database, settings: Settings, person: Person, cohort_id: str,
          assignment: str) -> Task:
    with database.reading() as session:
        cohort = session.get(Cohort, cohort_id)
        if cohort is None:
            raise NotFound(_("There is no such course group."))
        require(session, person, Action.RUN_COHORT, cohort)
    return cohorts.task(settings, cohort, assignment)


def all_of(database: Database, task: Task) -> list[ToMark]:
    """Return all written answers of an assignment: question by question, so one compares."""
    with database.reading() as session:
        rows = assessment.newest(session, task.cohort.id, task.assignment)
    found: list[tuple[int, ToMark]] = []
    language = get_language()
    called, known = guide.names(task, language), guide.guides(task, language)
    for person, submission, grade in rows:
        if grade is None or grade.status == "rejected" or not grade.tests:
            continue
        marks = {t["grade_id"]: t for t in grade.tests}
        for place, answer in enumerate(marking.written(task, person, grade)):
            if answer.grade_id in marks:
                name = answer.grade_id
                found.append((place, ToMark(
                    person, submission, answer, marks[name], called.get(name, name),
                    known.get(name) or Guide(answer.question, ""))))
    return [each for _place, each in sorted(found, key=lambda pair: pair[0])]


@router.get(PAGE)
def page(request: Request, person: CurrentPerson, database: TheDatabase, settings: TheSettings,
         cohort: str, assignment: str, at: str = "") -> HTMLResponse:
    """One written answer: the asked one, else the first that waits, else the end."""
    task = _task(database, settings, person, cohort, assignment)
    todo = all_of(database, task)
    place = next((n for n, each in enumerate(todo) if each.key == at), None)
    if place is None and not at:
        place = next((n for n, each in enumerate(todo) if each.waits), None)
    context = _context(task, todo)
    if place is None:
        return render(request, "answers_done.html", **context)
    return _one(request, context, todo, place)


def _context(task: Task, todo: list[ToMark]) -> dict[str, Any]:
    return {"cohort": task.cohort, "assignment": task.assignment, "todo": todo,
            "title": task.module.title_in(get_language()),
            "here": f"/cohorts/{task.cohort.id}/assignments/{task.assignment}"}


def _one(request: Request, context: dict[str, Any], todo: list[ToMark], place: int, *,
         status: int = 200, error: UserError | None = None, points: str | None = None,
         comment: str | None = None) -> HTMLResponse:
    each = todo[place]
    given = each.mark.get("manual")
    if given is None:
        given = each.mark["score"]
    return render(
        request, "answer.html", status=status, each=each, number=place + 1, error=error,
        points=points if points is not None else ("" if given is None else f"{given:g}"),
        comment=comment if comment is not None else each.mark.get("comment", ""),
        before=todo[place - 1].key if place else "",
        after=todo[place + 1].key if place + 1 < len(todo) else "", **context)


def _points(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = float("nan")
    if value != value or abs(value) > 1e6:
        raise UserError(_("{text!r} is no number of points.").format(text=text[:20]),
                        hint=_("Write it with digits, for example 4 or 4.5."),
                        code="bad-points")
    return value


def _give(database: Database, task: Task, submission_id: str, given: Points, by: Person) -> Grade:
    with database.reading() as session:
        submission = assessment.get(session, submission_id)
        require(session, by, Action.GRADE_SUBMISSION, submission)
        owner = people.get(session, submission.person_id)
        grade = assessment.grade_of(session, submission_id)
        newest = [s.id for _p, s, _g in
                  assessment.newest(session, task.cohort.id, task.assignment)]
    if submission_id not in newest or grade is None or not grade.tests:
        raise UserError(_("This is not the newest hand-in, or it was not marked."),
                        hint=_("Go back to the list and autograde again."), status=409,
                        code="not-marked")
    return marking.give(database, task, owner, submission_id, grade_id=given.grade_id,
                        points=given.points, comment=given.comment.strip(), by=by)


def _mark_now(database: Database, submission_id: str, grade_id: str) -> dict[str, Any]:
    with database.reading() as session:
        grade = assessment.grade_of(session, submission_id)
        tests = grade.tests if grade is not None else []
        return next((dict(t) for t in tests if t["grade_id"] == grade_id), {"score": None})


@router.post(PAGE)
def save(request: Request, person: CurrentPerson, database: TheDatabase, settings: TheSettings,
         cohort: str, assignment: str, at: Annotated[str, Form()],
         points: Annotated[str, Form()] = "", comment: Annotated[str, Form()] = "",
         seen: Annotated[str, Form()] = _UNMARKED) -> Any:
    """Keep points and comment, then go to the next answer that waits.

    When the mark is not the one that the page showed (`seen`), nothing is kept: the page comes
    again with both, and saving it once more is the decision.
    """
    task = _task(database, settings, person, cohort, assignment)
    submission_id, _colon, grade_id = at.partition(":")
    todo = all_of(database, task)
    place = next((n for n, each in enumerate(todo) if each.key == at), None)
    if place is None:
        raise NotFound(_("This answer is not there any more."),
                       hint=_("She may have handed in again. Go back to the list."))
    here = f"/cohorts/{cohort}/assignments/{assignment}"
    try:
        if len(comment) > MAX_COMMENT:
            raise UserError(_("The comment has {count} characters; {limit} fit.").format(
                count=len(comment), limit=MAX_COMMENT), code="long-comment")
        given = Points(grade_id=grade_id, points=_points(points), comment=comment)
        with _saving:
            now = _mark_now(database, submission_id, grade_id)
            wanted = seen_of({"manual": given.points, "comment": comment.strip()})
            if seen_of(now) not in (seen, wanted):
                # The word on the page that comes is that of the mark it shows.
                todo[place] = replace(todo[place], mark=now)
                raise Conflict(_("Somebody else marked this answer while you did."),
                               hint=_("Nothing was written over. Compare the two, then save "
                                      "what should count."), code="marked-meanwhile")
            _give(database, task, submission_id, given, person)
    except UserError as error:
        return _one(request, _context(task, todo), todo, place, status=error.status, error=error,
                    points=points, comment=comment)
    rest = [*todo[place + 1:], *todo[:place]]
    following = next((each.key for each in rest if each.waits), "")
    return RedirectResponse(f"{here}/answers?" + urlencode({"at": following or "end"}), 303)


@router.put("/api/v1/submissions/{submission}/marks", tags=["grading"])
def put_marks(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
              submission: str, given: Points) -> dict[str, Any]:
    """Give points and a comment for one written answer."""
    with database.reading() as session:
        found = assessment.get(session, submission)
        require(session, person, Action.GRADE_SUBMISSION, found)
        cohort = session.get_one(Cohort, found.cohort_id)
    task = cohorts.task(settings, cohort, found.assignment)
    grade = _give(database, task, submission, given, person)
    return {"status": grade.status, "score": grade.score, "max_score": grade.max_score}
