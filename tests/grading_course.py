"""A small nbgrader course for tests: two autograded cells and one written answer."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from coteach.grading import CourseFolder, jobs

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


COURSE_TOML = '''
id = "teaching-at-a-distance"
version = "1"
title = "Teaching at a distance"
languages = ["en"]
[[modules]]
id = "m1-set-up-the-online-classroom"
title = "Set up the online classroom"
minutes = 40
notebook = "module.ipynb"
assignment = "ps1"
deadline_days = 14
  [[modules.steps]]
  id = "read"
  kind = "read"
  title = "Read"
  cell = "intro"
  [[modules.steps]]
  id = "hand-in"
  kind = "assignment"
  title = "Hand in"
'''


IN_VIETNAMESE = (
    ("intro", "# Light on your face", "# Ánh sáng trên khuôn mặt"),
    ("question", "## Why does light come from the front?", "## Vì sao ánh sáng từ phía trước?"),
    ("why", "### BEGIN SOLUTION\\nSECRET-GUIDE: the face is not dark.\\n### END SOLUTION",
     "### BEGIN SOLUTION\\nSECRET-GUIDE: khuôn mặt không tối.\\n### END SOLUTION"),
    ("why", "YOUR ANSWER HERE", "Viết câu trả lời ở đây"),
)
"""Cell, text, translation, as they stand in a `.po` file."""


def make_courses(root: Path) -> Path:
    """Write a `courses` folder with one course of one module and return it."""
    course = root / "teaching-at-a-distance"
    make_source(course)
    (course / "course.toml").write_text(COURSE_TOML)
    module = course / "modules" / "m1-set-up-the-online-classroom"
    (module / "assets").mkdir(parents=True)
    (module / "assets" / "light.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Module one", id="intro")]),
                   module / "module.ipynb")
    i18n = course / "source" / ASSIGNMENT / "i18n"
    i18n.mkdir()
    (i18n / "vi.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n' + "\n".join(
            f'msgctxt "{cell}"\nmsgid "{said}"\nmsgstr "{translated}"\n'
            for cell, said, translated in IN_VIETNAMESE), encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def released_course(tmp_path_factory: pytest.TempPathFactory) -> CourseFolder:
    """A course folder whose assignment is released; copy it, nbgrader takes seconds for one."""
    root = tmp_path_factory.mktemp("released")
    make_source(root)
    course = CourseFolder(root, "teaching-at-a-distance")
    jobs.release(course, ASSIGNMENT)
    return course
