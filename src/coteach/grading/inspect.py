"""Looking at a submitted notebook before anything runs it.

nbgrader gives a notebook that it can't read, or whose cells lost their marking information, the
same zero as a wrong answer; here such a notebook is rejected with the reason.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat.validator import NotebookValidationError

from coteach.grading.reason import Reason

SCHEMA = 3
"""nbgrader's metadata version."""
MAX_MB = 20
MAX_PARTS = 300_000
"""Lists and objects in one file."""


@dataclass(frozen=True)
class ExpectedCell:
    """A cell as it was released."""

    grade: bool
    solution: bool
    task: bool
    max_score: float

    @property
    def needed(self) -> bool:
        """Whether marking without it would be unfair; a plain locked cell is only text."""
        return self.grade or self.solution or self.task


@dataclass(frozen=True)
class Expected:
    """What a notebook of an assignment has to have."""

    notebook: str
    cells: dict[str, ExpectedCell]

    @property
    def max_score(self) -> float:
        return sum(c.max_score for c in self.cells.values())


def inspect(raw: bytes, expected: Expected | None = None) -> Reason | None:
    """Return why a notebook can't be marked, or None.

    Parameters
    ----------
    raw
        The file.
    expected
        The cells it has to have; only the file itself is looked at without it.
    """
    found = read(raw, expected)
    return found if isinstance(found, Reason) else None


def read(raw: bytes, expected: Expected | None = None, *, may_miss: bool = False
         ) -> dict[str, Any] | Reason:
    """Return what is in a notebook file, or why it can't be marked.

    Parameters
    ----------
    may_miss
        Whether nbgrader puts missing cells back.
    """
    if not raw.strip():
        return Reason("empty")
    if len(raw) > MAX_MB << 20:
        return Reason("too-large", {"limit": str(MAX_MB)})
    # A million empty objects fit into three megabytes and take 1.2 gigabytes as nodes.
    if raw.count(b"[") + raw.count(b"{") > MAX_PARTS:
        return Reason("not-notebook", {"detail": f"more than {MAX_PARTS} parts"})
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Reason("not-utf8")
    try:
        content = json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return Reason("not-utf8")
    except (ValueError, RecursionError):
        return Reason("not-json")
    reason = _shape(content)
    if reason is None and expected is not None:
        reason = _cells(content["cells"], expected, may_miss)
    if reason is not None:
        return reason
    assert isinstance(content, dict)
    return content


def _shape(content: Any) -> Reason | None:
    """Say what keeps this from being a notebook of format 4."""
    def bad(detail: str) -> Reason:
        return Reason("not-notebook", {"detail": detail})

    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        return bad("no list of cells")
    if content.get("nbformat") != 4:
        return bad(f"format {content.get('nbformat')!r:.40}")
    for place, cell in enumerate(content["cells"], 1):
        if not isinstance(cell, dict) or not isinstance(cell.get("metadata"), dict):
            return bad(f"cell {place}")
        mark = cell["metadata"].get("nbgrader", {})
        if not isinstance(mark, dict) or not isinstance(mark.get("grade_id", ""), str):
            return bad(f"cell {place}")
    try:
        nbformat.validate(nbformat.from_dict(content), relax_add_props=True)
    except NotebookValidationError as error:
        return bad(str(error).splitlines()[0][:200])
    except Exception as error:  # the validator trips over odd values in its own ways
        return bad(type(error).__name__)
    return None


def _cells(cells: list[dict[str, Any]], expected: Expected, may_miss: bool) -> Reason | None:
    marks = [c["metadata"]["nbgrader"] for c in cells if c["metadata"].get("nbgrader")]
    counted = Counter(m["grade_id"] for m in marks if m.get("grade_id"))
    if twice := [name for name, count in counted.items() if count > 1]:
        return _about("duplicated-cells", twice)
    if old := [m for m in marks if m.get("schema_version", 0) != SCHEMA]:
        reason = _about("schema", [str(m.get("grade_id", "?")) for m in old])
        found = f"{old[0].get('schema_version')!r:.20}"
        return Reason("schema", {**reason.values, "found": found, "expected": str(SCHEMA)})
    missing = [name for name, c in expected.cells.items() if c.needed and name not in counted]
    if missing and not may_miss:
        return _about("missing-cells", missing)
    known = {m["grade_id"]: m for m in marks if m.get("grade_id") in expected.cells}
    if changed := [name for name, m in known.items() if not _same(m, expected.cells[name])]:
        return _about("changed-cells", changed)
    strange = [m.get("grade_id") or "?" for m in marks if m.get("grade_id") not in expected.cells
               and (m.get("grade") or m.get("solution") or m.get("task") or m.get("locked"))]
    return _about("unknown-cells", strange) if strange else None


def _same(mark: dict[str, Any], cell: ExpectedCell) -> bool:
    return (bool(mark.get("grade")), bool(mark.get("solution")), bool(mark.get("task"))) == (
        cell.grade, cell.solution, cell.task)


def _about(code: str, names: list[str]) -> Reason:
    shown = [name[:60] for name in names[:8]]
    return Reason(code, {"cells": ", ".join(shown) + (" …" if len(names) > 8 else "")})
