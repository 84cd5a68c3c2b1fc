"""A small nbgrader course for tests: two autograded cells and one written answer."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ASSIGNMENT = "ps1"


def _mark(grade_id: str, **change: Any) -> dict[str, Any]:
    return {"nbgrader": {"grade": False, "solution": False, "locked": False, "task": False,
                         "schema_version": 3, "grade_id": grade_id, **change}}


def _test(name: str, source: str, points: int) -> Any:
    return new_code_cell(source, id=f"cell-{name}", metadata=_mark(
        name, grade=True, locked=True, points=points))


def source_notebook() -> Any:
    return new_notebook(cells=[
        new_markdown_cell("# Light on your face", id="intro"),
        new_code_cell("def lux(lamps):\n    ### BEGIN SOLUTION\n    return lamps * 100\n"
                      "    ### END SOLUTION", id="sol", metadata=_mark("lux", solution=True)),
        _test("test-lux", "assert lux(2) == 200\n### BEGIN HIDDEN TESTS\n"
              "assert lux(7) == 700, 'SECRET-HIDDEN'\n### END HIDDEN TESTS", 2),
        _test("test-zero", "assert lux(0) == 0", 1),
        new_markdown_cell("## Why does light come from the front?", id="question"),
        new_markdown_cell("### BEGIN SOLUTION\nSECRET-GUIDE: the face is not dark.\n"
                          "### END SOLUTION", id="why", metadata=_mark(
                              "why", grade=True, solution=True, points=5)),
    ], metadata={"kernelspec": {"name": "python3", "display_name": "Python 3",
                                "language": "python"}})


def make_source(root: Path) -> Path:
    """Write `source/` into a course folder and return it."""
    folder = root / "source" / ASSIGNMENT
    folder.mkdir(parents=True)
    nbformat.write(source_notebook(), folder / "assignment.ipynb")
    nbformat.write(new_notebook(cells=[new_markdown_cell("Header of the course", id="header")]),
                   root / "source" / "header.ipynb")
    return root / "source"


def cell(notebook: Any, grade_id: str) -> Any:
    """Return the cell with a grade id."""
    return next(c for c in notebook.cells
                if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def answered(released: Any, code: str = "def lux(lamps):\n    return lamps * 100",
             why: str = "So that pupils see my mouth.") -> Any:
    """Return a released notebook with answers in it."""
    made = copy.deepcopy(released)
    cell(made, "lux").source = code
    cell(made, "why").source = why
    return made
