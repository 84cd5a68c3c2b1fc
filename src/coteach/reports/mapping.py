"""A trainer's choice of columns for a gradebook as CSV, and the file that it makes.

Rule: a mapping is plain data that is checked before it is kept or used. A result that is not there
is an empty cell; a text that a spreadsheet would run is made harmless.
"""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from typing import Any

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.reports.csvfile import neutral
from coteach.reports.marks import Book, Item, Result, Row

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
OF_PERSON = ("name", "username", "person", "section", "blank")
OF_TASK = ("points", "maximum", "percent", "state", "late", "marked", "feedback")
FIELDS = (*OF_PERSON, *OF_TASK)
MOST_COLUMNS = 60
TASK = "{assignment}"
"""What a heading may say for the title of its assignment."""


@dataclass(frozen=True)
class Column:
    """One column: what is in it, and its heading.

    Parameters
    ----------
    field
        One of `FIELDS`.
    heading
        The heading; ``{assignment}`` in it becomes the assignment's title.
    assignment
        The id of one assignment, or empty: then there is such a column for each.
    """

    field: str
    heading: str
    assignment: str = ""


@dataclass(frozen=True)
class Mapping:
    """Which columns a file has, and how its numbers are written."""

    columns: tuple[Column, ...]
    decimal: str = "."
    separator: str = "comma"
    mark: bool = True
    """Begin with a byte order mark, by which Excel knows UTF-8."""

    def kept(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def load(value: Any) -> Mapping:
    """Return the mapping that JSON holds.

    Raises
    ------
    UserError
        It has no column, too many, an unknown one, or signs that can't be told apart.
    """
    try:
        columns = tuple(Column(str(c["field"]), " ".join(str(c["heading"]).split())[:200],
                               str(c.get("assignment") or "")[:120]) for c in value["columns"])
        made = Mapping(columns, str(value.get("decimal", ".")),
                       str(value.get("separator", "comma")), bool(value.get("mark", True)))
    except (KeyError, TypeError, AttributeError):
        raise UserError(_("This choice of columns can't be read."), code="bad-mapping") from None
    if not made.columns:
        raise UserError(_("No column is chosen."), hint=_("Choose at least one."),
                        code="no-column")
    if len(made.columns) > MOST_COLUMNS:
        raise UserError(_("More than {limit} columns are chosen.").format(limit=MOST_COLUMNS),
                        code="many-columns")
    for column in made.columns:
        if column.field not in FIELDS:
            raise UserError(_("There is no column {field!r}.").format(field=column.field[:40]),
                            hint=_("Known columns: {names}.").format(names=", ".join(FIELDS)),
                            code="bad-column")
    if made.decimal not in (".", ",") or made.separator not in SEPARATORS:
        raise UserError(_("The decimal sign or the separator is not known."), code="bad-signs")
    if made.decimal == "," and made.separator == "comma":
        raise UserError(_("A comma can't be both the decimal sign and the separator."),
                        hint=_("Choose the semicolon or the tab as separator."), code="bad-signs")
    return made


def _each(*columns: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, heading) for name, heading in columns)


PRESETS: dict[str, Mapping] = {
    "everything": Mapping(_each(
        ("name", "Name"), ("username", "Username"), ("points", "{assignment}"),
        ("maximum", "{assignment} (max)"), ("percent", "{assignment} (%)"),
        ("state", "{assignment} (status)"), ("late", "{assignment} (late)"))),
    "moodle": Mapping(_each(("username", "Username"), ("points", "{assignment}"),
                            ("state", "{assignment} (status)")), mark=False),
    "canvas": Mapping(_each(("name", "Student"), ("blank", "ID"), ("blank", "SIS User ID"),
                            ("username", "SIS Login ID"), ("section", "Section"),
                            ("points", "{assignment}")), mark=False),
    "classroom": Mapping(_each(("name", "Name"), ("username", "Username"),
                               ("points", "{assignment}"), ("maximum", "{assignment} (max)"),
                               ("state", "{assignment} (status)")), mark=False),
}
"""Columns that other systems read, by name. Canvas wants columns for its own ids, and finds people
by their login where these are empty."""


def state_word(state: str) -> str:
    """Return the state of a result as a reader of the file sees it."""
    return {"graded": _("marked"), "needs_manual": _("written answers to mark"),
            "failed": _("marking failed"), "rejected": _("can't be marked"),
            "waiting": _("not marked yet"), "held": _("not given back yet"),
            "missing": _("not handed in")}[state]


def table(book: Book, mapping: Mapping, url: str = "") -> list[list[str]]:
    """Return the headings and the rows of a file, every cell as its text.

    Parameters
    ----------
    url
        The address of this coteach, for links.
    """
    chosen = heads(book.items, mapping)
    lines = [[heading for _column, _place, heading in chosen]]
    for row in book.rows:
        lines.append([_cell(column, row, place, mapping, url, book.cohort.name)
                      for column, place, _heading in chosen])
    return lines


def heads(items: tuple[Item, ...], mapping: Mapping) -> list[tuple[Column, int, str]]:
    """Return the columns of a file: the choice, the place of its item or -1, and the heading."""
    return [(column, place, str(neutral(
                column.heading.replace(TASK, items[place].title if place >= 0 else ""))))
            for column in mapping.columns for place in _places(column, items)]


def _places(column: Column, items: tuple[Item, ...]) -> list[int]:
    if column.field in OF_PERSON:
        return [-1]
    return [i for i, item in enumerate(items) if column.assignment in ("", item.id)]


def number(value: float, mapping: Mapping) -> str:
    """Return a number as the file writes it."""
    return f"{value:.10g}".replace(".", mapping.decimal)


def _cell(column: Column, row: Row, place: int, mapping: Mapping, url: str,
          section: str) -> str:
    if place < 0:
        return str(neutral({"name": row.name, "username": row.username,
                            "person": row.person, "section": section, "blank": ""}[column.field]))
    result = row.results[place]
    found = _number(column.field, result)
    if found is not None:
        return number(found, mapping)
    if column.field == "state":
        return str(neutral(state_word(result.state)))
    if column.field == "late":
        return "" if not result.submission else _("yes") if result.late else _("no")
    if column.field == "marked" and result.at is not None and result.state == "graded":
        return result.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if column.field == "feedback" and result.state == "graded":
        return f"{url}/submissions/{result.submission}"
    return ""


def _number(name: str, result: Result) -> float | None:
    if name == "points":
        return result.score
    if name == "maximum":
        return result.max_score
    if name == "percent" and result.score is not None and result.max_score:
        return round(100 * result.score / result.max_score, 2)
    return None


def as_file(lines: list[list[str]], mapping: Mapping) -> bytes:
    """Return a table as the bytes of a CSV file."""
    out = io.StringIO()
    csv.writer(out, delimiter=SEPARATORS[mapping.separator]).writerows(lines)
    return (("\ufeff" if mapping.mark else "") + out.getvalue()).encode()
