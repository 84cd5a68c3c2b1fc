"""The trainer's side of an assignment: the source notebook, its questions and marking guides.

Rule: what this module returns has solutions in it. Only pages for those who run the cohort ask it,
and they show of it the question and, to written answers, the guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import nbformat

from coteach.grading.cohort import Task
from coteach.grading.outputs import without_hidden
from coteach.lessonpack import read_notebook, task_names, translated_notebook, translation_file

_GUIDE = re.compile(r"^.*### BEGIN (SOLUTION|MARK SCHEME)[^\n]*\n([\s\S]*?)^.*### END \1.*$", re.M)


@dataclass(frozen=True)
class Guide:
    """What a trainer needs beside a written answer.

    Parameters
    ----------
    question
        The question, in her language where it is translated.
    text
        The marking guide; empty when the author wrote none.
    """

    question: str
    text: str


def _source(task: Task, language: str) -> nbformat.NotebookNode:
    """Return the source notebook that the cohort began with, in a language."""
    own = task.folder.source(task.assignment) / f"{task.notebook}.ipynb"
    if not own.is_file():
        return task.course.assignment_in(task.assignment, language)
    folder = task.course.assignment_folder(task.assignment)
    return translated_notebook(read_notebook(own), translation_file(folder, language))


def guides(task: Task, language: str) -> dict[str, Guide]:
    """Return the question and the marking guide of each written answer, by `grade_id`."""
    found, before = {}, ""
    for cell in _source(task, language).cells:
        mark, source = cell.metadata.get("nbgrader", {}), str(cell.source)
        said = "\n\n".join(text.strip() for _kind, text in _GUIDE.findall(source))
        if mark.get("task"):
            found[mark["grade_id"]] = Guide(without_hidden(source), said)
        elif mark.get("grade") and mark.get("solution"):
            found[mark["grade_id"]] = Guide(before, said)
        if cell.cell_type == "markdown" and not mark.get("solution"):
            before = without_hidden(source)
    return found


def names(task: Task, language: str) -> dict[str, str]:
    """Return what the tasks are called, by `grade_id`; this has no secrets in it."""
    return task_names(_source(task, language).cells)
