"""The files of a module, for a teacher's JupyterLab: in her language, without solutions."""

from __future__ import annotations

import base64
import threading
from pathlib import Path
from typing import Any

import nbformat
import structlog
from fastapi import APIRouter

from coteach.errors import NotFound, UserError
from coteach.grading import cohort as cohorts
from coteach.grading.cohort import Task
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.lessonpack import (
    Course,
    Module,
    get_course,
    read_notebook,
    translated_notebook,
    translation_file,
)
from coteach.portal.dependencies import CurrentPerson, TheDatabase, TheSettings
from coteach.store import Database, people
from coteach.store.schema import Cohort, Person

router = APIRouter()
log = structlog.get_logger()

MAX_ASSET = 8 << 20


def _found(database: Database, person: Person, module_id: str) -> tuple[Cohort, Course, Module]:
    """Return the module of the newest cohort that has it and that she is in."""
    with database.reading() as session:
        mine = [c for c in people.cohorts_of(session, person)
                if people.membership(session, c.id, person.id)]
    for cohort in mine:
        course = get_course(cohort.course)
        for module in course.modules:
            if module.id == module_id:
                return cohort, course, module
    raise NotFound(_("You have no module called {name}.").format(name=module_id[:80]),
                   hint=_("Ask your trainer whether you are in the right course."),
                   code="no-module")


PYTHON = {"name": "python3", "display_name": "Python 3", "language": "python"}


def _text(path: str, notebook: nbformat.NotebookNode) -> dict[str, str]:
    # JupyterLab asks a person to choose a kernel when a notebook names none.
    notebook.metadata.setdefault("kernelspec", PYTHON)
    return {"path": path, "encoding": "utf-8", "content": nbformat.writes(notebook)}


def _assets(folder: Path) -> list[dict[str, str]]:
    found = []
    for file in sorted((folder / "assets").rglob("*")):
        if file.is_file() and not file.is_symlink() and file.stat().st_size <= MAX_ASSET:
            found.append({"path": file.relative_to(folder).as_posix(), "encoding": "base64",
                          "content": base64.b64encode(file.read_bytes()).decode()})
    return found


def _release(task: Task) -> None:
    try:
        cohorts.release(task)
    except UserError as error:
        log.error("release-failed", cohort=task.cohort.id, assignment=task.assignment,
                  error=str(error))


@router.get("/api/v1/modules/{module}/files", tags=["modules"])
def files(person: CurrentPerson, database: TheDatabase, settings: TheSettings, module: str
          ) -> dict[str, Any]:
    """Return the files of a module; `pending` names those that are being made, ask again."""
    cohort, course, found = _found(database, person, module)
    language = get_language()
    made = [_text(found.notebook, found.notebook_in(language)), *_assets(found.folder)]
    pending = []
    if found.assignment:
        task = cohorts.task(settings, cohort, found.assignment)
        if cohorts.is_released(task):
            released = read_notebook(cohorts.release(task))
            po = translation_file(course.assignment_folder(found.assignment), language)
            made.append(_text("assignment.ipynb", translated_notebook(released, po)))
        else:
            pending.append("assignment.ipynb")
            threading.Thread(target=_release, args=(task,), daemon=True).start()
    return {"course": course.id, "module": found.id, "assignment": found.assignment,
            "notebook": found.notebook, "folder": f"{course.id}/{found.id}", "files": made,
            "pending": pending}
