"""Looking at the release that was made: has it still something in it that was to be hidden."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coteach.grading.authoring.files import given_files
from coteach.grading.authoring.finding import FAILED, Cell, Finding, cells_of
from coteach.grading.authoring.markers import REGIONS, inside
from coteach.i18n import gettext as _

LETTERS = 24
"""So much text in a row is no chance."""
MAX_TEXT = 2 << 20


def secrets(cells: list[Cell]) -> dict[str, list[str]]:
    """Return what each cell of a source hides, as long lines without the blanks around them."""
    found = {}
    for cell in cells:
        hidden = [line for region in REGIONS for line in inside(cell.source, region)]
        if cell.solution and not any(r.begin in cell.source for r in REGIONS[:1]):
            hidden = cell.source.splitlines()  # the whole cell is replaced
        told = [text for line in hidden if len(text := line.strip()) >= LETTERS]
        if told:
            found[cell.name] = told
    return found


def leaks(notebook: str, source: list[Cell], released: Any, folder: Path) -> Iterator[Finding]:
    """Return what of a source is still in its release.

    Parameters
    ----------
    released
        The release of the notebook.
    folder
        The folder of the release, for the files beside it.
    """
    after = cells_of(notebook, released)
    for cell in after:
        for region in REGIONS:
            if region.begin in cell.source or region.end in cell.source:
                yield cell.finding("left-in-release", FAILED, _(
                    "“{begin}” is still in the release.").format(begin=region.begin),
                    _("Look at what your nbgrader_config.py changes about releases."))
        if cell.test and cell.raw["metadata"].get("editable", True):
            yield cell.finding("locked", FAILED, _(
                "Students could change this test: the release does not lock it."),
                _("Take what it says about LockCells out of your nbgrader_config.py."))
    hidden = secrets(source)
    for name, lines in hidden.items():
        for cell in after:
            if _tells(cell.source, lines):
                yield cell.finding("left-in-release", FAILED, _(
                    "The release still says here what the cell {name} hides.").format(name=name),
                    _("Take it out, or put it between markers."))
        for file in given_files(folder):
            if file.suffix != ".ipynb" and _tells(_text(file), lines):
                yield Finding("left-in-release", FAILED, _(
                    "The file {file} is released and says what the cell {name} hides.").format(
                        file=file.relative_to(folder), name=name),
                    _("Move it out of the assignment's folder."), notebook)


def _tells(text: str, lines: list[str]) -> bool:
    """Say whether a text has most of the lines; one that is alike may be chance."""
    there = sum(line in text for line in lines)
    return there * 2 > len(lines)


def _text(file: Path) -> str:
    if file.stat().st_size > MAX_TEXT:
        return ""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""
