"""Marking many notebooks in one process: read, restore, run in the engine, write.

Rule: whatever is in one submission, it gets its own result and touches no other. This process is
trusted and executes nothing of a notebook. One thread writes all files and the gradebook.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import structlog
from sqlalchemy.exc import OperationalError

from coteach.grading.engine import Engine
from coteach.grading.job import Job, OnResult
from coteach.grading.marker import Marker, Outcome
from coteach.grading.reason import Reason
from coteach.grading.result import Result
from coteach.grading.writer import Writer

log = structlog.get_logger()

AHEAD = 2
"""Run notebooks that may wait for the writer, for each worker; so memory stays flat."""

@dataclass
class Batch:
    """A run over the submissions of one assignment.

    Parameters
    ----------
    engine
        A started engine.
    on_result
        Called with each result when everything about it is written, one call at a time.
    stop
        Ends the run after what is being written; what runs is given up.
    """

    marker: Marker
    writer: Writer
    engine: Engine
    on_result: OnResult = lambda _job, _result: None
    stop: Event = field(default_factory=Event)

    async def run(self, jobs: Sequence[Job], workers: int) -> list[Result | None]:
        """Return the result of each job in its place, None for what was not done."""
        found: list[Result | None] = [None] * len(jobs)
        todo = iter(enumerate(jobs))
        made: asyncio.Queue[tuple[int, Job, Outcome]] = asyncio.Queue(AHEAD * workers)

        async def work() -> None:
            for place, job in todo:
                if self.stop.is_set():
                    return
                await made.put((place, job, await self._safely(job)))

        async def write(pool: ThreadPoolExecutor) -> None:
            loop = asyncio.get_running_loop()
            while True:
                place, job, outcome = await made.get()
                result = await loop.run_in_executor(pool, self._write, job, outcome)
                found[place] = result
                self.on_result(job, result)
                made.task_done()

        with ThreadPoolExecutor(1, thread_name_prefix="gradebook") as pool:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(pool, self.writer.open)
            writing = asyncio.create_task(write(pool))
            working = [asyncio.create_task(work()) for _n in range(max(1, workers))]
            try:
                await self._until_stopped(working)
                await self._drained(made, writing)
            finally:
                for task in (*working, writing):
                    task.cancel()
                await asyncio.gather(*working, writing, return_exceptions=True)
                await loop.run_in_executor(pool, self.writer.close)
        return found

    async def _until_stopped(self, working: list[asyncio.Task[None]]) -> None:
        waiting = set(working)
        while waiting and not self.stop.is_set():
            _done, waiting = await asyncio.wait(waiting, timeout=0.1)
        for task in waiting:
            task.cancel()
        for ended in await asyncio.gather(*working, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

    @staticmethod
    async def _drained(made: asyncio.Queue[tuple[int, Job, Outcome]],
                       writing: asyncio.Task[None]) -> None:
        """Wait until all that was run is written, or the writer can't go on."""
        joined = asyncio.create_task(made.join())
        await asyncio.wait({joined, writing}, return_when=asyncio.FIRST_COMPLETED)
        joined.cancel()
        if writing.done():
            writing.result()

    async def _safely(self, job: Job) -> Outcome:
        try:
            return await self.marker.mark(job, self.engine)
        except Exception as error:
            log.error("not-marked", student=job.student, notebook=job.notebook, exc_info=error)
            return self._odd(job, error)

    def _odd(self, job: Job, error: Exception) -> Outcome:
        return Outcome(self.marker.refused(
            job, "failed", Reason("other", {"detail": type(error).__name__})), forget=True)

    def _write(self, job: Job, outcome: Outcome) -> Result:
        try:
            return self.writer.write(job, outcome)
        except (OSError, OperationalError):
            raise  # a full disk or a locked gradebook is nobody's submission
        except Exception as error:
            log.error("not-written", student=job.student, notebook=job.notebook, exc_info=error)
            return self.writer.write(job, self._odd(job, error))
