"""The engine seen from outside: a template for an environment, a sandbox for each submission."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from coteach import sandbox
from coteach.forkserver import ForkFailed, ForkServer
from coteach.grading.engine import messages
from coteach.grading.engine.limits import Limits
from coteach.grading.engine.outputs import clean
from coteach.grading.engine.protocol import HEAD, LineBroken, pack, sizes, unpack
from coteach.grading.engine.seats import Seat, Seats
from coteach.grading.engine.work import CellRun, Run, Work
from coteach.sandbox import Sandbox

ENTRY = "coteach.grading.engine.tests:main"
FIRST = ("numpy?", "numpy.testing?", "pandas?", "pandas.testing?", "pandas.io.formats.style?",
         "matplotlib.pyplot?", "matplotlib.backends.backend_agg?",
         "matplotlib_inline.backend_inline?", "IPython",
         "IPython.core.magics", "unittest", "unittest.mock", "pydoc")
LAST = ("coteach.grading.engine.frames", "coteach.grading.engine.tests")
NATIVE = {"JE_ARROW_MALLOC_CONF": "background_thread:false",
          "ARROW_DEFAULT_MEMORY_POOL": "system",  # its own reserves a gigabyte at once
          "OMP_NUM_THREADS": "1",
          "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1",
          "PYTHONHASHSEED": "0", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
"""A template starts no thread, and each run hashes alike."""
_PART = 4 << 20
_MOST_FILES = 2000
_TEMPLATE_MB = 320
"""What the processes show though they share it with the template."""

_PATIENCE = 20.0
"""Seconds beyond its own after which a cell is not waited for."""
_MOST_STUCK = 3

log = structlog.get_logger("grading")


class _Hung(Exception):
    """A test does not come to its end; the text is its id."""


class Engine:
    """Runs submissions of one environment.

    Parameters
    ----------
    folder
        For run-time files.
    imports
        Modules that the assignment's code uses; one that ends in ``?`` may be missing.
    limits
        Of each run.
    trust_local
        Run without a sandbox where this machine can't make one.
    log
        Where the template and the runs write what goes wrong.
    plots
        Whether matplotlib is imported beforehand; a smaller template forks faster.
    walls
        False runs without a sandbox, also where one is possible: to measure what it costs.
    """

    def __init__(self, folder: Path, *, imports: Sequence[str] = (), limits: Limits | None = None,
                 trust_local: bool = False, log: Path, walls: bool = True, plots: bool = True
                 ) -> None:
        self.limits = limits or Limits()
        self._folder, self._log = Path(folder), Path(log)
        self._trust, self._walls = trust_local, walls
        self._apart = True
        self._root = False
        more = [name if name.endswith("?") else f"{name}?" for name in imports]
        first = [name for name in FIRST if plots or "matplotlib" not in name]
        self._server = ForkServer("grading", (*first, *more, *LAST), self._folder, self._log,
                                  NATIVE)
        self._count = 0
        self._seats = Seats(self._seat)

    def launch(self) -> None:
        """Begin to start the template and go on meanwhile; `start` waits for it."""
        self._server.launch()

    async def start(self) -> None:
        """Have the template ready.

        Raises
        ------
        UserError
            People's code can't be run apart here.
        ForkFailed
            The template can't be had.
        """
        probe = await asyncio.to_thread(sandbox.ensure, self._trust)
        self._apart = probe.ok and self._walls
        self._root = self._apart and probe.mode == "root"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._apart:
            home = self._folder / "nothing"
            home.mkdir(exist_ok=True, mode=0o555)
        await self._server.start()

    async def close(self) -> None:
        """End the template. Runs that were begun go on to their end."""
        await self._seats.close()
        await asyncio.to_thread(self._server.close)

    async def run(self, work: Work) -> Run:
        """Run one submission; many may run at once."""
        began = time.monotonic()
        run = Run({})
        stuck: dict[str, CellRun] = {}
        while True:
            fresh = Run({cell.id: CellRun() for cell in work.cells} | stuck)
            fresh.cpu_seconds = run.cpu_seconds
            run = fresh
            name = await self._once(work, run, frozenset(stuck))
            if not name:
                break
            if len(stuck) == _MOST_STUCK:
                run.status, run.reason = "failed", "too-long"
                break
            # Only this test hung where nothing could stop it; the others have their honest run.
            stuck[name] = CellRun([_stuck()], "timeout", False, "stuck")
        run.seconds = time.monotonic() - began
        if run.status == "failed":
            log.warning("a submission could not be run", name=work.names, reason=run.reason,
                        detail=run.detail)
        return run

    async def _once(self, work: Work, run: Run, without: frozenset[str]) -> str:
        """Run once; return the test that hung, else nothing."""
        try:
            async with asyncio.timeout(self.limits.wall_seconds + 30):
                await self._run(work, run, without)
        except _Hung as hung:
            return str(hung)
        except TimeoutError:
            run.status, run.reason = "failed", "too-long"
        except (ForkFailed, OSError, LineBroken, asyncio.IncompleteReadError) as error:
            if run.status == "ran":
                run.status, run.reason, run.detail = "failed", "broke", str(error)[:500]
        return ""

    def _box(self, uid: int | None) -> Sandbox:
        bounds = self.limits
        return Sandbox(
            home=self._folder / "nothing", uid=uid, nested=True,
            memory_mb=bounds.memory_mb + _TEMPLATE_MB, processes=bounds.processes + 8,
            open_files=bounds.open_files, file_mb=bounds.scratch_mb, tmp_mb=bounds.scratch_mb,
            cpu_seconds=bounds.cpu_seconds)

    async def _seat(self) -> Seat:
        """Return a new child that waits for work."""
        lease = sandbox.lease() if self._root else None
        self._count += 1
        scratch = self._folder / f"scratch-{self._count}"
        ours, theirs = socket.socketpair()
        try:
            child = await self._server.fork(
                ENTRY, {"frame": self.limits.frame_mb << 20, "apart": self._apart,
                        "folder": str(scratch)},
                sandbox=self._box(lease.uid if lease else None) if self._apart else None,
                env=sandbox.scrubbed({}, (), {
                    **NATIVE, "HOME": "/tmp/home" if self._apart else str(scratch)}),  # noqa: S108
                cwd=Path("/tmp") if self._apart else self._folder,  # noqa: S108
                log=self._log, title="coteach grading", pass_fds=(theirs.fileno(),))
        except BaseException:
            ours.close()
            if lease is not None:
                lease.close()
            raise
        finally:
            theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours, limit=1 << 20)
        return Seat(child, reader, writer, lease, None if self._apart else scratch)

    async def _run(self, work: Work, run: Run, without: frozenset[str]) -> None:
        files: list[tuple[str, bytes]] = []
        if work.files is not None:
            folder, most = work.files, self.limits.scratch_mb << 20
            try:
                files = await asyncio.to_thread(lambda: list(_files(folder, most)))
            except OSError as error:
                run.status, run.reason, run.detail = "failed", "files", str(error)[:500]
                return
        seat = await self._seats.take()
        child = seat.child
        try:
            async with asyncio.timeout(self.limits.wall_seconds):
                await self._give(work, files, seat.writer)
                await self._hear(work, run, without, seat.reader, seat.writer)
        except TimeoutError:
            run.status, run.reason = "failed", "too-long"
        except (LineBroken, asyncio.IncompleteReadError, ConnectionError):
            child.kill()
            code = await child.wait()
            run.status, run.reason = "failed", self._why(child.words)
            run.detail = f"exit code {code}; {'; '.join(child.words)}"[:500]
        finally:
            self._seats.leave(seat)

    @staticmethod
    def _why(words: list[str]) -> str:
        return "memory" if any("memory" in word for word in words) else "broke"

    async def _give(self, work: Work, files: list[tuple[str, bytes]],
                    writer: asyncio.StreamWriter) -> None:
        """Send what both processes may know; the cells are asked for."""
        bounds = self.limits
        spec = {"seed": work.seed, "seconds": work.seconds, "text": bounds.text,
                "own": sorted(work.own), "bounds": {
                    "memory_mb": bounds.memory_mb, "processes": bounds.processes,
                    "open_files": bounds.open_files, "cpu_seconds": bounds.cpu_seconds,
                    "file_mb": bounds.scratch_mb}}
        most = bounds.frame_mb << 20
        writer.write(pack([spec, len(files)], [], most))
        for name, data in files:
            writer.write(pack([name, None], [data], most))
            await writer.drain()

    async def _hear(self, work: Work, run: Run, without: frozenset[str],
                    reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        most = self.limits.frame_mb << 20
        kinds: dict[str, str] = {cell.id: cell.kind for cell in work.cells}
        now = ""
        while True:
            try:
                async with asyncio.timeout(work.seconds * 2 + _PATIENCE):
                    text, size = sizes(await reader.readexactly(HEAD.size), most)
                    message, _blobs = unpack(await reader.readexactly(text),
                                             await reader.readexactly(size))
            except TimeoutError:
                if kinds.get(now) == "test":
                    raise _Hung(now) from None
                raise
            try:
                kind, *rest = message
                if kind == "divided":
                    cells = [[c.id, c.source, c.kind, c.beside] for c in work.cells
                             if c.id not in without]
                    answers = None if work.answers is None else sorted(work.answers)
                    writer.write(pack([cells, answers], [], most))
                    await writer.drain()
                elif kind == "begin":
                    now = str(rest[0])
                elif kind == "cell":
                    self._cell(run, kinds, *rest)
                elif kind == "done":
                    run.cpu_seconds += float(rest[0])
                    return
                else:
                    run.status, run.reason = "failed", "walls"
                    return
            except (ValueError, TypeError, IndexError) as error:
                raise LineBroken(str(error)) from None

    def _cell(self, run: Run, kinds: Mapping[str, str], name: str, outputs: Any, status: Any,
              beside: Any, said: Any) -> None:
        if name not in kinds or status not in ("ok", "error", "timeout", "not-run"):
            raise LineBroken("no such cell")
        run.cells[name] = CellRun(clean(outputs, self.limits.text + 200), status, bool(beside),
                                  str(said))


def _stuck() -> dict[str, Any]:
    return {"output_type": "error", "ename": "CellTimeoutError", "traceback": [],
            "evalue": messages.english("stuck")}


def _files(folder: Path, most: int) -> Iterator[tuple[str, bytes]]:
    """Yield the plain files below a folder in parts; links and pipes are not followed.

    Raises
    ------
    OSError
        They are more than may be.
    """
    left, count = most // 2, 0
    for place, folders, names, handle in os.fwalk(folder, follow_symlinks=False):
        folders.sort()
        for name in sorted(names):
            found = os.stat(name, dir_fd=handle, follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode):
                continue
            left, count = left - found.st_size, count + 1
            if left < 0 or count > _MOST_FILES:
                raise OSError(27, "the submission's files are too large or too many")
            path = os.path.relpath(os.path.join(place, name), folder)
            opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handle)
            with os.fdopen(opened, "rb") as file:
                yield path, file.read(_PART)
                while part := file.read(_PART):
                    yield path, part


