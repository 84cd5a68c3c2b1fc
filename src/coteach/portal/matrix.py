"""Who has done what: teachers by steps."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy.orm import Session

from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.lessonpack import get_course
from coteach.store import people, progress
from coteach.store.schema import Cohort, School
from coteach.ui import times


class Column(BaseModel):
    """A step of a module."""

    module: str
    step: str
    kind: str
    title: str


class Cell(BaseModel):
    """How far one teacher is with one step."""

    state: str
    at: datetime | None
    late: bool


class Row(BaseModel):
    """A teacher."""

    person: str
    name: str
    school: str
    done: int
    last_seen: datetime | None
    cells: list[Cell]


class ModuleHead(BaseModel):
    """A module and how many steps it has."""

    id: str
    number: int
    title: str
    steps: int


class Progress(BaseModel):
    """A cohort's progress."""

    cohort: str
    name: str
    modules: list[ModuleHead]
    columns: list[Column]
    rows: list[Row]


def progress_of(session: Session, cohort: Cohort, time_zone: str) -> Progress:
    """Return the progress of everybody who learns in a cohort."""
    course = get_course(cohort.course)
    members = people.members(session, cohort.id)
    known = progress.facts(session, cohort, [p.id for p in members])
    rows = []
    for person in members:
        facts = known[person.id]
        cells = []
        for module in course.modules:
            cells += [Cell(state=s.state, at=s.at, late=s.late)
                      for s in progress.steps(module, facts)]
        school = session.get(School, person.school_id) if person.school_id else None
        rows.append(Row(
            person=person.id, name=person.display_name, school=school.name if school else "",
            done=sum(c.state == progress.DONE for c in cells),
            last_seen=max((t for t in (person.last_seen, facts.last_seen) if t), default=None),
            cells=cells))
    language = get_language()
    return Progress(
        cohort=cohort.id, name=cohort.name, rows=rows,
        modules=[ModuleHead(id=m.id, number=i, title=m.title_in(language), steps=len(m.steps))
                 for i, m in enumerate(course.modules, 1)],
        columns=[Column(module=m.id, step=s.id, kind=s.kind, title=s.title_in(language))
                 for m in course.modules for s in m.steps])


def state_word(state: str) -> str:
    """Return a state as a trainer reads it."""
    return {
        progress.DONE: _("Done"), progress.OPEN: _("Not yet"),
        progress.UNDER_WAY: _("Begun"), progress.WAITING: _("Your turn"),
        progress.NEW: _("Given back, not read yet")}[state]


def _safe(text: str) -> str:
    # A cell that begins like a formula would run in a spreadsheet.
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_csv(found: Progress, time_zone: str) -> str:
    """Return the progress as CSV with a byte order mark, which spreadsheets need for Chinese."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_("Teacher"), _("School"),
                     _("Last seen ({zone} time)").format(zone=times.zone_name(time_zone)),
                     *(_safe(c.title) for c in found.columns)])
    for row in found.rows:
        writer.writerow([
            _safe(row.name), _safe(row.school),
            times.table(row.last_seen, time_zone),
            *(times.table(c.at, time_zone) if c.state == progress.DONE and c.at
              else state_word(c.state) for c in row.cells)])
    return "\ufeff" + out.getvalue()
