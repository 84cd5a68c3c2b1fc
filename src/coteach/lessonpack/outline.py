"""The outline of a lesson: its headings of the first two levels and the cells below each.

Rule: a section begins with a cell. A cell with several headings is one section, named by the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import nbformat

from coteach.lessonpack.notebook import joined

_HEADING = re.compile(r"^ {0,3}(#{1,2})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"(\*\*|__|\*|`|<[^>]*>)")


@dataclass(frozen=True)
class Section:
    """A heading with all cells up to the next one."""

    cell: str
    """nbformat id of the cell with the heading."""
    level: int
    title: str
    cells: tuple[str, ...]
    """Ids, the heading's own first; for the first section also those before any heading."""


def sections(notebook: nbformat.NotebookNode) -> list[Section]:
    """Return the sections of a notebook in order; none when it has no heading."""
    heads: list[tuple[str, int, str]] = []
    below: list[list[str]] = [[]]
    for cell in notebook.cells:
        found = _heading(joined(cell)) if cell.cell_type == "markdown" else None
        if found:
            heads.append((str(cell.id), *found))
            # What stands before the first heading belongs to it.
            if len(heads) > 1:
                below.append([])
        below[-1].append(str(cell.id))
    return [Section(cell, level, title, tuple(cells))
            for (cell, level, title), cells in zip(heads, below, strict=False)]


def _heading(source: str) -> tuple[int, str] | None:
    """Return level and text of the first heading of a cell's Markdown."""
    fence = ""
    for line in source.splitlines():
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1][:3]
            elif mark[1].startswith(fence):
                fence = ""
        elif not fence and (found := _HEADING.match(line)) and (title := _plain(found[2])):
            return len(found[1]), title
    return None


def _plain(text: str) -> str:
    """Return a heading without Markdown's marks."""
    return " ".join(_MARKS.sub("", _LINK.sub(r"\1", _PICTURE.sub("", text))).split())
