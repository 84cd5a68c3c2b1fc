"""`/cohorts/ID/report`: the outcome report of a cohort, as a page and as a table.

Rule: a report is made once for the same numbers. While it is made the trainer sees that, and may
leave; a finished one is kept until the numbers change.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import nbformat
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from coteach import reports, ui
from coteach.access import Action, require
from coteach.errors import UserError
from coteach.i18n import LANGUAGES, get_language
from coteach.i18n import gettext as _
from coteach.lessonpack import read_notebook, translated_notebook
from coteach.pages.report import render_report
from coteach.portal import links
from coteach.portal.dependencies import CurrentPerson, TheDatabase, TheSettings
from coteach.portal.templating import environment, render
from coteach.settings import Settings
from coteach.store import cohorts
from coteach.store.database import Database
from coteach.store.schema import Person

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()

NAME = "cohort-outcomes"
KEPT = 20
"""Finished reports that are kept on disk."""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""A report has its styles inside, and no script ever."""


class Making:
    """The reports that are being made or could not be made, by key."""

    def __init__(self) -> None:
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.failed: dict[str, UserError] = {}
        # One at a time: a report takes a whole processor, and lessons run beside it.
        self.turn = asyncio.Semaphore(1)


def _making(request: Request) -> Making:
    state = request.app.state
    if not hasattr(state, "making_reports"):
        state.making_reports = Making()
    found: Making = state.making_reports
    return found


async def report_html(database: Database, settings: Settings, cohort_id: str, language: str, *,
                      inputs: Path | None = None, linked: bool = False) -> str:
    """Return the outcome report of a cohort as one HTML file.

    Parameters
    ----------
    inputs
        A folder that `reports.export_inputs` has filled; made and removed here when not given.
    linked
        Put links to the portal's pages on top.
    """
    with tempfile.TemporaryDirectory(prefix="coteach-report-") as scratch:
        if inputs is None:
            inputs = Path(scratch)
            await asyncio.to_thread(reports.export_inputs, database, cohort_id, inputs,
                                    language=language, settings=settings)
        notebook = translated_notebook(read_notebook(reports.report_notebook(NAME)),
                                       reports.report_translation(NAME, language))
        if linked:
            notebook.cells.insert(0, _links(cohort_id, language))
        styles = "".join((ui.STATIC / name).read_text(encoding="utf-8")
                         for name in ("tokens.css", "base.css"))
        html = await render_report(notebook, inputs=inputs, language=language,
                                   title=_("Outcome report"), styles=styles, settings=settings)
        return _framed(html, cohort_id) if linked else html


def _framed(html: str, cohort_id: str) -> str:
    """Put our header with the way back above a report; the file holds everything it shows."""
    header = environment().get_template("report_header.html").render(
        back=links.cohort(cohort_id))
    return html.replace("<main ", f"{header}<main ", 1)


def _links(cohort_id: str, language: str) -> nbformat.NotebookNode:
    here = links.report(cohort_id)
    others = " · ".join(f"[{name}]({here}?lang={tag})" for tag, name in LANGUAGES.items()
                        if tag != language)
    return nbformat.v4.new_markdown_cell(
        f"[{_('All numbers as a table (CSV)')}]({here}.csv) · {others}", id="portal-links")


@router.get("/cohorts/{cohort_id}/report")
async def report(request: Request, person: CurrentPerson, database: TheDatabase,
                 settings: TheSettings, cohort_id: str, again: str = "") -> Response:
    """Show the report, or that it is being made."""
    await asyncio.to_thread(_check, database, person, cohort_id)
    language, folder = get_language(), _folder(settings)
    inputs = Path(tempfile.mkdtemp(prefix=".inputs-", dir=folder))
    handed_over = False
    try:
        digest = await asyncio.to_thread(reports.export_inputs, database, cohort_id, inputs,
                                         language=language, settings=settings,
                                         time_zone=person.time_zone)
        key = f"{cohort_id}-{language}-{digest[:32]}"
        file = folder / f"{key}.html"
        if file.is_file():
            return HTMLResponse(file.read_text(encoding="utf-8"),
                                headers={"Content-Security-Policy": POLICY})
        making = _making(request)
        if again:
            making.failed.pop(key, None)
        if key in making.failed:
            return render(request, "report.html", status=making.failed[key].status,
                          error=making.failed[key], cohort_id=cohort_id, links=links)
        if key not in making.tasks:
            making.tasks[key] = asyncio.create_task(
                _make(making, key, file, inputs, database, settings, cohort_id, language))
            handed_over = True
        return render(request, "report.html", status=202, error=None, cohort_id=cohort_id,
                      links=links)
    finally:
        if not handed_over:
            shutil.rmtree(inputs, ignore_errors=True)


def _check(database: Database, person: Person, cohort_id: str) -> None:
    with database.reading() as session:
        require(session, person, Action.RUN_COHORT, cohorts.get(session, cohort_id))


def _folder(settings: Settings) -> Path:
    folder = settings.layout.run / "reports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


async def _make(making: Making, key: str, file: Path, inputs: Path, database: Database,
                settings: Settings, cohort_id: str, language: str) -> None:
    try:
        async with making.turn:
            text = await report_html(database, settings, cohort_id, language, inputs=inputs,
                                     linked=True)
        scratch = file.with_suffix(".new")
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(file)
        _forget_old(file.parent)
    except UserError as error:
        making.failed[key] = error
    except Exception as error:
        log.error("report failed", cohort=cohort_id, exc_info=error)
        making.failed[key] = UserError(_("This report could not be made."), status=500,
                                       code="report-failed")
    finally:
        making.tasks.pop(key, None)
        shutil.rmtree(inputs, ignore_errors=True)


def _forget_old(folder: Path) -> None:
    kept = sorted(folder.glob("*.html"), key=lambda f: f.stat().st_mtime, reverse=True)
    for file in kept[KEPT:]:
        file.unlink(missing_ok=True)


@router.get("/cohorts/{cohort_id}/report.csv")
def report_csv(person: CurrentPerson, database: TheDatabase, settings: TheSettings,
               cohort_id: str) -> Response:
    """Return all counts of the report as one table."""
    _check(database, person, cohort_id)
    with database.reading() as session:
        found = reports.tables(session, cohort_id, get_language(), settings)
    return Response(reports.as_csv(reports.summary(found)), media_type="text/csv; charset=utf-8",
                    headers={"Content-Disposition": 'attachment; filename="outcomes.csv"'})
