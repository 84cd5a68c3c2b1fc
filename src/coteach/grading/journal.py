"""The results of `coteach grade` while they come: nothing that is known is lost or done twice.

Lines are appended to ``FILE.part`` beside the results; at the end the results file is there whole.
Rule: a line is taken over only when the source and the submission are byte for byte as they were.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from coteach.errors import UserError
from coteach.grading.course import CourseFolder
from coteach.grading.files import read_plain, write_whole
from coteach.grading.inspect import MAX_MB
from coteach.grading.job import Job
from coteach.grading.result import Result
from coteach.i18n import gettext as _

FORMAT = 1


class Journal:
    """The results of one run, which may be the rest of an earlier one.

    Parameters
    ----------
    results
        The file that is there in the end.
    fresh
        Take over nothing of a run that was cut off.
    """

    def __init__(self, results: Path, course: CourseFolder, assignment: str, *,
                 fresh: bool = False) -> None:
        self.results = results
        self.part = results.with_name(results.name + ".part")
        self._head = {"format": FORMAT, "course": str(course.root), "assignment": assignment,
                      "source": course.source_digest(assignment)}
        self._lines: dict[tuple[str, str], tuple[str, str]] = {}
        self._out: TextIO | None = None
        try:
            if not fresh:
                self._load()
            self._begin()
        except OSError as error:
            raise UserError(_("The file {file} can't be written: {error}.").format(
                file=results, error=error.strerror), code="bad-results") from None

    def _load(self) -> None:
        """Read what an earlier run knew; a line that was cut off in the middle is no line."""
        try:
            text = self.part.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        head, *rest = text.split("\n")
        if _json(head) != self._head:
            return
        for line in rest[:-1]:
            found = _json(line)
            if isinstance(found, dict) and isinstance(found.get("line"), str):
                self._lines[found["student"], found["notebook"]] = found["digest"], found["line"]

    def _begin(self) -> None:
        """Write what is taken over once more, whole, and go on behind it."""
        kept = [json.dumps(self._head)]
        kept += [_entry(key, *value) for key, value in self._lines.items()]
        write_whole(self.part, ("\n".join(kept) + "\n").encode())
        self._out = self.part.open("a", encoding="utf-8")

    def rest(self, jobs: Iterable[Job]) -> list[Job]:
        """Return the jobs that are not done yet."""
        return [job for job in jobs if not self._has(job)]

    def _has(self, job: Job) -> bool:
        # A submission of which nothing is known isn't read.
        known = self._lines.get(_key(job))
        return known is not None and known[0] == digest(job)

    def add(self, job: Job, result: Result) -> None:
        """Keep a result; it survives that this process is killed."""
        assert self._out is not None
        known = self._lines[_key(job)] = digest(job), result.line()
        self._out.write(_entry(_key(job), *known) + "\n")
        self._out.flush()

    def finish(self, jobs: Iterable[Job]) -> list[dict[str, Any]]:
        """Write the results file, a line for each job, and return what is in it."""
        lines = [self._lines[_key(job)][1] for job in jobs]
        write_whole(self.results, "".join(line + "\n" for line in lines).encode())
        self.close()
        self.part.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """Let go of the file; another run can go on with it."""
        if self._out is not None:
            self._out.close()
            self._out = None


def digest(job: Job) -> str:
    """Return a digest of everything of a submission that its result depends on."""
    total = hashlib.sha256(json.dumps([job.timestamp, sorted(job.keep),
                                       job.wrong.dump() if job.wrong else ""]).encode())
    if job.file is not None and job.wrong is None:
        total.update(read_plain(job.file, MAX_MB << 20) or b"")
        for file in sorted(job.extras.rglob("*")) if job.extras else ():
            if file.suffix != ".ipynb" and file.is_file() and not file.is_symlink():
                seen = file.stat()
                total.update(f"{file} {seen.st_size} {seen.st_mtime_ns}".encode(errors="replace"))
    return total.hexdigest()


def _key(job: Job) -> tuple[str, str]:
    return job.student, job.notebook


def _entry(key: tuple[str, str], found: str, line: str) -> str:
    return json.dumps({"student": key[0], "notebook": key[1], "digest": found, "line": line})


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
