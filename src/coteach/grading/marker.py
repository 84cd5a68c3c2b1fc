"""Marks one notebook as far as nothing has to be written: looks at it, runs it, judges it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
import structlog
from nbgrader.preprocessors import IgnorePattern, LimitOutput
from traitlets.config import Config

from coteach import sandbox
from coteach.grading import blank, files, nbconfig, outputs, restoring, running
from coteach.grading.blank import Blanks
from coteach.grading.course import CourseFolder
from coteach.grading.engine import Engine, Run, Work, changes
from coteach.grading.form import Form
from coteach.grading.inspect import MAX_MB, read
from coteach.grading.job import Job
from coteach.grading.points import Points, points_of
from coteach.grading.reason import Reason
from coteach.grading.result import Result, without_score

log = structlog.get_logger()

SEED, OTHER_SEED = 20260105, 7
"""Of random numbers: everybody has the first; a test that is run again has the second."""
EXTRA_MB, EXTRA_FILES = 20, 100
_LARGE = 1 << 18


@dataclass
class Outcome:
    """What is to be written about a job.

    Parameters
    ----------
    result
        As far as it is known before the gradebook has its say.
    notebook, points, form
        What ran and what it is worth; None when nothing ran.
    forget
        Whether earlier points of tests have to go.
    """

    result: Result
    notebook: nbformat.NotebookNode | None = None
    points: Points | None = None
    form: Form | None = None
    forget: bool = False


class Marker:
    """Marks notebooks of one assignment.

    Parameters
    ----------
    forms
        The released notebooks by name.
    data
        A folder of our own, to be filled with the instructor's files for notebooks that come
        without any. What runs never sees the folder where the sources lie.
    seconds
        What the engine gives one notebook, for the reason when that was not enough.
    check_stable
        Run each notebook twice and flag the tests that end in another way.
    """

    def __init__(self, course: CourseFolder, assignment: str, forms: dict[str, Form],
                 config: Config, data: Path, *, seconds: float, check_stable: bool = False
                 ) -> None:
        self.course, self.assignment, self.forms = course, assignment, forms
        self.config = config
        self.seconds = nbconfig.cell_seconds(config)
        self.limit = seconds
        self.check_stable = check_stable
        self._may_miss = restoring.adds_missing(config)
        self._steps = [step for step in (
            IgnorePattern(config=config, log=restoring.quiet),
            LimitOutput(config=config, log=restoring.quiet)) if step.enabled]
        own = course.data_files(assignment)
        self._sources = {name: nbformat.read(
            course.source(assignment) / f"{name}.ipynb", as_version=4) for name in forms}
        releases = {name: nbformat.read(
            course.released(assignment) / f"{name}.ipynb", as_version=4) for name in forms}
        self._blanks = {name: blank.blanks([made]) for name, made in releases.items()}
        self._known = {name: running.Known(
            running.given_sources(made), running.answered_names(self._sources[name]), own)
            for name, made in releases.items()}
        self.own = own
        self.data = data
        own_files(own, course.source(assignment), data)

    async def prepare(self, engine: Engine) -> None:
        """Find out, with the instructor's own solution, which tests need live objects."""
        for name, source in self._sources.items():
            known = self._known[name]
            work = running.work_of(source, known, files=self.data if self.own else None,
                                   seconds=self.seconds, seed=SEED, names=f"source/{name}")
            try:
                known = replace(known, own=known.own - await changes(engine, work))
                work = replace(work, own=known.own)
                beside = await running.needs_beside(engine, work, source)
            except Exception as error:  # each submission will say so for itself
                log.error("solution-not-run", notebook=name, exc_info=error)
                continue
            self._known[name] = replace(known, beside=beside)

    def refused(self, job: Job, status: str, reason: Reason) -> Result:
        """Return the result of a notebook that has no score."""
        form = self.forms.get(job.notebook)
        return without_score(job.student, self.assignment, job.notebook, status=status,
                             max_score=form.expected.max_score if form else 0.0, reason=reason)

    async def mark(self, job: Job, engine: Engine) -> Outcome:
        """Return what is to be written about a job."""
        form = self.forms.get(job.notebook)
        raw = job.wrong or self._read(job, form)
        content: dict[str, Any] | Reason
        if isinstance(raw, Reason):
            content = raw
        elif len(raw) > _LARGE:  # it may take seconds
            content = await asyncio.to_thread(self._looked_at, raw, form)
        else:
            content = self._looked_at(raw, form)
        if isinstance(content, Reason) or form is None:
            reason = content if isinstance(content, Reason) else Reason(
                "unknown-notebook", {"name": job.notebook})
            return Outcome(self.refused(job, "rejected", reason))
        blanks = job.blanks or self._blanks[job.notebook]
        try:
            made = restoring.restored(content, form, blanks, self.config)
        except RuntimeError as error:
            return Outcome(self.refused(job, "failed", Reason(
                "other", {"detail": str(error)[:200].rstrip(".")})), forget=True)
        with self._files(job) as folder:
            def work(seed: int) -> Work:
                return running.work_of(
                    made, self._known[job.notebook], files=folder, seconds=self.seconds,
                    seed=seed, names=f"{job.student}/{job.notebook}")

            run = await running.run_all(engine, work(SEED))
            again = (await running.run_all(engine, work(OTHER_SEED)) if self.check_stable
                     else None)
        return self._judged(job, form, made, run, again, blanks)

    def _read(self, job: Job, form: Form | None) -> bytes | Reason:
        if form is None:
            return Reason("unknown-notebook", {"name": job.notebook})
        if job.file is None:
            return Reason("missing-file", {"name": f"{job.notebook}.ipynb"})
        raw = files.read_plain(job.file, MAX_MB << 20)
        return Reason("not-a-file", {"name": f"{job.notebook}.ipynb"}) if raw is None else raw

    def _looked_at(self, raw: bytes, form: Form | None) -> dict[str, Any] | Reason:
        return read(raw, form.expected if form else None, may_miss=self._may_miss)

    @contextmanager
    def _files(self, job: Job) -> Iterator[Path | None]:
        """Give the folder with the data files of a submission, the instructor's over hers."""
        if job.extras is None:
            yield self.data if self.own else None
            return
        root = Path(tempfile.mkdtemp(prefix="coteach-grade-"))
        try:
            sandbox.claim(root)
            gather(job, self.own, self.course.source(self.assignment), root)
            yield root if any(root.iterdir()) else None
        finally:
            shutil.rmtree(root, ignore_errors=True)

    def _judged(self, job: Job, form: Form, made: nbformat.NotebookNode, run: Run,
                again: Run | None, blanks: Blanks) -> Outcome:
        failed = run.status == "failed"
        states = running.put_back(made, run)
        resources: dict[str, Any] = {}
        for step in self._steps:
            made, resources = step.preprocess(made, resources)
        why = {place: reason for place in states
               if (reason := running.why(run, str(place), self.seconds)) is not None}
        broken = running.engine_reason(run.reason, self.limit) if failed else None
        if broken is not None:  # nothing that a test showed counts
            states = dict.fromkeys(states, "not-run")
            why = dict.fromkeys(states, broken)
        points = points_of(made, states, why)
        result = Result(job.student, self.assignment, job.notebook, "graded", 0.0,
                        form.expected.max_score, seconds=run.seconds, cpu_seconds=run.cpu_seconds)
        if failed or not points.judged:
            result.status, result.score = "failed", None
        result.reason = broken or next(iter(points.unsure.values()), None)
        self._about_tests(result, made, points, run, again, blanks)
        return Outcome(result, made, points, form)

    def _about_tests(self, result: Result, made: nbformat.NotebookNode, points: Points, run: Run,
                     again: Run | None, blanks: Blanks) -> None:
        """Note what is known of each test already; the gradebook adds points and comments."""
        said, empty = outputs.messages(made), outputs.unanswered(made, blanks)
        places = {outputs.grade_id(cell): str(place) for place, cell in enumerate(made.cells)}
        for name in points.auto:
            found = run.cells.get(places[name])
            mark = result.note(name)
            mark.message, mark.unanswered = said.get(name, ""), name in empty
            mark.beside = found is not None and found.beside
            if name in points.unsure:
                mark.why, mark.message = points.unsure[name].dump(), ""
            if again is not None and found is not None:
                mark.unstable = running.differs(found, again.cells.get(places[name]))


def own_files(own: frozenset[str], source: Path, target: Path) -> None:
    """Copy the instructor's files, over what is there."""
    for name in own:
        place = target / name
        if place.is_dir():
            shutil.rmtree(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes((source / name).read_bytes())


def gather(job: Job, own: frozenset[str], source: Path, target: Path) -> None:
    """Copy the files beside a submitted notebook, with the instructor's own over them."""
    if job.extras is not None:
        files.copy_plain(job.extras, target, limit=EXTRA_MB << 20, count=EXTRA_FILES,
                         leave_out=(".ipynb", "timestamp.txt"))
    own_files(own, source, target)
