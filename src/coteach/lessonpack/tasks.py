"""What the tasks of an assignment are called: the heading above each, on every page the same way.

Two tests under one heading are told apart by a number. The points in a heading are left out,
because they are those of the whole part.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from coteach.i18n import gettext as _

_HEADING = re.compile(r"^#+\s+(.+?)\s*#*$", re.M)
_POINTS = re.compile(r"\s*[(（]\s*\d+(?:[.,]\d+)?\s*[^\s()（）\d]{0,12}\s*[)）]$")
MAX_NAME = 80


def task_names(cells: Iterable[Any]) -> dict[str, str]:
    """Return the names of marked cells by nbgrader's `grade_id`, in the order of the cells.

    A cell without a heading above it keeps its `grade_id`.
    """
    found: list[tuple[str, str, bool]] = []
    heading = ""
    for cell in cells:
        source, mark = cell.get("source", ""), cell["metadata"].get("nbgrader")
        source = source if isinstance(source, str) else "".join(source)
        mark = mark if isinstance(mark, dict) else {}
        scored = bool(mark.get("grade") or mark.get("task"))
        # A task's own cell is its question; an answer's headings are the learner's.
        if cell["cell_type"] == "markdown" and not mark.get("solution") and (
                said := _HEADING.findall(source)):
            heading = _POINTS.sub("", said[-1])[:MAX_NAME]
        if mark.get("grade_id") and (scored or mark.get("solution")):
            found.append((str(mark["grade_id"]), heading, scored))
    return _told_apart(found)


def _told_apart(found: list[tuple[str, str, bool]]) -> dict[str, str]:
    many = Counter(heading for _id, heading, scored in found if heading and scored)
    seen: Counter[str] = Counter()
    names = {}
    for grade_id, heading, scored in found:
        names[grade_id] = heading or grade_id
        if scored and many[heading] > 1:
            seen[heading] += 1
            names[grade_id] = _("{task} (test {n})").format(task=heading, n=seen[heading])
    return names
