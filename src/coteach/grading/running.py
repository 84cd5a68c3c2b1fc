"""Between a notebook and the engine: its code cells as work, and what they showed put back.

A cell is the instructor's (``given``) when it is locked, or when it stands in the release as it is
here and is no answer; so a set-up cell that nobody marked is known to the tests as well.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbgrader import utils

from coteach.grading.engine import Cell, CellRun, Engine, Run, Work, touched
from coteach.grading.outputs import grade_id
from coteach.grading.reason import Reason

_ENDED = ("ended", "stuck")
_MOST_ENDED = 4


def given_sources(released: Any) -> frozenset[str]:
    """Return the code of a release that is nobody's answer."""
    return frozenset(str(c.source) for c in released.cells
                     if c.cell_type == "code" and not utils.is_solution(c)
                     and not utils.is_grade(c) and c.source.strip())


def answered_names(source: Any) -> frozenset[str]:
    """Return the names that the instructor's own solutions set or change."""
    return frozenset(name for c in source.cells if c.cell_type == "code" and utils.is_solution(c)
                     for name in touched(c.source))


@dataclass(frozen=True)
class Known:
    """What is known of a notebook of the assignment before any submission is looked at.

    Parameters
    ----------
    given
        As `given_sources` says.
    answers
        As `answered_names` says.
    own
        The instructor's data files.
    beside
        The tests that need the answer's live objects, as the instructor's own solution showed.
    """

    given: frozenset[str]
    answers: frozenset[str]
    own: frozenset[str]
    beside: frozenset[str] = frozenset()


def work_of(notebook: nbformat.NotebookNode, known: Known, *, files: Path | None, seconds: float,
            seed: int, names: str) -> Work:
    """Return what the engine is to run."""
    cells = tuple(
        Cell(str(place), str(cell.source), _kind(cell, known.given),
             beside=grade_id(cell) in known.beside)
        for place, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    return Work(cells, files=files, seconds=seconds, seed=seed, names=names, own=known.own,
                answers=known.answers)


async def needs_beside(engine: Engine, work: Work, source: nbformat.NotebookNode
                       ) -> frozenset[str]:
    """Return the tests that the instructor's own solution passes only beside its objects.

    Parameters
    ----------
    work
        Of the source notebook, which has the solutions in it.
    """
    def failing(run: Run) -> set[str]:
        return {cell.id for cell in work.cells
                if cell.kind == "test" and run.cells[cell.id].status == "error"}

    across = failing(await engine.run(work))
    if not across:
        return frozenset()
    again = await engine.run(replace(work, cells=tuple(
        replace(cell, beside=cell.beside or cell.id in across) for cell in work.cells)))
    if again.status != "ran":
        return frozenset()
    return frozenset(str(grade_id(source.cells[int(name)])) for name in across - failing(again))


def _kind(cell: Any, given: Collection[str]) -> Literal["student", "given", "test"]:
    if utils.is_solution(cell):
        return "student"
    if utils.is_grade(cell):
        return "test"
    return "given" if utils.is_locked(cell) or cell.source in given else "student"


async def run_all(engine: Engine, work: Work) -> Run:
    """Run a notebook; what ends the student's process is left out and the rest runs again.

    So one part that loops for ever or ends Python costs nobody the marks of the other parts.
    """
    run = await engine.run(work)
    ended: dict[str, CellRun] = {}
    while run.status == "ran" and len(ended) < _MOST_ENDED:
        place = next((n for n, cell in enumerate(work.cells)
                      if run.cells[cell.id].message in _ENDED
                      and run.cells[cell.id].status != "not-run"), None)
        if place is None or work.cells[place].id in ended or all(
                run.cells[cell.id].status != "not-run" for cell in work.cells[place + 1:]):
            break  # what ends without that cell's code ends again and again
        cell = work.cells[place]
        ended[cell.id] = run.cells[cell.id]
        work = replace(work, cells=(*work.cells[:place], replace(cell, source="pass"),
                                    *work.cells[place + 1:]))
        again = await engine.run(work)
        again.seconds += run.seconds
        again.cpu_seconds += run.cpu_seconds
        run = again
    run.cells.update(ended)
    return run


def why(run: Run, cell: str, seconds: float) -> Reason | None:
    """Return why a cell was stopped, did not run or could not be judged; None when it was."""
    found = run.cells[cell]
    if found.status == "timeout":
        return Reason("cell-timeout", {"seconds": f"{seconds:g}"})
    if found.message:
        return engine_reason(found.message, seconds)
    if any(o.get("ename") == "MemoryError" for o in found.outputs):
        return Reason("cell-memory")
    return Reason("cell-stopped") if found.status == "not-run" else None


def engine_reason(code: str, seconds: float) -> Reason:
    """Return a reason of the engine's as one of ours."""
    known = {"timeout": "cell-timeout", "stuck": "cell-timeout", "ended": "kernel-died",
             "memory": "too-much", "too-long": "timeout", "files": "too-many-files",
             "walls": "kernel-start"}
    return Reason(known.get(code, "engine"), {"seconds": f"{seconds:g}", "code": code})


def differs(one: CellRun, other: CellRun | None) -> bool:
    """Say whether a test ended in another way when it ran again."""
    return other is None or _end(one) != _end(other)


def _end(found: CellRun) -> tuple[Any, ...]:
    # Not what an error says: it may name a place in memory.
    return found.status, [o.get("ename") or o.get("data", {}).get("text/plain")
                          for o in found.outputs if o["output_type"] in ("error", "execute_result")]


def put_back(notebook: nbformat.NotebookNode, run: Run) -> dict[int, str]:
    """Write what cells showed into the notebook; return what became of each, by its place."""
    states: dict[int, str] = {}
    for place, cell in enumerate(notebook.cells):
        found = run.cells.get(str(place)) if cell.cell_type == "code" else None
        if found is None:
            continue
        states[place] = found.status
        ran = found.status != "not-run" and bool(cell.source.strip())
        cell.execution_count = len(states) if ran else None
        cell.outputs = [nbformat.from_dict(each) for each in found.outputs]  # type: ignore[no-untyped-call]
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
    return states
