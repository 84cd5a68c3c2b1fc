"""What the cells of a notebook that was run are worth, by nbgrader's rules.

nbgrader's `determine_grade` decides: full points without an error, a number as the last expression
is partial credit, a written answer waits for a person. Rule: where a test could not be judged, it
has no points and a reason; nbgrader's zero would look like a wrong answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbgrader import utils

from coteach.grading.reason import Reason

STOPPED = ("timeout", "not-run")
NO_RESPONSE = "No response."
"""nbgrader's own comment about an untouched answer."""


@dataclass
class Points:
    """What was found.

    Parameters
    ----------
    auto
        The points of each graded cell, None where only a person can say. Tasks are not in it:
        nbgrader leaves theirs alone.
    comments
        nbgrader's own comment about each answer, or None.
    unsure
        Why a test could not be judged.
    """

    auto: dict[str, float | None] = field(default_factory=dict)
    comments: dict[str, str | None] = field(default_factory=dict)
    unsure: dict[str, Reason] = field(default_factory=dict)

    @property
    def judged(self) -> bool:
        """Whether any test could be judged; true also where there is none."""
        return not self.unsure or any(
            name not in self.unsure and score is not None for name, score in self.auto.items()
            if name not in self.comments)


def points_of(notebook: nbformat.NotebookNode, states: Mapping[int, str],
              why: Mapping[int, Reason]) -> Points:
    """Return the points of a notebook.

    Parameters
    ----------
    states
        What became of each code cell, by its place: ``ok``, ``error``, ``timeout``, ``not-run``.
    why
        The reason why a cell was stopped, did not run, or could not be judged.
    """
    found = Points()
    stopped: Reason | None = None  # an answer since the test before
    tested = False
    for place, cell in enumerate(notebook.cells):
        mark = cell.metadata.get("nbgrader") or {}
        name, state = str(mark.get("grade_id", "")), states.get(place, "ok")
        if utils.is_solution(cell) or utils.is_task(cell):
            found.comments[name] = _comment(cell)
        if utils.is_solution(cell) or (not mark.get("grade") and cell.cell_type == "code"):
            stopped = None if tested else stopped
            tested = False
            if place in why or state in STOPPED:
                stopped = why.get(place) or Reason("cell-stopped")
        if utils.is_grade(cell):
            reason = None
            if not utils.is_solution(cell):
                tested = True
                reason = why.get(place)
                if state in STOPPED:
                    reason = reason or Reason("cell-stopped")
                elif state == "error":
                    reason = reason or stopped
            found.auto[name] = None
            if reason is None:
                found.auto[name], reason = _points(cell)
            if state == "error" and found.auto[name]:  # never full points for want of an output
                found.auto[name], reason = None, Reason("cell-stopped")
            if reason is not None:
                found.unsure[name] = reason
    return found


def _points(cell: Any) -> tuple[float | None, Reason | None]:
    try:
        score, _most = utils.determine_grade(cell)
    except (ValueError, KeyError, TypeError) as error:
        # more than the most points, or a result without a text
        return None, Reason("bad-points", {"detail": str(error)[:200].rstrip(".")})
    return (None if score is None else float(score)), None


def _comment(cell: Any) -> str | None:
    untouched = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
    return NO_RESPONSE if untouched and not utils.is_task(cell) else None
