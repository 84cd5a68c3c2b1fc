"""Reading a folder of submissions in nbgrader's layout: ``<student>/<assignment>/*.ipynb``.

Rule: a name that can't be marked becomes a job with its reason, never an exception or a gap.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from coteach.errors import NotFound
from coteach.grading.course import CourseFolder, is_safe
from coteach.grading.files import read_plain
from coteach.grading.inspect import MAX_MB
from coteach.grading.job import Job
from coteach.grading.reason import Reason
from coteach.i18n import gettext as _

STAMP_FORMAT = "%Y-%m-%d %H:%M:%S.%f UTC"


def stamp(at: datetime) -> str:
    """Return a time as nbgrader writes it in timestamp.txt."""
    return at.astimezone(UTC).strftime(STAMP_FORMAT)


def _timestamp(raw: bytes) -> str:
    """Return the time of a timestamp.txt in UTC; nothing when nbgrader could not read it."""
    from nbgrader.utils import parse_utc

    try:
        return stamp(parse_utc(raw.decode().strip()).replace(tzinfo=UTC))
    except (ValueError, OverflowError, AttributeError, TypeError):
        return ""


def jobs(course: CourseFolder, assignment: str, submissions: Path) -> list[Job]:
    """Return a job for each notebook that each student handed in or should have.

    Raises
    ------
    NotFound
        The folder or the assignment does not exist.
    """
    wanted = course.notebooks(assignment)
    if not submissions.is_dir():
        raise NotFound(_("There is no folder {folder}.").format(folder=submissions),
                       hint=_("Give the folder that has one folder for each student."),
                       code="no-submissions")
    found: list[Job] = []
    for folder in sorted(submissions.iterdir()):
        place = folder / assignment
        if folder.name.startswith(".") or not folder.is_dir() or not place.is_dir():
            continue
        linked = folder.is_symlink() or place.is_symlink()
        found += _of_student(folder.name, place, wanted, linked)
    return found


def _of_student(student: str, place: Path, wanted: list[str], linked: bool) -> list[Job]:
    wrong = None
    if not is_safe(student):
        wrong = Reason("bad-student", {"name": student})
    elif linked:
        wrong = Reason("not-a-file", {"name": place.name})
    if wrong is not None:
        return [Job(student, name, None, wrong=wrong) for name in wanted]
    timestamp = _timestamp(read_plain(place / "timestamp.txt", 100) or b"")
    there = {f.stem: f for f in sorted(place.glob("*.ipynb")) if not f.name.startswith(".")}
    made = []
    for name in [*wanted, *(n for n in there if n not in wanted)]:
        file = there.get(name)
        reason = None
        if file is not None and name not in wanted:
            reason = Reason("unknown-notebook", {"name": name})
        elif file is not None and not file.is_symlink() and file.is_file() and (
                file.stat().st_size > MAX_MB << 20):
            reason = Reason("too-large", {"limit": str(MAX_MB)})
        made.append(Job(student, name, file, timestamp, place, wrong=reason))
    return made
