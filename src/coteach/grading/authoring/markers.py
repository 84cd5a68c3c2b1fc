"""Looking for regions that are cut out of the release: open, in a wrong cell, or left in it.

nbgrader knows its markers only letter by letter; one that is nearly right stays in the release
with all that it was to hide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from coteach.grading.authoring.finding import FAILED, Cell, Finding
from coteach.i18n import gettext as _

_NEAR = re.compile(r"\b(BEGIN|END)[\s_-]*(SOLUTIONS?|HIDDEN[\s_-]*TESTS?|MARK(?:ING)?[\s_-]*SCHEME)"
                   r"(?![a-z])", re.I)


@dataclass(frozen=True)
class Region:
    """A kind of region."""

    begin: str
    end: str

    def fits(self, cell: Cell) -> bool:
        """Say whether it may stand in a cell."""
        if "SOLUTION" in self.begin:
            return cell.solution
        return cell.grade if "HIDDEN" in self.begin else cell.task

    def place(self) -> str:
        """Say where it may stand."""
        if "SOLUTION" in self.begin:
            return _("Move it into an answer cell, or make the cell one.")
        if "HIDDEN" in self.begin:
            return _("Move it into a test cell, or make the cell one.")
        return _("Move it into a task that a person marks, or make the cell one.")


REGIONS = (Region("BEGIN SOLUTION", "END SOLUTION"),
           Region("BEGIN HIDDEN TESTS", "END HIDDEN TESTS"),
           Region("BEGIN MARK SCHEME", "END MARK SCHEME"))


def markers(cells: list[Cell]) -> Iterator[Finding]:
    """Return what is wrong with the regions of a source notebook."""
    for cell in cells:
        for region in REGIONS:
            yield from _look(cell, region)
        for line in cell.source.splitlines():
            if _NEAR.search(line) and not any(
                    marker in line for r in REGIONS for marker in (r.begin, r.end)):
                yield cell.finding("markers", FAILED, _(
                    "nbgrader does not know the marker “{line}”, so what follows it stays in "
                    "the release.").format(line=line.strip()[:60]),
                    _("Write it as in “{example}”.").format(example="### " + _meant(line)))


def _meant(line: str) -> str:
    found = _NEAR.search(line)
    assert found is not None
    word = found[2].upper()
    kind = "SOLUTION" if "SOLUTION" in word else (
        "HIDDEN TESTS" if "HIDDEN" in word else "MARK SCHEME")
    return f"{found[1].upper()} {kind}"


def _look(cell: Cell, region: Region) -> Iterator[Finding]:
    begun, seen = False, False
    for line in cell.source.splitlines():
        if region.begin in line:
            if begun:
                yield cell.finding("markers", FAILED, _(
                    "“{begin}” stands inside a region that began before.").format(
                        begin=region.begin), _("End the one before with “{end}”.").format(
                            end=f"### {region.end}"))
            begun = seen = True
        elif region.end in line:
            if not begun:
                yield cell.finding("markers", FAILED, _(
                    "“{end}” has no “{begin}” before it, so what stands above stays in the "
                    "release.").format(end=region.end, begin=region.begin),
                    _("Write “{begin}” above the first line that is to be hidden.").format(
                        begin=f"### {region.begin}"))
                seen = True
            begun = False
    if begun:
        yield cell.finding("markers", FAILED, _(
            "“{begin}” is never ended.").format(begin=region.begin),
            _("Write “{end}” below the last line that is to be hidden.").format(
                end=f"### {region.end}"))
    if seen and not region.fits(cell):
        yield cell.finding("markers", FAILED, _(
            "“{begin}” stands in a cell of another kind.").format(begin=region.begin),
            region.place())


def inside(source: str, region: Region) -> list[str]:
    """Return the lines that a region hides."""
    hidden, begun = [], False
    for line in source.splitlines():
        if region.begin in line:
            begun = True
        elif region.end in line:
            begun = False
        elif begun:
            hidden.append(line)
    return hidden
