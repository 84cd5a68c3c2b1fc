"""A cohort's course folder: taken from the course, released, and found again."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import nbformat

from coteach.errors import NotFound
from coteach.grading import jobs
from coteach.grading.course import CourseFolder
from coteach.i18n import gettext as _
from coteach.lessonpack import (
    Course,
    Module,
    get_course,
    read_notebook,
    translated_notebook,
    translation_file,
)
from coteach.settings import Settings
from coteach.store.schema import Cohort

_releasing = threading.Lock()


@dataclass(frozen=True)
class Task:
    """An assignment of a cohort, with the module it belongs to."""

    cohort: Cohort
    course: Course
    module: Module
    folder: CourseFolder

    @property
    def assignment(self) -> str:
        return self.module.assignment

    @property
    def notebook(self) -> str:
        """The name of its notebook without the ending."""
        return "assignment"

    @property
    def deadline(self) -> datetime:
        return self.cohort.starts + timedelta(days=self.module.deadline_days)

    @property
    def step(self) -> str:
        """The id of the step in which it is handed in; empty when the module has none."""
        return next((s.id for s in self.module.steps if s.kind == "assignment"), "")


def folder_of(settings: Settings, cohort: Cohort) -> CourseFolder:
    """Return a cohort's course folder."""
    return CourseFolder(settings.layout.courses / cohort.id, cohort.course)


def tasks(settings: Settings, cohort: Cohort) -> list[Task]:
    """Return the assignments of a cohort in the order of the modules."""
    course, folder = get_course(cohort.course), folder_of(settings, cohort)
    return [Task(cohort, course, m, folder) for m in course.modules if m.assignment]


def task(settings: Settings, cohort: Cohort, assignment: str) -> Task:
    """Return one assignment of a cohort.

    Raises
    ------
    NotFound
        The cohort's course has no such assignment.
    """
    for found in tasks(settings, cohort):
        if found.assignment == assignment:
            return found
    raise NotFound(_("This course has no assignment {assignment!r}.").format(
        assignment=assignment[:80]), code="no-assignment")


def is_released(found: Task) -> bool:
    """Say whether teachers can get the assignment."""
    return (found.folder.released(found.assignment) / f"{found.notebook}.ipynb").is_file()


def forms(found: Task) -> list[nbformat.NotebookNode]:
    """Return the released notebook in the source language, then in each other there is."""
    made = read_notebook(found.folder.released(found.assignment) / f"{found.notebook}.ipynb")
    folder = translation_file(found.course.assignment_folder(found.assignment), "en").parent
    return [made, *(translated_notebook(made, po) for po in sorted(folder.glob("*.po")))]


def given_code(found: Task) -> frozenset[str]:
    """Return the code of the form, in each language; nothing before it is released."""
    if not is_released(found):
        return frozenset()
    return frozenset(str(cell.source) for form in forms(found) for cell in form.cells
                     if cell.cell_type == "code")


def release(found: Task) -> Path:
    """Make what teachers get, once, and return the file; it takes some seconds the first time.

    Raises
    ------
    UserError
        nbgrader can't make it.
    """
    from coteach.grading import gradebook

    target = found.folder.released(found.assignment) / f"{found.notebook}.ipynb"
    with _releasing:
        if not is_released(found):
            found.folder.adopt(found.course.folder / "source", found.assignment)
            jobs.release(found.folder, found.assignment)
            gradebook.set_deadline(found.folder, found.assignment, found.deadline)
    return target
