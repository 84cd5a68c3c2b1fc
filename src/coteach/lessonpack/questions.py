"""The questions that a lesson notebook asks, read from its source without running it.

Rule: only what stands there as a literal is read; a prompt that a cell computes is left empty.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

import nbformat

from coteach.lessonpack.notebook import joined
from coteach.lessonpack.strings import QUESTIONS

KINDS = {
    "Choice": "choice", "MultipleChoice": "multiple", "Poll": "poll", "Number": "number",
    "ShortText": "text", "Understood": "understood", "Draw": "draw", "Photo": "photo",
    "ExitTicket": "exit"}
LISTED = frozenset({"Choice", "MultipleChoice", "Poll"})


@dataclass(frozen=True)
class Asked:
    """One question of a lesson."""

    cell: str
    """nbformat cell id."""
    key: str
    """The author's name for it; empty when she gave none."""
    kind: str
    """One of the values of `KINDS`."""
    prompt: str
    options: tuple[str, ...] = ()
    unit: str = ""


def questions_asked(notebook: nbformat.NotebookNode) -> list[Asked]:
    """Return the questions of a notebook in order."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        try:
            tree = ast.parse(joined(cell))
        except (SyntaxError, ValueError, RecursionError):
            continue
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        for call in sorted(calls, key=lambda c: (c.lineno, c.col_offset)):
            name = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
            if name in QUESTIONS:
                found.append(_asked(str(cell.id), name, call))
    return found


def _asked(cell: str, name: str, call: ast.Call) -> Asked:
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    places = ("prompt", "options") if name in LISTED else ("prompt", "unit")
    given.update(zip(places, call.args, strict=False))
    options = given.get("options")
    listed = options.elts if isinstance(options, (ast.List, ast.Tuple)) else []
    if any(isinstance(option, ast.Starred) for option in listed):
        listed = []
    return Asked(cell=cell, key=_text(given.get("key")), kind=KINDS[name],
                 prompt=_text(given.get("prompt")), unit=_text(given.get("unit")),
                 options=tuple(_text(option) for option in listed))


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
