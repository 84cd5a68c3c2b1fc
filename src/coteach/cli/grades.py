"""`coteach grades export`: the marks of a cohort as a file for other systems.

Rule: the same core as the portal's page makes the file; who runs this owns the data folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coteach import i18n
from coteach.cli import _language, _output
from coteach.cli._data import Data, deployment
from coteach.cli.report import cohort_id
from coteach.errors import UserError
from coteach.i18n import gettext as _

FORMATS = ("csv", "oneroster")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    grades = typer.Typer(name="grades", no_args_is_help=True,
                         help="Hand the marks of a cohort to other systems.")
    grades.command("export")(export)
    app.add_typer(grades)


def export(
    course: Annotated[str, typer.Argument(
        help="Id or name of the cohort; with an empty one the only one there is.")],
    out: Annotated[Path, typer.Option(help="The file that is written.")],
    format_: Annotated[str, typer.Option(
        "--format", help="csv, or oneroster: OneRoster 1.2 results as a zip.")] = "csv",
    columns: Annotated[str, typer.Option(
        help="The columns of a CSV: a name that a trainer kept them under, or everything, moodle, "
             "canvas, classroom.")] = "everything",
    language: Annotated[str, typer.Option(help="Language of titles and states, such as vi.")] = "",
    data: Data = None,
) -> None:
    """Write the marks of a cohort to a file."""
    if format_ not in FORMATS:
        raise UserError(_("Grades can't be written as {format!r}.").format(format=format_),
                        hint=_("Known formats: {names}.").format(names=", ".join(FORMATS)),
                        code="bad-format")
    tag = _language.chosen(language)
    settings = deployment(data)
    from coteach.portal import gradebook_out
    from coteach.store import cohorts
    from coteach.store.database import Database

    database = Database.of(settings)
    try:
        found = cohort_id(database, course)
        with i18n.language(tag), database.reading() as session:
            cohort = cohorts.get(session, found)
            raw = (gradebook_out.oneroster_file(session, settings, cohort)
                   if format_ == "oneroster" else gradebook_out.csv_file(
                       session, settings, cohort,
                       gradebook_out.chosen(session, cohort, columns)))
    finally:
        database.close()
    _output.write(out, raw)
    typer.echo(_("Written: {file}").format(file=out))
