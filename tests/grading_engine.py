"""One engine for the tests of the grading engine, and short ways to run cells on it."""

from __future__ import annotations

import asyncio
import atexit
import functools
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

from coteach.grading.engine import Cell, CellRun, Engine, Limits, Run, Work


class Runner:
    """An engine on a loop of its own."""

    def __init__(self, **limits: Any) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.folder = Path(tempfile.mkdtemp(prefix="ct-eng-"))
        self.engine = Engine(
            self.folder / "run", log=self.folder / "log",
            limits=Limits(**{"memory_mb": 384, "wall_seconds": 60, "processes": 24, **limits}))
        self.do(self.engine.start())

    def do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    def run(self, *cells: str, **more: Any) -> Run:
        """Run sources: one that begins with ``# given`` or ``# test`` is such a cell."""
        return self.do(self.engine.run(work(*cells, **more)))

    def several(self, *works: Work, at_once: int = 4) -> list[Run]:
        """Run several works, some of them at once."""
        async def all_of_them() -> list[Run]:
            room = asyncio.Semaphore(at_once)

            async def one(work: Work) -> Run:
                async with room:
                    return await self.engine.run(work)
            return await asyncio.gather(*map(one, works))
        return self.do(all_of_them())

    def close(self) -> None:
        # No executor is left at this point for `Engine.close`.
        if seats := getattr(self.engine, "_seats", None):
            self.do(seats.close())
        self.engine._server.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def runner() -> Runner:
    made = Runner()
    atexit.register(made.close)
    return made


def work(*cells: str, **more: Any) -> Work:
    made = []
    for place, source in enumerate(cells):
        first = source.strip().partition("\n")[0].split()
        kind: Any = first[1] if first[:1] == ["#"] and first[1:2] in (["given"], ["test"]) else "student"
        made.append(Cell(str(place), source, kind))
    return Work(tuple(made), **more)


def ran(*cells: str, **more: Any) -> list[CellRun]:
    """Return what became of the cells."""
    run = runner().run(*cells, **more)
    assert run.status == "ran", (run.reason, run.detail)
    return list(run.cells.values())


def marks_of(answer: str, *tests: str, **more: Any) -> list[str]:
    """Return of each test ``ok`` or what it said, after an answer."""
    return [said(cell) for cell in ran(answer, *("# test\n" + t for t in tests), **more)[1:]]


def said(cell: CellRun) -> str:
    """Return ``ok``, or the error of a cell."""
    if cell.status == "ok":
        return "ok"
    found = next((f"{o['ename']}: {o['evalue']}" for o in cell.outputs
                  if o["output_type"] == "error"), "")
    return found or cell.message or cell.status
