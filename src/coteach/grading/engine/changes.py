"""Which of the instructor's files her own solution changes: an answer must be able to do so too.

A solution that inserts a row into a given database, or writes a given file anew, would fail where
these files can be read only, and with it every answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path

from coteach.grading.engine.engine import Engine
from coteach.grading.engine.work import Cell, Work

_NAME = "changes"
_LOOK = """
def _look(sums):
    import hashlib, json
    changed = []
    for path, before in sums.items():
        try:
            with open(path, "rb") as file: same = hashlib.sha256(file.read()).hexdigest() == before
        except OSError: same = False
        if not same: changed.append(path)
    print("\\n" + json.dumps(changed))
_look(%s)
"""


def _sums(folder: Path, paths: list[str]) -> dict[str, str]:
    return {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in paths}


async def changes(engine: Engine, solution: Work) -> frozenset[str]:
    """Return the files of `solution.own` that a run of the instructor's solution changes.

    Parameters
    ----------
    solution
        The source notebook as work, with the files that it is given.
    """
    if not solution.own or solution.files is None:
        return frozenset()
    try:
        before = await asyncio.to_thread(_sums, solution.files, sorted(solution.own))
    except OSError:
        return frozenset()
    looks = Cell(_NAME, _LOOK % json.dumps(before), "student")
    run = await engine.run(replace(
        solution, own=frozenset(),
        cells=(*(cell for cell in solution.cells if cell.kind != "test"), looks)))
    text = "".join(output.get("text", "") for output in run.cells[_NAME].outputs)
    try:
        return solution.own & frozenset(json.loads(text.strip().rpartition("\n")[2]))
    except (ValueError, TypeError):
        return frozenset()  # the solution did not come to its end; its tests say so
