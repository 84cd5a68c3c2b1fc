"""Marking many notebooks at once; one that goes wrong never stops the others.

A notebook has `NOTEBOOK_SECONDS` in all. Whatever happens, each job gets exactly one result.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from coteach.errors import UserError
from coteach.grading.blank import Blanks
from coteach.grading.course import CourseFolder
from coteach.grading.reason import Reason
from coteach.grading.result import Result, without_score
from coteach.grading.workers import Worker, WorkerFailed
from coteach.i18n import gettext as _

log = structlog.get_logger()

NOTEBOOK_SECONDS = 240.0
RELEASE_SECONDS = 180.0
STAMP = ".coteach-release"


@dataclass(frozen=True)
class Job:
    """One notebook to mark.

    Parameters
    ----------
    file
        The file that was handed in; None when there is none.
    timestamp
        When, as nbgrader writes it in timestamp.txt; empty when nobody knows.
    extras
        The folder with other files that were handed in.
    keep
        Cells whose manual points were given for this very file, so they stand.
    blanks
        What untouched written answers look like; as they were released when empty.
    """

    student: str
    notebook: str
    file: Path | None
    timestamp: str = ""
    extras: Path | None = None
    keep: list[str] = field(default_factory=list)
    blanks: Blanks = field(default_factory=dict)
    wrong: Reason | None = None
    """What is known to be wrong already."""


def release(course: CourseFolder, assignment: str, *, force: bool = False) -> dict[str, float]:
    """Make the release of an assignment, unless its source has not changed since.

    Returns
    -------
    dict
        The points that each notebook is worth.

    Raises
    ------
    UserError
        nbgrader can't make it; the sentence has its own words.
    """
    course.notebooks(assignment)
    with Worker() as worker:
        return _release(worker, course, assignment, force)


def _release(worker: Worker, course: CourseFolder, assignment: str, force: bool
             ) -> dict[str, float]:
    from coteach.grading import gradebook

    stamp = course.root / "release" / f"{STAMP}-{assignment}"
    digest = course.source_digest(assignment)
    fresh = stamp.is_file() and stamp.read_text() == digest and course.released(assignment).is_dir()
    if fresh and not force and (known := gradebook.expected(course, assignment)):
        return {name: e.max_score for name, e in known.items()}
    try:
        found = worker.ask({"do": "release", "root": str(course.root),
                            "course_id": course.course_id, "assignment": assignment},
                           RELEASE_SECONDS)
        complaint = found["complaint"]
    except WorkerFailed as error:
        complaint = error.reason.sentence()
    if complaint:
        raise UserError(
            _("The assignment {assignment} can't be released: {detail}.").format(
                assignment=assignment, detail=_named(complaint)),
            hint=_("Correct its source notebook."), code="bad-assignment")
    stamp.write_text(digest)
    tops: dict[str, float] = found["max_scores"]
    return tops


def _named(complaint: str) -> str:
    """Return the first error that nbgrader names; those after it only say that there was one."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    errors = [line.partition(": ")[2] for line in lines
              if line.partition(":")[0].endswith(("Error", "Exception")) and ": " in line]
    return (errors or lines[-1:])[0][:300].rstrip(".")


def grade(course: CourseFolder, assignment: str, jobs: Iterable[Job], *, workers: int = 1,
          trust_local: bool = False, on_result: Callable[[Job, Result], None] | None = None,
          seconds: float = NOTEBOOK_SECONDS) -> list[Result]:
    """Mark notebooks and return their results in the order of the jobs.

    Parameters
    ----------
    workers
        How many are marked at once.
    on_result
        Called with each result as it comes, one call at a time.
    seconds
        How long one notebook may take.
    """
    todo = list(jobs)
    local = threading.local()
    started: list[Worker] = []
    lock = threading.Lock()
    with Worker(trust_local=trust_local) as first:
        tops = _release(first, course, assignment, False)
        free = [first]

        def run(job: Job) -> Result:
            worker: Worker | None = getattr(local, "worker", None)
            if worker is None:
                with lock:
                    worker = free.pop() if free else Worker(trust_local=trust_local)
                    started.append(worker)
                local.worker = worker
            result = _mark(worker, course, assignment, job, tops.get(job.notebook, 0.0), seconds)
            if on_result is not None:
                with lock:
                    on_result(job, result)
            return result

        try:
            with ThreadPoolExecutor(max(1, workers)) as pool:
                return list(pool.map(run, todo))
        finally:
            for worker in started:
                worker.__exit__()


def _mark(worker: Worker, course: CourseFolder, assignment: str, job: Job, top: float,
          seconds: float) -> Result:
    wrong = job.wrong
    if wrong is None and job.file is None:
        wrong = Reason("missing-file", {"name": f"{job.notebook}.ipynb"})
    if wrong is not None:
        return without_score(job.student, assignment, job.notebook, status="rejected",
                             max_score=top, reason=wrong)
    try:
        return Result.from_dict(worker.ask({
            "do": "mark", "root": str(course.root), "course_id": course.course_id,
            "assignment": assignment, "student": job.student, "notebook": job.notebook,
            "file": str(job.file), "timestamp": job.timestamp, "keep": job.keep,
            "blanks": job.blanks,
            "extras": str(job.extras) if job.extras else None}, seconds))
    except WorkerFailed as error:
        from coteach.grading import gradebook

        gradebook.forget_tests(course, assignment, job.notebook, job.student)
        return without_score(job.student, assignment, job.notebook, status="failed",
                             max_score=top, reason=error.reason)


def feedback(course: CourseFolder, assignment: str, marked: Iterable[tuple[str, str]]
             ) -> dict[tuple[str, str], Path]:
    """Write nbgrader's feedback pages.

    Parameters
    ----------
    marked
        Student and notebook of each.

    Returns
    -------
    dict
        The page of each that could be made.
    """
    made = {}
    with Worker() as worker:
        for student, notebook in marked:
            try:
                complaint = worker.ask({
                    "do": "feedback", "root": str(course.root), "course_id": course.course_id,
                    "assignment": assignment, "student": student, "notebook": notebook},
                    RELEASE_SECONDS)["complaint"]
            except WorkerFailed as error:
                complaint = error.reason.sentence()
            if complaint:
                log.warning("no-feedback", student=student, complaint=complaint[-500:])
                continue
            made[student, notebook] = course.feedback(student, assignment) / f"{notebook}.html"
    return made
