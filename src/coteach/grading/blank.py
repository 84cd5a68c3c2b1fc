"""Answers that were left as they were given, in whichever language the form was.

nbgrader knows only the form of the source language: it takes a placeholder in another one for an
answer. So an untouched answer is put back into the source language before nbgrader sees it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Blanks = dict[str, list[str]]
"""What an untouched written answer looks like, by `grade_id`; first in the source language."""


def mark_of(cell: Any) -> dict[str, Any]:
    """Return what nbgrader noted about a cell."""
    found = cell["metadata"].get("nbgrader")
    return found if isinstance(found, dict) else {}


def source_of(cell: Any) -> str:
    """Return a cell's source as one text."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def plain(source: str) -> str:
    """Return a source without the blanks that say nothing."""
    return "\n".join(line.strip() for line in source.splitlines() if line.strip())


def blanks(forms: Iterable[Any]) -> Blanks:
    """Return the untouched written answers of a form.

    Parameters
    ----------
    forms
        The released notebook, the source language first.
    """
    found: Blanks = {}
    for form in forms:
        for cell in form["cells"]:
            if _written(cell):
                found.setdefault(mark_of(cell)["grade_id"], []).append(source_of(cell))
    return found


def is_blank(cell: Any, known: Blanks) -> bool:
    """Say whether a cell is a written answer that nobody wrote."""
    if not _written(cell) or mark_of(cell)["grade_id"] not in known:
        return False
    mine = plain(source_of(cell))
    return not mine or mine in map(plain, known[mark_of(cell)["grade_id"]])


def _written(cell: Any) -> bool:
    mark = mark_of(cell)
    return bool(cell["cell_type"] == "markdown" and mark.get("grade") and mark.get("solution")
                and mark.get("grade_id"))


def restore(cell: Any, known: Blanks) -> None:
    """Have an untouched answer be as nbgrader released it."""
    if is_blank(cell, known):
        cell["source"] = known[mark_of(cell)["grade_id"]][0]
