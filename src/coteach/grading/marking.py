"""Marking what a cohort handed in, and giving the marks back.

nbgrader's gradebook and the store are filled by the same steps; the store's row belongs to one
hand-in, the gradebook's to the newest one of a teacher.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Any

from coteach.errors import NotFound
from coteach.grading import gradebook, handin, jobs
from coteach.grading.blank import Blanks, blanks
from coteach.grading.cohort import Task, forms, release
from coteach.grading.files import write_whole
from coteach.grading.job import Job
from coteach.grading.layout import stamp
from coteach.grading.outputs import Answer, answers
from coteach.grading.reason import Reason
from coteach.grading.result import Result
from coteach.i18n import gettext as _
from coteach.settings import Settings
from coteach.store import Database, assessment, events
from coteach.store.schema import Grade, Person, Submission

Progress = Callable[[int, int], None]


def _job(settings: Settings, person: Person, submission: Submission, grade: Grade | None,
         known: Blanks) -> Job:
    file: Path | None = handin.file_of(settings, submission.id)
    wrong = None
    try:
        assert file is not None
        if hashlib.sha256(file.read_bytes()).hexdigest() != submission.sha256:
            wrong = Reason("damaged")
    except FileNotFoundError:
        file = None
    keep = [t["grade_id"] for t in grade.tests if t.get("manual") is not None] if grade else []
    return Job(person.username, Path(submission.notebook).stem, file, stamp(submission.received),
               keep=keep, blanks=known, wrong=wrong)


def mark(database: Database, settings: Settings, task: Task, *, by: Person,
         only: Collection[str] | None = None, progress: Progress = lambda _done, _all: None,
         stop: Event | None = None, kept: set[str] | None = None) -> list[Result]:
    """Autograde the newest hand-in of each teacher; manual marks stay.

    Parameters
    ----------
    by
        Who started it.
    only
        Ids of hand-ins to mark; all when not given.
    progress
        Called with how many are done, of how many.
    stop
        Ends it early; what is done is kept.
    kept
        Gets the ids of the hand-ins that are done.
    """
    release(task)
    with database.reading() as session:
        rows = [(p, s, g) for p, s, g in
                assessment.newest(session, task.cohort.id, task.assignment)
                if only is None or s.id in only]
    known = blanks(forms(task))
    todo = [_job(settings, p, s, g, known) for p, s, g in rows]
    owners = {p.username: (p, s) for p, s, _grade in rows}
    done = 0
    progress(done, len(todo))

    def keep(job: Job, result: Result) -> None:
        nonlocal done
        person, submission = owners[job.student]
        _keep(database, task, person, submission, result, by)
        if kept is not None:
            kept.add(submission.id)
        done += 1
        progress(done, len(todo))

    return jobs.grade(task.folder, task.assignment, todo, trust_local=settings.trust_local,
                      workers=max(1, min(4, (os.cpu_count() or 2) // 2)), on_result=keep,
                      stop=stop)


def _keep(database: Database, task: Task, person: Person, submission: Submission, result: Result,
          by: Person) -> None:
    with database.session() as session:
        assessment.keep_grade(
            session, submission.id, status=result.status, score=result.score,
            max_score=result.max_score, reason=result.reason.dump() if result.reason else "",
            tests=[asdict(t) for t in result.tests], by=by.id)
        events.append(session, [_event(task, person, "graded", str(uuid.uuid4()), {
            "submission": submission.id, "status": result.status, "score": result.score,
            "max_score": result.max_score})])


def _event(task: Task, person: Person, verb: str, key: str, value: dict[str, Any]
           ) -> dict[str, Any]:
    return {"id": key, "actor": person.id, "session": task.cohort.id, "lesson": task.module.id,
            "cell": task.step, "verb": verb, "value": value, "demo": person.demo}


def written(task: Task, person: Person, grade: Grade | None = None) -> list[Answer]:
    """Return what a person reads of a marked notebook, as it was when it was marked.

    Parameters
    ----------
    grade
        With her marks, also the code whose tests could not be judged.

    Raises
    ------
    NotFound
        It was not marked, or could not be.
    """
    file = task.folder.autograded(person.username, task.assignment) / f"{task.notebook}.ipynb"
    if not file.is_file():
        raise NotFound(_("This notebook has not been marked yet."), hint=_("Autograde it first."),
                       code="not-marked")
    return answers(file, _unsure(grade) if grade is not None else None)


def _unsure(grade: Grade) -> dict[str, str]:
    """Return why tests could not be judged, unless that is so of all: then only she can help."""
    found = {t["grade_id"]: reason.sentence() for t in grade.tests
             if not t.get("by_hand") and (reason := Reason.load(t.get("why", "")))}
    return {} if grade.status == "failed" else found


def give(database: Database, task: Task, person: Person, submission_id: str, *, grade_id: str,
         points: float | None, comment: str, by: Person) -> Grade:
    """Give points and a comment for a written answer; both stay when it is marked again."""
    gradebook.give(task.folder, task.assignment, task.notebook, person.username,
                   grade_id=grade_id, points=points, comment=comment)
    marks = gradebook.marks(task.folder, task.assignment, task.notebook, person.username)
    waits = gradebook.waiting(task.folder, task.assignment, task.notebook, person.username)
    with database.session() as session:
        before = assessment.grade_of(session, submission_id)
        said = {t["grade_id"]: t for t in before.tests} if before else {}
        for test in marks:
            test.take_over(said.get(test.grade_id, {}))
        return assessment.keep_grade(
            session, submission_id, status="needs_manual" if waits else "graded",
            score=sum(t.score or 0.0 for t in marks),
            max_score=sum(t.max_score for t in marks),
            reason=before.reason if before and waits else "",
            tests=[asdict(t) for t in marks], by=by.id)


def give_back(database: Database, settings: Settings, task: Task, rows: list[
        tuple[Person, Submission, Grade]], progress: Progress = lambda _done, _all: None) -> None:
    """Release feedback: write each teacher's page, then let her read it.

    A page that can't be made holds nothing up: points and comments are given all the same.
    """
    progress(0, len(rows))
    pages = [(p.username, task.notebook) for p, _submission, g in rows
             if g.status in ("graded", "needs_manual")]
    made = jobs.feedback(task.folder, task.assignment, pages)
    for done, (person, submission, _grade) in enumerate(rows, 1):
        file = made.get((person.username, task.notebook))
        if file is not None:
            write_whole(handin.feedback_of(settings, submission.id), file.read_bytes())
        with database.session() as session:
            grade = assessment.release(session, submission.id)
            assert grade.released is not None
            events.append(session, [_event(
                task, person, "released", str(uuid.uuid4()), {"submission": submission.id})])
        progress(done, len(rows))


def note_read(database: Database, task: Task, person: Person, grade: Grade) -> None:
    """Note that a teacher has read her feedback; once for each release."""
    assert grade.released is not None
    key = uuid.uuid5(uuid.UUID(grade.submission_id), f"read {grade.released.isoformat()}")
    with database.session() as session:
        events.append(session, [_event(task, person, "feedback-read", str(key),
                                       {"submission": grade.submission_id})])
