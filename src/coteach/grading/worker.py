"""One worker process: reads a JSON request a line, answers with a JSON line.

Run as ``python -m coteach.grading.worker``. It is ours and trusted, and runs nbgrader's converters.
Its standard output belongs to the answers alone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from coteach.grading import converters
from coteach.grading.course import CourseFolder

TOO_MUCH = 77
"""Exit code when a notebook took too much memory."""
_MEMORY_MB = 2048


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request asks."""
    course = CourseFolder(Path(request["root"]), request["course_id"])
    if request["do"] == "release":
        return {"complaint": converters.release(course, request["assignment"])}
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
