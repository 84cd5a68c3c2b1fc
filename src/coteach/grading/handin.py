"""Taking a notebook in: the exact file is on the disk before anybody gets a receipt."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from coteach.errors import StorageFull, UserError
from coteach.grading.cohort import Task
from coteach.grading.course import student_id
from coteach.grading.files import write_whole
from coteach.grading.inspect import MAX_MB, inspect
from coteach.grading.layout import stamp
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.settings import Settings
from coteach.store import Database, assessment, events, utcnow
from coteach.store.schema import Person, Submission, new_id

MAX_BYTES = MAX_MB << 20
NOTEBOOK = "notebook.ipynb"
FEEDBACK = "feedback.html"


def file_of(settings: Settings, submission_id: str) -> Path:
    """Return where the exact file of a hand-in lies."""
    return settings.layout.submissions / submission_id / NOTEBOOK


def feedback_of(settings: Settings, submission_id: str) -> Path:
    """Return where the feedback page of a hand-in lies, if there is one."""
    return settings.layout.submissions / submission_id / FEEDBACK


def check(raw: bytes) -> None:
    """Refuse what is no notebook.

    Raises
    ------
    UserError
        It is no notebook or too large.
    """
    reason = inspect(raw)
    if reason is not None:
        raise UserError(reason.sentence(), hint=_("Save the notebook and hand it in again."),
                        status=413 if reason.code == "too-large" else 422, code=reason.code)


def accept(database: Database, settings: Settings, person: Person, task: Task, raw: bytes
           ) -> tuple[Submission, bool]:
    """Keep a notebook and return its receipt, and whether it is a new one.

    The same file again gives the receipt of the first time.

    Raises
    ------
    UserError
        It is no notebook or too large.
    StorageFull
        The disk is full; nothing was kept.
    """
    check(raw)
    student = student_id(person.username)
    digest, now = hashlib.sha256(raw).hexdigest(), utcnow()
    key = {"person_id": person.id, "cohort_id": task.cohort.id, "assignment": task.assignment,
           "sha256": digest}
    with database.reading() as session:
        known = assessment.with_hash(session, **key)
    if known is not None:
        if not file_of(settings, known.id).is_file():
            write_whole(file_of(settings, known.id), raw)
        return known, False
    made = Submission(
        id=new_id(), course=task.cohort.course, notebook=f"{task.notebook}.ipynb", size=len(raw),
        language=get_language(), received=now, deadline=task.deadline, late=now > task.deadline,
        **key)
    write_whole(file_of(settings, made.id), raw)
    place = task.folder.submitted(student, task.assignment)
    write_whole(place / "timestamp.txt", stamp(now).encode())
    write_whole(place / f"{task.notebook}.ipynb", raw)
    try:
        with database.session() as session:
            session.add(made)
            session.flush()
            events.append(session, [{
                "id": str(uuid.uuid5(uuid.UUID(made.id), "submitted")), "actor": person.id,
                "session": task.cohort.id, "lesson": task.module.id, "cell": task.step,
                "verb": "submitted", "value": {"submission": made.id, "late": made.late},
                "demo": person.demo}])
    except IntegrityError:
        # The same file came twice at once, and the other one was first.
        file_of(settings, made.id).unlink(missing_ok=True)
        with database.reading() as session:
            known = assessment.with_hash(session, **key)
        if known is None:
            raise
        return known, False
    except StorageFull:
        file_of(settings, made.id).unlink(missing_ok=True)
        raise StorageFull(
            _("The server's disk is full, so your work was not handed in."),
            hint=_("Your file is safe where it is. Tell your trainer and try again later."),
        ) from None
    return made, True
