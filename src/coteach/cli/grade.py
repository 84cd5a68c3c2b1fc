"""`coteach grade`: autograde a folder of submissions in nbgrader's layout."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from coteach import sandbox
from coteach import settings as settings_module
from coteach.grading.course import CourseFolder
from coteach.grading.engines import Starting, starting
from coteach.grading.jobs import Job, grade
from coteach.grading.result import Result
from coteach.i18n import gettext as _
from coteach.i18n import ngettext

if TYPE_CHECKING:
    from coteach.grading.journal import Journal


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("grade")(grade_command)


def grade_command(
    course: Annotated[Path, typer.Option(help="The course folder, with source/ in it.")],
    assignment: Annotated[str, typer.Option(help="The assignment's id, a folder in source/.")],
    submissions: Annotated[Path, typer.Option(
        help="The folder with <student>/<assignment>/*.ipynb.")],
    results: Annotated[Path, typer.Option(help="The file for one JSON line a notebook.")],
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many at once.")] = 1,
    trust_local: Annotated[bool, typer.Option(
        help="Run notebooks without a sandbox where none is possible.")] = False,
    check_stable: Annotated[bool, typer.Option(
        help="Run each notebook twice and mark the tests that end in another way.")] = False,
    fresh: Annotated[bool, typer.Option(
        help="Do everything again, also what a run that was stopped has done.")] = False,
) -> None:
    """Autograde submissions in nbgrader's layout and fill the course's gradebook.

    Ctrl-C stops it; the same command goes on where it was.
    """
    trust = trust_local or settings_module.load().trust_local
    sandbox.ensure(trust)
    folder = CourseFolder(course.absolute(), course.absolute().name)
    with starting(folder, assignment, trust_local=trust) as engine:
        _grade(folder, assignment, submissions.absolute(), results, engine, jobs, check_stable,
               fresh)


def _grade(course: CourseFolder, assignment: str, submissions: Path, results: Path,
           engine: Starting, workers: int, check_stable: bool, fresh: bool) -> None:
    # nbgrader is loaded while the engine starts.
    from coteach.grading import layout
    from coteach.grading.journal import Journal

    todo = layout.jobs(course, assignment, submissions)
    journal = Journal(results, course, assignment, fresh=fresh)
    console = Console(stderr=True)
    rest = journal.rest(todo)
    if len(rest) < len(todo):
        console.print(ngettext(
            "{n} notebook was marked before.", "{n} notebooks were marked before.",
            len(todo) - len(rest)).format(n=len(todo) - len(rest)))
    try:
        left = run(course, assignment, todo, rest, journal, workers, engine, check_stable)
    finally:
        journal.close()
    if left:
        console.print(ngettext(
            "Stopped; {n} notebook is left. Give the same command to go on.",
            "Stopped; {n} notebooks are left. Give the same command to go on.", left).format(
                n=left))
        raise typer.Exit(1)
    _say(console, journal.finish(todo))


def _say(console: Console, found: list[dict[str, Any]]) -> None:
    failed = sum(line["status"] in ("failed", "rejected") for line in found)
    console.print(
        ngettext("{n} notebook marked, {failed} without a score.",
                 "{n} notebooks marked, {failed} without a score.", len(found)).format(
                     n=len(found), failed=failed))
    shaky = sum(any(t.get("unstable") for t in line["tests"]) for line in found)
    if shaky:
        console.print(ngettext(
            "{n} notebook has a test that ends differently each time.",
            "{n} notebooks have a test that ends differently each time.", shaky).format(n=shaky))


def run(course: CourseFolder, assignment: str, todo: list[Job], rest: list[Job],
        journal: Journal, workers: int, engine: Starting, check_stable: bool) -> int:
    """Mark what is left, with a bar to look at; return how many are left when it was stopped."""
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                   TimeElapsedColumn(), TextColumn("·"), TimeRemainingColumn(),
                   console=Console(stderr=True))
    with _stoppable() as stop, bar:
        task = bar.add_task(_("Marking"), total=len(todo), completed=len(todo) - len(rest))

        def one_more(job: Job, result: Result) -> None:
            journal.add(job, result)
            bar.advance(task)

        if rest:
            grade(course, assignment, rest, workers=workers, engine=engine,
                  on_result=one_more, stop=stop, check_stable=check_stable)
        return len(journal.rest(todo)) if stop.is_set() else 0


@contextmanager
def _stoppable() -> Iterator[Event]:
    """Have the first Ctrl-C, or SIGTERM, end the run in order; a second one ends it at once."""
    stop = Event()

    def ask(number: int, _frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
