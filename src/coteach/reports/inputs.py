"""The folder that a report notebook reads: `facts.json` and `tables.json`.

Beside them lie the same tables as parquet and CSV, for people who want to reckon on. The notebook
reads JSON, because pyarrow starts threads and a sandboxed kernel may have few.

Rule: the folder holds everything the notebook needs and nothing about a person, because the
notebook runs in a sandbox without the database.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from coteach import paths
from coteach.errors import NotFound
from coteach.i18n import gettext as _
from coteach.i18n import ngettext
from coteach.lessonpack import Lesson, find_lessons, get_course
from coteach.reports import frames
from coteach.reports.csvfile import as_csv
from coteach.reports.frames import day_in
from coteach.reports.small import SMALL, interval, share
from coteach.settings import Settings
from coteach.store import cohorts, outcomes
from coteach.store.database import Database

REPORTS = ("cohort-outcomes",)


def report_notebook(name: str) -> Path:
    """Return a report's notebook.

    Raises
    ------
    NotFound
        There is no such report.
    """
    if name not in REPORTS:
        raise NotFound(_("There is no report {name!r}.").format(name=name[:80]),
                       hint=_("Known reports: {names}.").format(names=", ".join(REPORTS)),
                       code="no-report")
    return paths.shared("courses") / "reports" / f"{name}.ipynb"


def report_translation(name: str, language: str) -> Path:
    """Return where the translation of a report lies."""
    return report_notebook(name).parent / "i18n" / name / f"{language}.po"


def tables(session: Session, cohort_id: str, language: str = "en",
           settings: Settings | None = None, time_zone: str = "UTC") -> dict[str, pd.DataFrame]:
    """Return all frames of a cohort by name.

    Parameters
    ----------
    language
        In which titles and questions stand.
    settings
        Whose lesson packs count; only the shipped ones when not given.
    time_zone
        Of the reader, in which days begin and end.
    """
    cohort = cohorts.get(session, cohort_id)
    course = get_course(cohort.course)
    known = {lesson.id: lesson for lesson in find_lessons(settings)}

    def find(lesson_id: str) -> Lesson:
        if lesson_id not in known:
            raise NotFound(_("There is no lesson {lesson!r}.").format(lesson=lesson_id))
        return known[lesson_id]

    return {
        "participation": frames.participation(session, cohort, course, language),
        "practice": frames.practice(session, cohort, course, language),
        "rubric": frames.rubric(session, cohort, course, language),
        "marks": frames.marks(session, cohort, course, language),
        "classes": frames.classes(session, cohort, find, language, time_zone),
        "answers": frames.answers(session, cohort, find, language),
    }


def facts(session: Session, cohort_id: str, language: str, time_zone: str = "UTC"
          ) -> dict[str, Any]:
    """Return what a report says about the cohort as a whole; days are those of `time_zone`."""
    cohort = cohorts.get(session, cohort_id)
    return {
        "cohort": cohort.name, "course": get_course(cohort.course).title_in(language),
        "starts": day_in(cohort.starts, language, time_zone),
        "ends": day_in(cohort.ends, language, time_zone),
        "teachers": len(outcomes.teachers(session, cohort.id)), "demo": cohort.demo,
        "language": language, "small": SMALL,
    }


def export_inputs(database: Database, cohort_id: str, folder: Path, *, language: str = "en",
                  settings: Settings | None = None, time_zone: str = "UTC") -> str:
    """Write a report's inputs into a folder.

    Parameters
    ----------
    database, cohort_id
        Whose outcome.
    folder
        It is made when it is not there; files of the same names are replaced.
    language, settings, time_zone
        As `tables`.

    Returns
    -------
    str
        A digest of the contents: two exports with the same digest make the same report.
    """
    with database.reading() as session:
        found = tables(session, cohort_id, language, settings, time_zone)
        known = facts(session, cohort_id, language, time_zone)
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for name, frame in found.items():
        text = as_csv(frame)
        frame.to_parquet(folder / f"{name}.parquet", index=False)
        (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
        digest.update(f"{name}\0{text}\0".encode())
    (folder / "tables.json").write_text(json.dumps({
        name: json.loads(frame.to_json(orient="split", index=False, date_format="iso"))
        for name, frame in found.items()}, ensure_ascii=False), encoding="utf-8")
    text = json.dumps(known, ensure_ascii=False, sort_keys=True)
    (folder / "facts.json").write_text(text, encoding="utf-8")
    digest.update(text.encode())
    return digest.hexdigest()


def summary(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return all counts in one long table, for a spreadsheet.

    Shares and intervals stand only where the group is large enough (`reports.small`).
    """
    rows: list[tuple[str, str, str, int, int]] = []
    for r in found["participation"].itertuples():
        rows.append((_("Steps"), r.module_title, r.title, r.count, r.of))
    for r in found["practice"].itertuples():
        often = (_("{n} recordings or more").format(n=r.recordings) if r.recordings == frames.MOST
                 else ngettext("{n} recording", "{n} recordings", r.recordings).format(
                     n=r.recordings))
        rows.append((_("Practice"), r.module_title, often, r.count, r.of))
    for r in found["rubric"].itertuples():
        rows.append((_("Rubric"), r.title, f"{r.level}: {r.level_text}", r.count, r.of))
    said = {frames.FULL: _("full points"), frames.PART: _("some points"),
            frames.NONE: _("no points"), frames.NOT_YET: _("not marked yet")}
    for r in found["marks"].itertuples():
        about = f"{r.assignment_title}: {r.title}"
        rows.append((_("Marks"), about, said[r.outcome], r.count, r.of))
    felt = {"0": _("can explain it"), "1": _("understood some of it"), "2": _("needs it once more")}
    for r in found["answers"].itertuples():
        text = r.text or (felt.get(r.value, r.value) if r.kind == "exit" else _("wrote something"))
        rows.append((_("Answers"), f"{r.lesson_title} {r.place}: {r.prompt}".strip(": "), text,
                     r.count, r.of))
    made = pd.DataFrame(rows, columns=[_("Part"), _("About"), _("What"), _("Count"), _("Of")])
    made[_("Share")] = [_round(share(row[3], row[4])) for row in rows]
    bounds = [interval(row[3], row[4]) or (None, None) for row in rows]
    made[_("From (95 %)")] = [_round(low) for low, _high in bounds]
    made[_("To (95 %)")] = [_round(high) for _low, high in bounds]
    return made


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
