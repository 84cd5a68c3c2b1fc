"""Marking a cohort: `nbgrader autograde` and coteach on the same submissions of the same course.

Each side is one command from its start to its end, on a copy of the course of its own; coteach once
more without its sandbox, to say what that costs. Then both gradebooks are compared, mark by mark.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from coteach import sandbox
from coteach.bench import cohort, processes, report
from coteach.bench.report import Row
from coteach.errors import UserError
from coteach.i18n import gettext as _

_LOOK = 0.5
"""Seconds between two looks at the memory."""
# `coteach grade` itself; only the processor time of its runs is added up besides.
_MARK = """
import functools, json, resource, sys
from pathlib import Path
from coteach.cli import grade as command
root, workers, walls = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "True"
found, mark = [], command.grade
command.grade = lambda *args, **named: found.extend(mark(*args, **named))
command.starting = functools.partial(command.starting, walls=walls)
command.grade_command(
    course=root, assignment=sys.argv[4], submissions=root / "submitted",
    results=root / "results.jsonl", jobs=workers, fresh=True)
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({"marked": len(found), "cpu": sum(u.ru_utime + u.ru_stime for u in used)
                  + sum(r.cpu_seconds for r in found)}))
"""


def rows(jobs: int = 1) -> tuple[Row, ...]:
    """Return the figures with their goals."""
    return (
        Row("submission_s", _("time for a submission, in the sandbox"),
            most_ratio=1 / 20 if jobs == 1 else 1 / 35),
        Row("further_s", _("each further submission, once all is started")),
        Row("bare_s", _("time for a submission, without the sandbox")),
        Row("sandbox_percent", _("what the sandbox adds"), "%"),
        Row("cpu_s", _("processor time for a submission")),
        Row("memory_mb", _("most memory at a time (PSS)"), "MB"),
        Row("differ", _("marks that differ between the gradebooks"), "", most=0),
    )


async def run(submissions: int = 40, jobs: int = 1, say: report.Say = lambda line: None
              ) -> dict[str, Any]:
    """Measure both sides.

    Parameters
    ----------
    submissions
        How many students handed in.
    jobs
        How many coteach marks at once; nbgrader marks one after another.
    """
    sandbox.ensure(False)
    on = report.machine()
    folder = Path(tempfile.mkdtemp(prefix="coteach-bench-"))
    try:
        return await asyncio.to_thread(_measured, folder, submissions, jobs, say, on)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measured(folder: Path, submissions: int, jobs: int, say: report.Say, on: dict[str, Any]
              ) -> dict[str, Any]:
    made = folder / "course"
    cohort.write_source(made)
    say(_("making a course with {n} submissions").format(n=submissions))
    _run(_nbgrader("generate_assignment", "--create"), made)
    cohort.hand_in(made, submissions)
    roots = {}
    for side in ("ours", "bare", "stock"):
        roots[side] = folder / side
        shutil.copytree(made, roots[side])
    for side in ("ours", "bare"):  # the release is made already, on both sides
        _release(roots[side])
    found: dict[str, dict[str, float]] = {}
    for side, command in (
            ("stock", _nbgrader("autograde")),
            ("ours", _marking(roots["ours"], jobs, True)),
            ("bare", _marking(roots["bare"], jobs, False))):
        found[side] = _run(command, roots[side])
        found[side]["further"] = _further(roots[side])
        say(_("{side}: {seconds:.3f} s for a submission").format(
            side=side, seconds=found[side]["wall"] / submissions))
    figures = {side: {"submission_s": round(one["wall"] / submissions, 4),
                      "further_s": round(one["further"], 4),
                      "cpu_s": round(one["cpu"] / submissions, 4),
                      "memory_mb": round(one["memory"], 1)} for side, one in found.items()}
    ours = figures["ours"]
    ours["bare_s"] = figures["bare"]["submission_s"]
    ours["sandbox_percent"] = round(100 * (ours["submission_s"] / ours["bare_s"] - 1), 1)
    ours["differ"] = len(differences(roots["ours"], roots["stock"]))
    figures["stock"]["bare_s"] = figures["stock"]["submission_s"]
    return report.result("grade", {
        "submissions": submissions, "jobs": jobs, "sandbox": sandbox.probe().mode,
        "notebook": cohort.NOTEBOOK}, ours, figures["stock"], on)


def _further(root: Path) -> float:
    """Return the time between the first and the last notebook that was written, for each."""
    times = sorted(f.stat().st_mtime for f in root.glob(
        f"autograded/*/{cohort.ASSIGNMENT}/{cohort.NOTEBOOK}.ipynb"))
    return (times[-1] - times[0]) / max(1, len(times) - 1)


def _nbgrader(command: str, *more: str) -> list[str]:
    return [str(Path(sys.executable).with_name("nbgrader")), command, cohort.ASSIGNMENT, *more]


def _marking(root: Path, jobs: int, walls: bool) -> list[str]:
    return [sys.executable, "-c", _MARK, str(root), str(jobs), str(walls), cohort.ASSIGNMENT]


def _release(root: Path) -> None:
    from coteach.grading import CourseFolder
    from coteach.grading import jobs as grading

    grading.release(CourseFolder(root, ""), cohort.ASSIGNMENT)


def _run(command: list[str], folder: Path) -> dict[str, float]:
    """Run a command to its end; return its time, its processor time and its memory.

    Raises
    ------
    UserError
        It failed; the sentence has the end of what it said.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    log = folder.parent / f"{folder.name}.log"
    with log.open("wb") as err, tempfile.TemporaryFile() as out:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=err,
                                   stdin=subprocess.DEVNULL, env={**os.environ, "PATH": path})
        with _Memory(process.pid) as memory:
            _pid, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise UserError(_("{command} failed: {said}").format(
                command=" ".join(command[:3])[:80], said=log.read_text(errors="replace")[-600:]),
                status=500, code="bench-failed")
        out.seek(0)
        said = out.read().decode().strip().splitlines()
    cpu = used.ru_utime + used.ru_stime
    if said and said[-1].startswith('{"marked"'):
        # Forked runs are nobody's children in the eyes of the system, so the engine counts them.
        cpu = json.loads(said[-1])["cpu"]
    return {"wall": wall, "cpu": cpu, "memory": memory.most}


class _Memory:
    """Looks now and then at the memory of a process and all below it."""

    def __init__(self, pid: int) -> None:
        self.most = 0.0
        self._process = psutil.Process(pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._done.wait(_LOOK):
            try:
                tree = [self._process, *self._process.children(recursive=True)]
            except psutil.Error:
                return
            self.most = max(self.most, processes.memory(tree).pss)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join()


def differences(one: Path, other: Path) -> list[str]:
    """Return the marks that are not the same in two courses' gradebooks."""
    found = [_marks(root) for root in (one, other)]
    return [f"{key}: {found[0].get(key)} ≠ {found[1].get(key)}"
            for key in sorted({*found[0], *found[1]}) if found[0].get(key) != found[1].get(key)]


def _marks(root: Path) -> dict[str, Any]:
    from coteach.grading import CourseFolder, gradebook

    return gradebook.all_marks(CourseFolder(root, ""), cohort.ASSIGNMENT)
