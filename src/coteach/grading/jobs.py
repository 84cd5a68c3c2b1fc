"""What can be done with an assignment: release it, mark what was handed in, write feedback.

Releasing and feedback are nbgrader's converters, each in a worker process, because they change the
working folder. Marking is a `Batch` in this process.
"""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

import structlog

from coteach.errors import Conflict, UserError
from coteach.grading.course import CourseFolder
from coteach.grading.engines import NOTEBOOK_SECONDS, Starting, starting
from coteach.grading.job import Job, OnResult
from coteach.grading.result import Result
from coteach.grading.workers import Worker, WorkerFailed
from coteach.i18n import gettext as _

__all__ = ["Job", "feedback", "grade", "release"]

log = structlog.get_logger()

RELEASE_SECONDS = 180.0
STAMP = ".coteach-release"
LOCK = ".coteach-marking"


def release(course: CourseFolder, assignment: str) -> None:
    """Make the release of an assignment, unless its source has not changed since.

    Raises
    ------
    UserError
        nbgrader can't make it; the sentence has its own words.
    """
    from coteach.grading import gradebook

    course.notebooks(assignment)
    stamp = course.root / "release" / f"{STAMP}-{assignment}"
    digest = course.source_digest(assignment)
    fresh = stamp.is_file() and stamp.read_text() == digest and course.released(assignment).is_dir()
    if fresh and gradebook.forms(course, assignment):
        return
    try:
        with Worker() as worker:
            complaint = worker.ask({"do": "release", "root": str(course.root),
                                    "course_id": course.course_id, "assignment": assignment},
                                   RELEASE_SECONDS)["complaint"]
    except WorkerFailed as error:
        complaint = error.reason.sentence()
    if complaint:
        raise UserError(
            _("The assignment {assignment} can't be released: {detail}.").format(
                assignment=assignment, detail=_named(complaint)),
            hint=_("Correct its source notebook."), code="bad-assignment")
    stamp.write_text(digest)


def _named(complaint: str) -> str:
    """Return the first error that nbgrader names; those after it only say that there was one."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    errors = [line.partition(": ")[2] for line in lines
              if line.partition(":")[0].endswith(("Error", "Exception")) and ": " in line]
    return (errors or lines[-1:])[0][:300].rstrip(".")


def grade(course: CourseFolder, assignment: str, jobs: Iterable[Job], *, workers: int = 1,
          trust_local: bool = False, on_result: OnResult | None = None,
          seconds: float = NOTEBOOK_SECONDS, stop: Event | None = None,
          check_stable: bool = False, engine: Starting | None = None) -> list[Result]:
    """Mark notebooks and return their results in the order of the jobs.

    Parameters
    ----------
    workers
        How many are marked at once.
    on_result
        Called with each result as soon as it is written, one call at a time.
    seconds
        How long one notebook may take.
    stop
        Ends the run early, set by another thread or a signal handler: what is done is returned,
        what was running is given up.
    check_stable
        Run each notebook twice and flag the tests that end in another way.
    engine
        One that was begun already; `trust_local` and `seconds` are its own then.

    Raises
    ------
    UserError
        The assignment can't be released, the course is being marked by somebody else, or this
        machine can't keep people's code apart.
    """
    todo = list(jobs)
    with ExitStack() as stack:
        if engine is None:
            engine = stack.enter_context(starting(
                course, assignment, seconds=seconds, trust_local=trust_local))
        release(course, assignment)
        stack.enter_context(_alone(course))
        return asyncio.run(_grade(course, assignment, todo, engine, workers, on_result,
                                  stop or Event(), check_stable))


async def _grade(course: CourseFolder, assignment: str, todo: list[Job], starting: Starting,
                 workers: int, on_result: OnResult | None, stop: Event, check_stable: bool
                 ) -> list[Result]:
    from coteach.grading import gradebook, nbconfig
    from coteach.grading.batch import Batch
    from coteach.grading.marker import Marker
    from coteach.grading.writer import Writer

    config = nbconfig.of(course)
    marker = Marker(course, assignment, gradebook.forms(course, assignment), config,
                    starting.data, seconds=starting.seconds, check_stable=check_stable)
    engine = await starting.start()
    try:
        await marker.prepare(engine)
        batch = Batch(marker, Writer(course, assignment, config, marker.own), engine,
                      on_result or (lambda _job, _result: None), stop)
        return [result for result in await batch.run(todo, workers) if result is not None]
    finally:
        await engine.close()  # in the loop in which it ran


@contextmanager
def _alone(course: CourseFolder) -> Iterator[None]:
    """Hold the course for one batch: its gradebook has one writer."""
    with (course.root / LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(_("This course is being marked already."),
                           hint=_("Wait until it is done, or stop it."), code="running") from None
        yield


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
