"""A file of grades that comes back from another system, beside what stands here.

Rule: reading changes nothing. A cell that is empty is no mark, on either side, and never a zero.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.reports.csvfile import neutral
from coteach.reports.mapping import SEPARATORS, Mapping, heads, number
from coteach.reports.marks import Book, Row

KEYS = ("person", "username")
"""Columns that tell for sure whose row it is, the surest first."""


@dataclass(frozen=True)
class Difference:
    """A mark that is not the same on both sides."""

    name: str
    title: str
    ours: str
    theirs: str


@dataclass(frozen=True)
class Compared:
    """What was found."""

    same: int
    differences: tuple[Difference, ...]
    strangers: int
    """Rows of people who are not in the cohort."""


def compare(book: Book, mapping: Mapping, raw: bytes) -> Compared:
    """Return in which marks a file differs from the gradebook.

    Parameters
    ----------
    mapping
        The columns by which the file was once written.

    Raises
    ------
    UserError
        The file can't be read, or lacks a column that is needed.
    """
    key = next((c for name in KEYS for c in mapping.columns if c.field == name), None)
    points = [(heading, place) for column, place, heading in heads(book.items, mapping)
              if column.field == "points"]
    if key is None or not points:
        raise UserError(_("With these columns nobody can tell whose mark is which."),
                        hint=_("Choose columns with the name to sign in with and with points."),
                        code="no-key")
    lines = _read(raw, SEPARATORS[mapping.separator], [key.heading, *(h for h, _p in points)])
    people = {str(neutral(getattr(row, key.field))): row for row in book.rows}
    same, strangers, found = 0, 0, []
    for line in lines:
        row = people.get((line.get(key.heading) or "").strip())
        if row is None:
            strangers += 1
            continue
        for heading, place in points:
            ours, theirs = _ours(row, place, mapping), (line.get(heading) or "").strip()
            if _number(ours, mapping) == _number(theirs, mapping):
                same += 1
            else:
                found.append(Difference(row.name, book.items[place].title, ours, theirs[:80]))
    return Compared(same, tuple(found), strangers)


def _read(raw: bytes, separator: str, needed: list[str]) -> list[dict[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""),
                                delimiter=separator)
        heads = list(reader.fieldnames or [])
        lines = list(reader)
    except (UnicodeDecodeError, csv.Error):
        raise UserError(_("This file is no CSV in UTF-8."),
                        hint=_("Save it as CSV (UTF-8) and choose it again."),
                        code="bad-csv") from None
    for heading in needed:
        if heading not in heads:
            raise UserError(_("The file has no column {heading!r}.").format(heading=heading[:80]),
                            hint=_("Choose the columns by which it was written."),
                            code="no-heading")
    return lines


def _ours(row: Row, place: int, mapping: Mapping) -> str:
    score = row.results[place].score
    return "" if score is None else number(score, mapping)


def _number(text: str, mapping: Mapping) -> float | str:
    try:
        return round(float(text.replace(mapping.decimal, ".")), 6)
    except ValueError:
        return text
