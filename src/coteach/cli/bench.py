"""`coteach bench`: coteach and the stock part on the same work, measured in one run."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from coteach import sandbox
from coteach.errors import UserError
from coteach.i18n import gettext as _

Json = Annotated[bool, typer.Option("--json", help="For programs: the result on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="bench", no_args_is_help=True,
                        help="Measure coteach against the stock parts on this machine.")
    group.command("classpage")(classpage)
    group.command("spawn")(spawn)
    group.command("grade")(grade)
    group.command("live")(live)
    app.add_typer(group)


def classpage(
    visitors: Annotated[int, typer.Option(min=1, max=200, help="How many come at once.")] = 30,
    notebook: Annotated[Path | None, typer.Option(
        help="A notebook with a slider. [default: a small lesson that comes with coteach]")] = None,
    browser: Annotated[bool, typer.Option(
        help="Count bytes in Chromium, when there is one.")] = True,
    at: Annotated[str, typer.Option(
        help="Also open it in Chromium on a slow line with a processor six times slower: "
             "[bold]256kbit[/bold] (400 ms there and back), or for example "
             "[bold]128kbit,600ms,2%[/bold].")] = "",
    openings: Annotated[int, typer.Option(
        min=0, max=10_000, help="Instead: open the page so many times, one after the other.")] = 0,
    seconds: Annotated[float, typer.Option(
        min=1, max=3600, help="Over how many seconds the openings are spread.")] = 60.0,
    as_json: Json = False,
) -> None:
    """A class opens a page at the bell: stock Voila and coteach on the same notebook."""
    from coteach.bench import classpage as bench
    from coteach.bench import openings as minute

    sandbox.ensure(False)
    lesson = notebook or bench.LESSON
    if openings:
        found = _run(lambda say: minute.run(openings, seconds, lesson, say))
    else:
        work = bench.Work(visitors=visitors, notebook=lesson, browser=browser,
                          slow=quality(at) if at else None)
        found = _run(lambda say: bench.run(work, say))
    _show(found, bench.rows(), as_json)


def spawn(
    users: Annotated[int, typer.Option(min=1, max=40, help="How many Labs at once.")] = 10,
    as_json: Json = False,
) -> None:
    """Start JupyterLab servers: the stock spawner and coteach's fork server."""
    try:
        from coteach.bench import spawn as bench  # type: ignore[attr-defined,unused-ignore]
    except ImportError:
        raise UserError(_("This coteach has no measurement of Labs."), status=500,
                        code="no-bench") from None
    found = _run(lambda say: bench.run(users=users, say=say))
    _show(found, bench.rows(), as_json)


def live(
    viewers: Annotated[int, typer.Option(min=1, max=200, help="How many watch one person.")] = 30,
    seconds: Annotated[float, typer.Option(
        min=1, max=300, help="How long each measurement takes.")] = 10.0,
    rounds: Annotated[int, typer.Option(
        min=1, max=10, help="How often the relays take turns.")] = 2,
    as_json: Json = False,
) -> None:
    """People watch one teacher: aiortc's stock relay, Janus when it is installed, and coteach."""
    from coteach.bench.live import run as bench

    work = bench.Work(viewers=viewers, seconds=seconds, rounds=rounds)
    _show(_run(lambda say: bench.run(work, say)), bench.rows(), as_json)


def grade(
    submissions: Annotated[int, typer.Option(min=1, max=2000, help="How many handed in.")] = 40,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="How many coteach marks at once.")] = 1,
    as_json: Json = False,
) -> None:
    """Mark a cohort: `nbgrader autograde` and coteach on the same submissions."""
    from coteach.bench import grade as bench

    found = _run(lambda say: bench.run(submissions, jobs, say))
    _show(found, bench.rows(jobs), as_json)


def quality(text: str) -> Any:
    """Return the line that a text such as ``256kbit,400ms,2%`` describes.

    Raises
    ------
    UserError
        It can't be read.
    """
    from coteach.bench.line import SLOW, Quality

    kbit, delay, loss = 0.0, SLOW.delay, 0.0
    for part in text.replace(" ", "").split(","):
        number = re.fullmatch(r"(\d+(?:\.\d+)?)(kbit|ms|%)", part)
        if number is None:
            raise UserError(_("{part!r} describes no line.").format(part=part),
                            hint=_("Write for example 256kbit,400ms,2%."), code="bad-line")
        value = float(number[1])
        if number[2] == "kbit":
            kbit = value
        elif number[2] == "ms":
            delay = value / 1000
        else:
            loss = min(value, 90.0) / 100
    return Quality(kbit, delay, loss)


def _run(job: Callable[[Callable[[str], None]], Coroutine[Any, Any, dict[str, Any]]]
         ) -> dict[str, Any]:
    console = Console(stderr=True, highlight=False)
    return asyncio.run(job(lambda line: console.print(escape(line), soft_wrap=True)))


def _show(found: dict[str, Any], rows: Any, as_json: bool) -> None:
    from coteach.bench import report

    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        Console().print(report.table(found, rows))
