"""`coteach grade`: autograde a folder of submissions in nbgrader's layout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from coteach import sandbox
from coteach import settings as settings_module
from coteach.errors import UserError
from coteach.grading import CourseFolder, Job, Result, grade, layout
from coteach.i18n import gettext as _
from coteach.i18n import ngettext


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
) -> None:
    """Autograde submissions in nbgrader's layout and fill the course's gradebook."""
    trust = trust_local or settings_module.load().trust_local
    sandbox.ensure(trust)
    folder = CourseFolder(course.absolute(), course.absolute().name)
    todo = layout.jobs(folder, assignment, submissions.absolute())
    found = run(folder, assignment, todo, results, jobs, trust)
    failed = sum(r.status in ("failed", "rejected") for r in found)
    Console(stderr=True).print(
        ngettext("{n} notebook marked, {failed} without a score.",
                 "{n} notebooks marked, {failed} without a score.", len(found)).format(
                     n=len(found), failed=failed))


def run(course: CourseFolder, assignment: str, todo: list[Job], results: Path, workers: int,
        trust_local: bool) -> list[Result]:
    """Mark, with a bar to look at; each line is in the file as soon as it is known."""
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                   TimeElapsedColumn(), console=Console(stderr=True))
    try:
        out = results.open("w", encoding="utf-8")
    except OSError as error:
        raise UserError(_("The file {file} can't be written: {error}.").format(
            file=results, error=error.strerror), code="bad-results") from None
    with out, bar:
        task = bar.add_task(_("Marking"), total=len(todo))

        def one_more(_job: Job, result: Result) -> None:
            out.write(result.line() + "\n")
            out.flush()
            bar.advance(task)

        return grade(course, assignment, todo, workers=workers, trust_local=trust_local,
                     on_result=one_more)
