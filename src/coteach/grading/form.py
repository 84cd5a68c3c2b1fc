"""A notebook of an assignment as it was released: what nbgrader knows of its cells.

Read from the gradebook once for a batch. It answers what nbgrader's `OverwriteCells` asks a
gradebook, so that class does its work on a submission without a query for each cell.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from nbgrader.api import MissingEntry

from coteach.grading.inspect import Expected, ExpectedCell


@dataclass(frozen=True)
class SourceCell:
    """A cell as the gradebook has it, under nbgrader's names."""

    name: str
    cell_type: str
    locked: bool
    source: str
    checksum: str | None


@dataclass(frozen=True)
class PointsCell:
    """A cell that is worth points, under nbgrader's names."""

    name: str
    max_score: float


@dataclass(frozen=True)
class Form:
    """A released notebook.

    Parameters
    ----------
    notebook
        Its name without the ending.
    cells
        What a submission has to have.
    names
        The `grade_id` of each cell by its key in the gradebook.
    """

    notebook: str
    expected: Expected
    source_cells: list[SourceCell]
    grade_cells: list[PointsCell]
    task_cells: list[PointsCell]
    solution_cells: list[PointsCell]
    kernelspec: dict[str, Any] | None
    names: dict[str, str]
    _sources: dict[str, SourceCell] = field(default_factory=dict)
    _points: dict[str, PointsCell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sources.update((c.name, c) for c in self.source_cells)
        self._points.update((c.name, c) for c in (*self.grade_cells, *self.task_cells))

    def find_source_cell(self, name: str, _notebook: str, _assignment: str) -> SourceCell:
        """Return a cell, as `nbgrader.api.Gradebook` does."""
        if name not in self._sources:
            raise MissingEntry(name)
        return self._sources[name]

    def find_graded_cell(self, name: str, _notebook: str, _assignment: str) -> PointsCell:
        """Return a cell that is worth points, as `nbgrader.api.Gradebook` does."""
        if name not in self._points:
            raise MissingEntry(name)
        return self._points[name]

    def find_notebook(self, _notebook: str, _assignment: str) -> Form:
        """Return itself, which has what is asked of a notebook."""
        return self


def form_of(notebook: Any) -> Form:
    """Return the form of a gradebook's notebook."""
    grades = {c.name: float(c.max_score) for c in notebook.grade_cells}
    tasks = {c.name: float(c.max_score) for c in notebook.task_cells}
    solutions = [c.name for c in notebook.solution_cells]
    sources = [SourceCell(c.name, c.cell_type, bool(c.locked), c.source or "", c.checksum)
               for c in notebook.source_cells]
    expected = Expected(notebook.name, {
        c.name: ExpectedCell(grade=c.name in grades, solution=c.name in solutions,
                             task=c.name in tasks,
                             max_score=grades.get(c.name, tasks.get(c.name, 0.0)))
        for c in sources})
    known = (*notebook.grade_cells, *notebook.task_cells, *notebook.solution_cells)
    kernelspec = json.loads(notebook.kernelspec) if notebook.kernelspec else None
    return Form(
        notebook.name, expected, sources, [PointsCell(*pair) for pair in grades.items()],
        [PointsCell(*pair) for pair in tasks.items()], [PointsCell(n, 0.0) for n in solutions],
        kernelspec or None, {c.id: c.name for c in known})
