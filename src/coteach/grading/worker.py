"""One worker process: reads a JSON request a line, answers with a JSON line.

Run as ``python -m coteach.grading.worker``. It is ours and trusted; the code of notebooks runs in
kernels that it starts. Its standard output belongs to the answers alone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import nbformat

from coteach.grading import blank, converters, gradebook, outputs
from coteach.grading.blank import Blanks
from coteach.grading.course import CourseFolder
from coteach.grading.files import read_plain
from coteach.grading.inspect import MAX_MB, Expected, inspect
from coteach.grading.reason import Reason
from coteach.grading.result import Result, without_score

TOO_MUCH = 77
"""Exit code when marking took too much memory."""
_MEMORY_MB = 2048


def mark(request: dict[str, Any]) -> Result:
    """Judge, run and score one notebook."""
    course = CourseFolder(Path(request["root"]), request["course_id"])
    student, assignment = request["student"], request["assignment"]
    notebook = request["notebook"]
    known = gradebook.expected(course, assignment).get(notebook)
    top = known.max_score if known else 0.0

    def refuse(status: str, reason: Reason) -> Result:
        return without_score(student, assignment, notebook, status=status, max_score=top,
                             reason=reason)

    if known is None:
        return refuse("rejected", Reason("unknown-notebook", {"name": notebook}))
    raw = read_plain(Path(request["file"]), MAX_MB << 20)
    if raw is None:
        return refuse("rejected", Reason("not-a-file", {"name": f"{notebook}.ipynb"}))
    reason = inspect(raw, known)
    if reason is not None:
        return refuse("rejected", reason)
    blanks: Blanks = request["blanks"] or blank.blanks([nbformat.read(
        course.released(assignment) / f"{notebook}.ipynb", as_version=4)])
    complaint = converters.autograde(
        course, assignment, student, notebook, raw=blank.restored(raw, blanks),
        timestamp=request["timestamp"],
        extras=Path(request["extras"]) if request["extras"] else None)
    reason = _why(complaint) if complaint else None
    result = None if reason else _score(
        course, assignment, student, known, request["keep"], blanks)
    if result is None or result.status == "failed":
        gradebook.forget_tests(course, assignment, notebook, student)
    if result is None:
        assert reason is not None
        return refuse("failed", reason)
    return result


def _why(complaint: str) -> Reason:
    """Say in our words what stopped nbgrader."""
    for words, code in (("DeadKernelError", "kernel-died"), ("UnresponsiveKernel", "timeout"),
                        ("Kernel didn't respond", "kernel-start"),
                        ("no-sandbox", "kernel-start"), ("NoSuchKernel", "kernel-start")):
        if words in complaint:
            return Reason(code, {"seconds": str(converters.CELL_SECONDS)})
    # The last line that names an exception, without the paths of this machine.
    lines = [s.strip() for s in complaint.splitlines()
             if s.strip() and "NbGraderException" not in s]
    named = [s for s in lines if s.split(":")[0].endswith(("Error", "Exception"))]
    return Reason("other", {"detail": (named or lines or ["unknown"])[-1][:200].rstrip(".")})


def _score(course: CourseFolder, assignment: str, student: str, known: Expected,
           keep: list[str], blanks: Blanks) -> Result:
    """Read what nbgrader found; nothing that did not run properly counts."""
    name = known.notebook
    made = nbformat.read(course.autograded(student, assignment) / f"{name}.ipynb", as_version=4)
    gradebook.confirm(course, assignment, name, student, keep)
    marks = gradebook.marks(course, assignment, name, student)
    said, empty = outputs.messages(made), outputs.unanswered(made, blanks)
    for test in marks:
        test.message = said.get(test.grade_id, "")
        test.unanswered = test.grade_id in empty

    def failed(reason: Reason) -> Result:
        return Result(student, assignment, name, "failed", None, known.max_score, reason)

    if outputs.timed_out(made):
        return failed(Reason("cell-timeout", {"seconds": str(converters.CELL_SECONDS)}))
    if silent := [t.grade_id for t in marks if not t.by_hand and t.score is None]:
        return failed(Reason("not-scored", {"cells": ", ".join(silent[:8])}))
    waits = gradebook.waiting(course, assignment, name, student)
    return Result(student, assignment, name, "needs_manual" if waits else "graded",
                  sum(t.score or 0.0 for t in marks), known.max_score, None, marks)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request asks."""
    course = CourseFolder(Path(request["root"]), request["course_id"])
    if request["do"] == "mark":
        return mark(request).to_dict()
    if request["do"] == "release":
        complaint = converters.release(course, request["assignment"])
        tops = {name: e.max_score for name, e in
                gradebook.expected(course, request["assignment"]).items()}
        return {"complaint": complaint, "max_scores": tops}
    if request["do"] == "feedback":
        return {"complaint": converters.feedback(
            course, request["assignment"], request["student"], request["notebook"])}
    raise ValueError(request["do"])


def _watch_memory() -> None:
    """End when the outputs of a notebook fill the memory of this process."""
    page = os.sysconf("SC_PAGE_SIZE")
    while True:
        with open("/proc/self/statm", encoding="ascii") as file:
            if int(file.read().split()[1]) * page > _MEMORY_MB << 20:
                os._exit(TOO_MUCH)
        time.sleep(0.5)


def main() -> None:
    """Answer requests until the other side closes."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer
    if sys.platform == "linux":
        threading.Thread(target=_watch_memory, daemon=True).start()
    for line in sys.stdin:
        try:
            found: dict[str, Any] = {"answer": answer(json.loads(line))}
        except Exception as error:  # one bad notebook never ends the others' marking
            found = {"error": f"{type(error).__name__}: {error}"[:300]}
        out.write(json.dumps(found) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
