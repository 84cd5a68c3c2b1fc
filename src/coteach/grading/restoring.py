"""A submission made ready to run: the instructor's cells are put back by their `grade_id`.

Does what nbgrader's sanitising steps do (`ClearOutput`, `OverwriteKernelspec`, `OverwriteCells`)
with nbgrader's own class, in this process and without a query for each cell. The rest of those
steps is done before: `inspect` refuses duplicated cells and marking information that was changed.
"""

from __future__ import annotations

import logging
from typing import Any

import nbformat
from nbgrader.preprocessors import OverwriteCells
from traitlets.config import Config

from coteach.grading import blank
from coteach.grading.blank import Blanks
from coteach.grading.form import Form

quiet = logging.getLogger("coteach.grading.nbgrader")
quiet.propagate = False
quiet.addHandler(logging.NullHandler())
_OUTPUT_MARKS = ("collapsed", "scrolled")


def adds_missing(config: Config) -> bool:
    """Say whether the course has nbgrader put missing cells back."""
    return bool(OverwriteCells(config=config).add_missing_cells)


def restored(content: dict[str, Any], form: Form, blanks: Blanks, config: Config
             ) -> nbformat.NotebookNode:
    """Return the notebook to run.

    Parameters
    ----------
    content
        The submission, which `inspect` has let pass.
    blanks
        What untouched written answers look like, the source language first.
    config
        The course's nbgrader configuration.

    Raises
    ------
    RuntimeError
        nbgrader can't put a cell back.
    """
    made: Any = nbformat.from_dict(content)  # type: ignore[no-untyped-call]
    for cell in made.cells:
        cell.source = blank.source_of(cell)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        for name in _OUTPUT_MARKS:
            cell.metadata.pop(name, None)
        _as_released(cell, form)
        blank.restore(cell, blanks)
    if form.kernelspec:
        made.metadata["kernelspec"] = form.kernelspec
    return _overwritten(made, form, config)


def _as_released(cell: Any, form: Form) -> None:
    """Have what nbgrader reads of a cell's marks be what it wrote itself."""
    mark = cell.metadata.get("nbgrader")
    known = form.expected.cells.get(mark.get("grade_id", "")) if mark else None
    if known is not None and (known.grade or known.task):
        mark["points"] = known.max_score


def _overwritten(made: Any, form: Form, config: Config) -> nbformat.NotebookNode:
    step = OverwriteCells(config=config, log=quiet)
    step.gradebook, step.notebook_id, step.assignment_id = form, form.notebook, ""
    resources: dict[str, Any] = {}
    for place, cell in enumerate(made.cells):
        made.cells[place], resources = step.preprocess_cell(cell, resources, place)
    if step.add_missing_cells:
        made, resources = step.add_missing_grade_cells(made, resources)
        made, resources = step.add_missing_task_cells(made, resources)
    return made  # type: ignore[no-any-return]
