"""Which libraries an assignment uses, so that they are imported once for all its submissions."""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from coteach.grading.blank import source_of
from coteach.grading.course import CourseFolder
from coteach.grading.engine.touched import parse

SHARED = ("scipy", "scipy.stats", "scipy.optimize", "sympy", "sklearn", "statsmodels.api",
          "networkx", "seaborn", "PIL.Image", "altair", "plotly", "bs4", "yaml", "requests",
          "decimal", "fractions", "statistics", "csv", "sqlite3", "xml.etree.ElementTree")
"""What may be imported before a fork: it starts no thread and opens nothing (`forkserver`)."""


def used_by(course: CourseFolder, assignment: str) -> frozenset[str]:
    """Return the names of the modules that the instructor's notebooks import."""
    return frozenset(
        name for notebook in course.notebooks(assignment)
        for source in _code(course.source(assignment) / f"{notebook}.ipynb")
        for name in _imported(source))


def has_plots(used: Collection[str]) -> bool:
    """Say whether one of them draws with matplotlib."""
    return not {"matplotlib", "pylab", "seaborn"}.isdisjoint(used)


def shared(used: Collection[str]) -> tuple[str, ...]:
    """Return those of `SHARED` among them."""
    return tuple(name for name in SHARED
                 if name in used or (name.partition(".")[0] in used and "." not in name))


def _code(file: Path) -> Iterator[str]:
    # nbformat takes a second to load, and a source that is no notebook is refused later.
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        for cell in json.loads(file.read_bytes())["cells"]:
            if cell["cell_type"] == "code":
                yield source_of(cell)


def _imported(source: str) -> Iterator[str]:
    tree = parse(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from (alias.name, alias.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (node.module, node.module.partition(".")[0])
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
