"""A small course with a cohort that answered it, made anew for each measurement.

Rule: the answers are honest and differ: in how they are written, in what they get wrong, and in
how much of it is there. The same number gives the same answers.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ASSIGNMENT = "ps1"
NOTEBOOK = "lessons"

_SETUP = """import pandas as pd

table = pd.DataFrame({"school": ["Tan An", "Yilan", "Tan An", "Penghu", "Yilan", "Tan An"],
                      "minutes": [40, 35, 25, 45, 30, 20],
                      "pupils": [18, 12, 17, 9, 11, 16]})"""

_LONGEST = "def longest(table):\n    return table.sort_values('minutes').iloc[-1]['school']"
_TOTALS = "totals = table.groupby('school')['minutes'].sum()"
_SHARE = ("def share(table, school):\n    mine = table[table['school'] == school]\n"
          "    return mine['pupils'].sum() / table['pupils'].sum()")
_ROUNDED = "def rounded(values):\n    return [round(v, 1) for v in values]"

_ANSWERS = {
    "longest": [
        _LONGEST,
        "def longest(table):\n    return table.loc[table['minutes'].idxmax(), 'school']",
        "def longest(table):\n    best = None\n    for row in table.itertuples():\n"
        "        if best is None or row.minutes > best.minutes:\n            best = row\n"
        "    return best.school",
        "def longest(table):\n    return table['school'][0]",
    ],
    "totals": [
        _TOTALS,
        "totals = table.pivot_table(index='school', values='minutes', aggfunc='sum')['minutes']",
        "sums = {}\nfor school, minutes in zip(table['school'], table['minutes']):\n"
        "    sums[school] = sums.get(school, 0) + minutes\ntotals = pd.Series(sums)\nprint(totals)",
        "totals = table.groupby('school')['minutes'].mean()",
        "totals = table.groupby('schol')['minutes'].sum()",
    ],
    "share": [
        _SHARE,
        "def share(table, school):\n"
        "    return table.groupby('school')['pupils'].sum()[school] / table['pupils'].sum()",
        "def share(table, school):\n"
        "    here = sum(p for s, p in zip(table.school, table.pupils) if s == school)\n"
        "    return here / sum(table.pupils)",
        "def share(table, school):\n    return len(table[table.school == school]) / len(table)",
    ],
    "rounded": [
        _ROUNDED,
        "def rounded(values):\n    return list(map(lambda v: round(v, 1), values))",
        "def rounded(values):\n    return [int(v) for v in values]",
    ],
}
"""What people write; the right ones come first."""


def _mark(grade_id: str, **change: Any) -> dict[str, Any]:
    return {"nbgrader": {"grade": False, "solution": False, "locked": False, "task": False,
                         "schema_version": 3, "grade_id": grade_id, **change}}


def _solution(grade_id: str, source: str) -> Any:
    head, _colon, body = source.partition("\n")
    inside = (f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION" if body else
              f"### BEGIN SOLUTION\n{head}\n### END SOLUTION")
    return new_code_cell(inside, id=grade_id, metadata=_mark(grade_id, solution=True))


def _test(grade_id: str, points: int, source: str) -> Any:
    return new_code_cell(source, id=grade_id, metadata=_mark(
        grade_id, grade=True, locked=True, points=points))


def source() -> Any:
    """Return the author's notebook: 13 cells, pandas, five tests and a written answer."""
    return new_notebook(metadata={"kernelspec": {
        "name": "python3", "display_name": "Python 3", "language": "python"}}, cells=[
        new_markdown_cell("# Lessons of three schools", id="title"),
        new_code_cell(_SETUP, id="setup"),
        _solution("longest", _LONGEST),
        _test("longest-test", 2, "assert longest(table) == 'Penghu'\n### BEGIN HIDDEN TESTS\n"
              "assert longest(table[table['school'] != 'Penghu']) == 'Tan An'\n"
              "### END HIDDEN TESTS"),
        _solution("totals", _TOTALS),
        _test("totals-test", 2, "assert totals['Tan An'] == 85, totals['Tan An']\n"
              "assert sorted(totals.index) == ['Penghu', 'Tan An', 'Yilan']"),
        new_markdown_cell("## What part of the pupils is in one school?", id="question"),
        _solution("share", _SHARE),
        _test("share-test", 2, "assert abs(share(table, 'Yilan') - 23 / 83) < 1e-9\n"
              "### BEGIN HIDDEN TESTS\nassert abs(share(table, 'Penghu') - 9 / 83) < 1e-9\n"
              "### END HIDDEN TESTS"),
        _solution("rounded", _ROUNDED),
        _test("rounded-test", 1, "assert rounded([1.24, 2.0]) == [1.2, 2.0]"),
        _test("rounded-parts", 3,
              "good = [rounded([1.24]) == [1.2], rounded([]) == [], rounded([0.25, 9.99]) == "
              "[0.2, 10.0]]\nsum(good)"),
        new_markdown_cell("### BEGIN SOLUTION\nOne point for a reason.\n### END SOLUTION", id="why",
                          metadata=_mark("why", grade=True, solution=True, points=2)),
    ])


def write_source(root: Path) -> None:
    """Write the author's side of the course."""
    folder = root / "source" / ASSIGNMENT
    folder.mkdir(parents=True)
    nbformat.write(source(), folder / f"{NOTEBOOK}.ipynb")


def answered(released: Any, number: int) -> Any:
    """Return what one student made of the release."""
    made = copy.deepcopy(released)
    left_out = list(_ANSWERS)[number // 7 % len(_ANSWERS)] if number % 7 == 6 else ""
    for place, (grade_id, answers) in enumerate(_ANSWERS.items()):
        # Most are right: every answer is tried, the wrong ones less often.
        choice = (number * (place + 3) + number // 5) % (2 * len(answers))
        written = answers[choice] if choice < len(answers) else answers[choice % 2]
        if grade_id != left_out:
            _cell(made, grade_id).source = f"# answer {number}\n{written}"
    if number % 5:
        _cell(made, "why").source = f"In my school {10 + number} pupils need short lessons."
    return made


def _cell(notebook: Any, grade_id: str) -> Any:
    return next(c for c in notebook.cells
                if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def hand_in(root: Path, count: int) -> None:
    """Write the submissions of so many students into a course that is released."""
    released = nbformat.read(root / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
    for number in range(count):
        place = root / "submitted" / f"student{number:03}" / ASSIGNMENT
        place.mkdir(parents=True)
        nbformat.write(answered(released, number), place / f"{NOTEBOOK}.ipynb")
        (place / "timestamp.txt").write_text("2026-01-05 10:00:00.0 UTC", encoding="ascii")
