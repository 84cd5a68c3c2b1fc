"""`coteach assignment`: what is wrong with an assignment, before teachers get it.

Rule: marking is loaded by the command only; every other one starts without it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from coteach import sandbox
from coteach import settings as settings_module
from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _
from coteach.i18n import ngettext

if TYPE_CHECKING:
    from coteach.grading import CourseFolder
    from coteach.grading.authoring import Finding


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="assignment", no_args_is_help=True,
                        help="Look at an assignment before it is released.")
    group.callback()(lambda: None)  # keeps the command's name even while there is only one
    group.command("check")(check)
    app.add_typer(group)


def check(
    where: Annotated[list[str], typer.Argument(
        metavar="[COURSE] ASSIGNMENT", help="The course folder, with source/ in it (where "
        "you are when it is left out), and the assignment's id, a folder in source/.")],
    run: Annotated[bool | None, typer.Option(
        "--run/--no-run", help="Also mark the empty release and your own solution, as hand-ins "
        "are marked. [default: when this machine has sandboxes]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    trust_local: Annotated[bool, typer.Option(
        help="Run notebooks without a sandbox where none is possible.")] = False,
) -> None:
    """Say what is wrong with an assignment before teachers get it."""
    from coteach.grading.authoring import Finding
    from coteach.grading.authoring import check as check_assignment
    course, assignment = _named(where)
    trust = trust_local or settings_module.load().trust_local
    probe = sandbox.probe()
    if run:
        sandbox.ensure(trust)
    can = probe.ok or trust
    found = check_assignment(course, assignment, run=can if run is None else run,
                             trust_local=trust)
    if run is None and not can:
        found.append(Finding("release", "warning", _("It was not run: there is no sandbox here."),
                             probe.reason))
    failed = any(f.state == "failed" for f in found)
    if as_json:
        print(json.dumps({"assignment": assignment, "ok": not failed,
                          "findings": [f.as_dict() for f in found]}, ensure_ascii=False, indent=1))
    else:
        _print(found)
    raise typer.Exit(1 if failed else 0)


def _named(where: list[str]) -> tuple[CourseFolder, str]:
    if len(where) > 2:
        raise UserError(_("These are {n} names; one or two are needed.").format(n=len(where)),
                        hint=_("Give the course folder and the assignment's id."), code="bad-names")
    root = Path(where[0] if len(where) == 2 else ".").absolute()
    # A shell's completion gives the assignment as a path.
    assignment = where[-1].rstrip("/")
    for before in (f"{root}/source/", f"{where[0]}/source/", "source/"):
        assignment = assignment.removeprefix(before)
    if not (root / "source").is_dir():
        raise NotFound(_("{folder} is no course folder: there is no source/ in it.").format(
            folder=root), hint=_("Give the course folder and the assignment's id."),
            code="no-course")
    from coteach.grading import CourseFolder
    return CourseFolder(root, root.name), assignment


def _print(found: list[Finding]) -> None:
    console = Console(highlight=False)
    words = {"ok": "[green]" + _("OK") + "[/green]",
             "warning": "[yellow]" + _("note") + "[/yellow]",
             "failed": "[red]" + _("wrong") + "[/red]"}
    for one in found:
        place = _("{notebook}, cell {cell} (“{line}”): ").format(
            notebook=f"{one.notebook}.ipynb", cell=one.cell, line=one.line) if one.cell else ""
        console.print(f"{words[one.state]}  " + escape(
            f"{place}{one.sentence} {one.way_out}".rstrip()), soft_wrap=True)
    wrong = sum(f.state == "failed" for f in found)
    notes = sum(f.state == "warning" for f in found)
    console.print(_("{wrong}, {notes}.").format(
        wrong=ngettext("{n} thing is wrong", "{n} things are wrong", wrong).format(n=wrong),
        notes=ngettext("{n} note", "{n} notes", notes).format(n=notes)))
