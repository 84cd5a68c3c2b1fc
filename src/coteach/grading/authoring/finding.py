"""One thing that a look at an assignment found, said so that its author can mend it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from coteach.grading.blank import mark_of, source_of

FAILED, WARNING, OK = "failed", "warning", "ok"
"""Learners would see it broken or get wrong points; somebody may trip over it; all is well."""
MAX_LINE = 80


@dataclass(frozen=True)
class Finding:
    """A finding.

    Parameters
    ----------
    check
        A stable name of what was looked at (kebab case), for programs.
    state
        ``failed``, ``warning`` or ``ok``.
    sentence
        What is wrong, one sentence in the language in force.
    way_out
        What to do about it.
    notebook
        The notebook's name without the ending; empty when it is about the whole assignment.
    cell
        The cell's `grade_id`; a cell without one has its place, as in ``#3``.
    line
        The first line of the cell, so that it can be found.
    """

    check: str
    state: str
    sentence: str
    way_out: str = ""
    notebook: str = ""
    cell: str = ""
    line: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Cell:
    """A cell where it stands, for looks and for findings about it."""

    notebook: str
    place: int
    """From 1, as a person counts."""
    raw: Any

    @property
    def mark(self) -> dict[str, Any]:
        """What nbgrader noted about it."""
        return mark_of(self.raw)

    @property
    def source(self) -> str:
        return source_of(self.raw)

    @property
    def code(self) -> bool:
        return bool(self.raw["cell_type"] == "code")

    @property
    def grade_id(self) -> str:
        found = self.mark.get("grade_id")
        return found if isinstance(found, str) else ""

    @property
    def grade(self) -> bool:
        return bool(self.mark.get("grade"))

    @property
    def solution(self) -> bool:
        return bool(self.mark.get("solution"))

    @property
    def task(self) -> bool:
        return bool(self.mark.get("task"))

    @property
    def test(self) -> bool:
        """Whether a program scores it."""
        return self.code and self.grade and not self.solution

    @property
    def name(self) -> str:
        """What it is called in a finding."""
        return self.grade_id or f"#{self.place}"

    @property
    def line(self) -> str:
        """Its first line that says something."""
        lines = [line.strip() for line in self.source.splitlines() if line.strip()]
        return lines[0][:MAX_LINE] if lines else ""

    def finding(self, check: str, state: str, sentence: str, way_out: str = "") -> Finding:
        """Return a finding about this cell."""
        return Finding(check, state, sentence, way_out, self.notebook, self.name, self.line)


def cells_of(notebook: str, content: Any) -> list[Cell]:
    """Return the cells of a notebook."""
    return [Cell(notebook, place, raw) for place, raw in enumerate(content["cells"], 1)]
