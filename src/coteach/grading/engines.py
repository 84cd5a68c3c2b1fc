"""The engine of a batch, begun as early as possible: its template imports while we read.

Starting Python with pandas takes longer than marking ten notebooks, so nothing waits for it that
does not have to. Only light modules are imported here.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from coteach import sandbox
from coteach.forkserver import ForkFailed
from coteach.grading import imports
from coteach.grading.course import CourseFolder
from coteach.grading.engine import Engine, Limits

log = structlog.get_logger()

NOTEBOOK_SECONDS = 240.0
TEXT = 20_000
"""Characters of output that one cell may keep."""


@dataclass
class Starting:
    """An engine that is being started, with a folder that is gone in the end.

    Parameters
    ----------
    data
        A folder for the instructor's files.
    """

    engine: Engine
    data: Path
    seconds: float
    _again: Engine

    async def start(self) -> Engine:
        """Return the engine when it is ready; without the assignment's libraries if need be."""
        try:
            await self.engine.start()
        except ForkFailed as error:
            await self.engine.close()
            log.warning("no-template", reason=str(error)[-500:])
            self.engine = self._again
            await self.engine.start()
        return self.engine


@contextmanager
def starting(course: CourseFolder, assignment: str, *, seconds: float = NOTEBOOK_SECONDS,
             trust_local: bool = False, walls: bool = True) -> Iterator[Starting]:
    """Begin to start the engine for an assignment.

    Parameters
    ----------
    seconds
        How long one notebook may take.
    walls
        False runs code of our own without a sandbox, to measure what the sandbox costs.
    """
    root = Path(tempfile.mkdtemp(prefix="ct-g-"))
    try:
        sandbox.claim(root)
        data = root / "data"
        data.mkdir()
        used = imports.used_by(course, assignment)
        engines = [Engine(root / f"engine{n}", imports=wanted, trust_local=trust_local,
                          walls=walls, limits=Limits(wall_seconds=seconds, text=TEXT),
                          log=root / "engine.log", plots=imports.has_plots(used))
                   for n, wanted in enumerate((imports.shared(used), ()))]
        engines[0].launch()
        begun = Starting(engines[0], data, seconds, engines[1])
        try:
            yield begun
        finally:
            asyncio.run(begun.engine.close())
    finally:
        shutil.rmtree(root, ignore_errors=True)
