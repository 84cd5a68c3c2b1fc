"""`coteach report`: an outcome report as HTML, CSV or parquet.

Rule: tables and the store are loaded by the command only; every other one starts without them.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coteach import i18n
from coteach.cli import _language, _output
from coteach.cli._data import Data, deployment
from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _
from coteach.settings import Settings

if TYPE_CHECKING:
    from coteach.store.database import Database
    from coteach.store.schema import Cohort

KINDS = (".html", ".csv", ".parquet")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report_command)


def report_command(
    name: Annotated[str, typer.Argument(help="The report: cohort-outcomes.")],
    out: Annotated[Path | None, typer.Option(
        help="The file; its ending says what is written: .html, .csv or .parquet.")] = None,
    cohort: Annotated[str, typer.Option(
        help="Id or name of the cohort; not needed when there is only one.")] = "",
    language: Annotated[str, typer.Option(help="Language of the report, for example vi.")] = "",
    data: Data = None,
) -> None:
    """Write an outcome report to a file."""
    from coteach import reports
    from coteach.store.database import Database

    reports.report_notebook(name)
    file = out or Path(f"{name}.html")
    if file.suffix not in KINDS:
        raise UserError(_("A report can't be written as {ending!r}.").format(ending=file.suffix),
                        hint=_("Known endings: {names}.").format(names=", ".join(KINDS)),
                        code="bad-ending")
    tag = _language.chosen(language)
    settings = deployment(data)
    database = Database.of(settings)
    try:
        with i18n.language(tag):
            _write(file, database, settings, cohort_id(database, cohort), tag)
    finally:
        database.close()
    typer.echo(_("Written: {file}").format(file=file))


def _write(file: Path, database: Database, settings: Settings, cohort: str, tag: str) -> None:
    if file.suffix == ".html":
        # Only here: it loads the whole rendering machine, which the tables don't need.
        from coteach.portal.reports import report_html

        raw = asyncio.run(report_html(database, settings, cohort, tag)).encode()
    else:
        from coteach import reports

        with database.reading() as session:
            table = reports.summary(reports.tables(session, cohort, tag, settings))
        raw = reports.as_csv(table).encode() if file.suffix == ".csv" else table.to_parquet(
            None, index=False)
    _output.write(file, raw)


def cohort_id(database: Database, asked: str) -> str:
    """Return the id of the cohort that is meant by an id, a name, or nothing when there is one.

    Raises
    ------
    NotFound
        There is none, or it could be several.
    """
    from coteach.store import outcomes

    with database.reading() as session:
        known: list[Cohort] = outcomes.all_cohorts(session)
    found = [c for c in known if not asked or asked in (c.id, c.name)]
    if len(found) == 1:
        return found[0].id
    names = ", ".join(f"{c.name} ({c.id})" for c in known)
    if not known:
        raise NotFound(_("There is no cohort yet."), code="no-cohort")
    raise NotFound(
        _("There is no cohort {cohort!r}.").format(cohort=asked) if asked and not found
        else _("There are several cohorts."),
        hint=_("Choose one with --cohort: {names}.").format(names=names), code="which-cohort")
