"""The hostile corpus of `tests/data/hostile`, made into a course and graded as anybody would.

A file there is one kind. Its first comments declare what should come of it: ``about``, ``status``
(one of several with ``|``; graded if not said), ``least`` and ``most`` points, ``base: right`` when
the other answers are right ones, ``page`` when its feedback page is looked at, ``student`` and
``lines`` (the notebooks of its result lines). `code/` holds answers, in cells after ``# %% NAME``
(``+`` is a cell of her own at the end); `files/` makes whatever lies where a notebook should.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from coteach.grading import CourseFolder, jobs

CORPUS = Path(__file__).parent / "data" / "hostile"
ASSIGNMENT, NOTEBOOK = "attack", "work"
CELL_SECONDS = 3
SECRET = "SECRET-SOURCE"
TOP = 11.0
"""Points of all tests; five more are for a written answer that nobody here gives."""

RIGHT = {
    "double": "def double(n):\n    return 2 * n",
    "total": "total = sum(numbers)",
    "mean_of": "import numpy as np\ndef mean_of(values):\n    return float(np.mean(values))",
    "rows": "import csv\nwith open('data.csv') as file:\n"
            "    rows = [[name, int(n)] for name, n in list(csv.reader(file))[1:]]",
    "words": "def words(text):\n    return text.split()",
    "pack": "import json\ndef pack(value):\n    return json.dumps(value)\nunpack = json.loads",
    "first": "def first(values):\n    return next(iter(values))",
    "greet": "def greet(name, greeting='Hello'):\n    return f'{greeting}, {name}'",
}
HONEST = {"all": (RIGHT, 11.0), "half": ({k: RIGHT[k] for k in ("double", "words")}, 4.0),
          "data": ({"rows": RIGHT["rows"], "total": "total = 0"}, 1.0), "none": ({}, 0.0),
          "slip": ({**RIGHT, "words": "def words(text):\n    return text.split(',')"}, 9.0)}
"""Answers of honest people and what they are worth."""


def _mark(grade_id: str, **change: Any) -> dict[str, Any]:
    return {"nbgrader": {"grade": False, "solution": False, "locked": False, "task": False,
                         "schema_version": 3, "grade_id": grade_id, **change}}


def _answer(name: str) -> Any:
    return new_code_cell(f"### BEGIN SOLUTION\n{RIGHT[name]}\n### END SOLUTION", id=name,
                         metadata=_mark(name, solution=True))


def _test(name: str, points: int, seen: str, hidden: str, last: str = "") -> Any:
    source = f"{seen}\n### BEGIN HIDDEN TESTS\n# {SECRET}\n{hidden}\n### END HIDDEN TESTS\n{last}"
    return new_code_cell(source.strip(), id=f"test-{name}", metadata=_mark(
        f"test-{name}", grade=True, locked=True, points=points))


def source_notebook() -> Any:
    """Return the author's notebook."""
    return new_notebook(cells=[
        new_code_cell("numbers = [6000, 170, 4]", id="given", metadata=_mark("given", locked=True)),
        _answer("double"),
        _test("double", 2, "assert double(2) == 4",
              "assert double(21) == 42\nassert double(1.5) == 3.0"),
        _answer("total"),
        _test("total", 1, "assert isinstance(total, int)", "assert total == 6174"),
        _answer("mean_of"),
        _test("mean", 2, "import math\nimport numpy as np\n"
              "np.testing.assert_allclose(mean_of([1, 2, 3]), 2)",
              "assert math.isclose(mean_of([1, 2, 4]), 7 / 3)"),
        _answer("rows"),
        _test("rows", 1, "assert rows[0] == ['ana', 3]",
              "assert rows == [['ana', 3], ['ben', 4]]"),
        _answer("words"),
        _test("words", 2, "score = 0\nif words('a b') == ['a', 'b']:\n    score += 1",
              "if words('sound and light') != ['sound', 'and', 'light']:\n    score = 0\n"
              "elif words('  ') == []:\n    score += 1", "score"),
        _answer("pack"),
        _test("pack", 1, "assert unpack(pack([1, 2, 3])) == [1, 2, 3]",
              "assert unpack(pack([3, 1, 2])) == [3, 1, 2]"),
        _answer("first"),
        _test("first", 1, "assert first(n for n in (5, 6)) == 5",
              "assert first(n for n in (7919, 1)) == 7919"),
        _answer("greet"),
        # Looks into the answer's code, so it can only run beside the live objects.
        _test("greet", 1, "assert greet.__code__.co_argcount == 2",
              "assert greet.__code__.co_varnames[1] == 'greeting'\n"
              "assert greet('Ana') == 'Hello, Ana'"),
        new_markdown_cell("### BEGIN SOLUTION\nBecause.\n### END SOLUTION", id="why",
                          metadata=_mark("why", grade=True, solution=True, points=5)),
    ], metadata={"kernelspec": {"name": "python3", "display_name": "Python 3",
                                "language": "python"}})


def make_course(root: Path) -> CourseFolder:
    """Write and release the course."""
    course = CourseFolder(root, "hostile")
    folder = course.source(ASSIGNMENT)
    folder.mkdir(parents=True)
    nbformat.write(source_notebook(), folder / f"{NOTEBOOK}.ipynb")
    (folder / "data.csv").write_text("name,points\nana,3\nben,4\n")
    (root / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.ExecutePreprocessor.timeout = {CELL_SECONDS}\n")
    jobs.release(course, ASSIGNMENT)
    return course


@dataclass(frozen=True)
class Kind:
    """A kind of submission and what should come of it."""

    name: str
    about: str
    statuses: tuple[str, ...]
    least: float
    most: float
    student: str
    lines: tuple[str, ...]
    page: bool
    write: Callable[[Hand], None] = field(compare=False)


@dataclass
class Hand:
    """What a kind is given to make its files with."""

    course: CourseFolder
    place: Path
    token: str
    canary: Path
    form: Any

    @property
    def file(self) -> Path:
        return self.place / f"{NOTEBOOK}.ipynb"

    copy = staticmethod(copy.deepcopy)
    text_cell = staticmethod(new_markdown_cell)

    def code(self, source: str, **metadata: Any) -> Any:
        """Return a cell of her own."""
        return new_code_cell(source, metadata=metadata)

    def released(self) -> Any:
        """Return the empty form."""
        return copy.deepcopy(self.form)

    def cell(self, notebook: Any, grade_id: str) -> Any:
        """Return a cell of the form."""
        return next(c for c in notebook.cells
                    if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)

    def answered(self, **answers: str) -> Any:
        """Return the form with right answers but for those given."""
        made = self.released()
        for name, source in {**RIGHT, **answers}.items():
            self.cell(made, name).source = source
        return made

    def text(self, **answers: str) -> str:
        """Return the file of `answered`."""
        return nbformat.writes(self.answered(**answers))

    def write(self, content: Any) -> None:
        """Write the notebook, or any bytes in its place."""
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.file.write_bytes(raw)


def kinds() -> list[Kind]:
    """Return all kinds of the corpus."""
    return [_kind(file) for file in sorted(CORPUS.glob("*/*.py"))]


def _kind(file: Path) -> Kind:
    text = file.read_text(encoding="utf-8")
    said = {}
    for line in text.splitlines():
        found = re.fullmatch(r"# (\w+): (.+)", line)
        if found is None:
            break
        said[found[1]] = found[2]
    right = said.pop("base", "") == "right"
    if file.parent.name == "code":
        write = _from_cells(text, right)
    else:
        names: dict[str, Any] = {}
        exec(compile(text, str(file), "exec"), names)
        write = names["make"]
    statuses = tuple(said.pop("status", "graded").split(" | "))
    student = said.pop("student", file.stem).encode().decode("unicode_escape") if (
        "\\u" in said.get("student", "")) else said.pop("student", file.stem)
    made = Kind(
        file.stem, said.pop("about"), statuses, float(said.pop("least", 0)),
        float(said.pop("most", TOP)), student,
        tuple(said.pop("lines", NOTEBOOK).split(", ")), said.pop("page", "") == "yes", write)
    assert not said, (file, said)
    return made


def _from_cells(text: str, right: bool) -> Callable[[Hand], None]:
    parts = re.split(r"^# %% (.+)\n", text, flags=re.M)[1:]
    cells = [(name.strip(), source.rstrip("\n")) for name, source in
             zip(parts[::2], parts[1::2], strict=True)]

    def write(it: Hand) -> None:
        made = it.answered() if right else it.released()
        for name, source in cells:
            source = source.replace("@COURSE@", str(it.course.root)).replace(
                "@TOKEN@", it.token).replace("@CANARY@", str(it.canary))
            if name == "+":
                made.cells.append(it.code(source))
            else:
                it.cell(made, name).source = source
        it.write(made)

    return write


@dataclass
class Graded:
    """What came of a batch."""

    course: CourseFolder
    submissions: Path
    token: str
    canary: Path
    code: int
    said: str
    lines: dict[tuple[str, str], dict[str, Any]]
    doubled: list[tuple[str, str]]
    seconds: float
    memory: list[int]
    """Megabytes of the command's own process, at the quarters of the run."""
    left: dict[int, str]
    """Processes that were still there, by id."""
    changed: list[str]
    """Files of the course's own and of the submissions that are not as they were."""
    written: list[str]
    """Files that carry the batch's token outside of its own folders."""


def honest_names(count: int = 20) -> dict[str, str]:
    """Return students that sort in between the others, with the kind of their answers."""
    letters = "abcdefghiklmnoprstuw"
    kinds_ = list(HONEST)
    return {f"{letters[n % 20]}{'' if n < 20 else n // 20}-honest-{kinds_[n % len(kinds_)]}":
            kinds_[n % len(kinds_)] for n in range(count)}


def grade(folder: Path, hands: list[tuple[str, Kind]], honest: dict[str, str], *, workers: int = 2,
          limit: float = 600) -> Graded:
    """Make a course and submissions in a folder, grade them with `coteach grade`, look around.

    Parameters
    ----------
    hands
        Student and kind.
    honest
        Student and key of `HONEST`.
    """
    token = f"hostile{uuid.uuid4().hex[:12]}"
    course = make_course(folder / "course")
    submissions = folder / "in"
    form = nbformat.read(course.released(ASSIGNMENT) / f"{NOTEBOOK}.ipynb", as_version=4)
    canary = folder / "canary"
    for student, which in honest.items():
        _hand(course, submissions, student, token, canary, form).write(
            _answered(form, HONEST[which][0]))
    for student, kind in hands:
        kind.write(_hand(course, submissions, student, token, canary, form))
    before = _state(course, submissions)
    tmp = Path(tempfile.mkdtemp(prefix=f"{token}-"))
    results = folder / "results.jsonl"
    began = time.monotonic()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("coteach")), "grade", "--course", str(course.root),
         "--assignment", ASSIGNMENT, "--submissions", str(submissions), "--results", str(results),
         "--jobs", str(workers)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True, cwd=folder, env={**os.environ, "TMPDIR": str(tmp)})
    watch = _Watch(process.pid)
    try:
        said = process.communicate(timeout=limit)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said = process.communicate()[1]
    seconds = time.monotonic() - began
    left = watch.left()
    assert results.exists(), said
    lines, doubled = {}, []
    for line in map(json.loads, results.read_text(encoding="utf-8").splitlines()):
        key = (line["student"], line["notebook"])
        doubled += [key] if key in lines else []
        lines[key] = line
    found = Graded(course, submissions, token, canary, process.returncode, said, lines, doubled,
                   seconds, watch.quarters(), left, _changed(before, _state(course, submissions)),
                   _marked(token, tmp))
    shutil.rmtree(tmp, ignore_errors=True)
    return found


def _answered(form: Any, answers: dict[str, str]) -> Any:
    made = copy.deepcopy(form)
    for cell in made.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name]
    return made


def _hand(course: CourseFolder, submissions: Path, student: str, token: str, canary: Path,
          form: Any) -> Hand:
    place = submissions / student / ASSIGNMENT
    place.mkdir(parents=True)
    return Hand(course, place, token, canary, form)


def _state(course: CourseFolder, submissions: Path) -> dict[str, tuple[int, int, int]]:
    """Return size, mode and time of change of what a run only reads."""
    found = {}
    roots = (course.root / "source", course.root / "release", submissions)
    for root in (*roots, course.root / "nbgrader_config.py"):
        for folder, names, files in os.walk(root):
            for name in (*names, *files):
                path = os.path.join(folder, name)
                about = os.lstat(path)
                found[path] = (about.st_size, about.st_mode, about.st_mtime_ns)
    return found


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return sorted(name for name in {**before, **after} if before.get(name) != after.get(name)
                  # `coteach grade` may note beside the release that it is fresh.
                  and not name.endswith("/release"))


def _marked(token: str, own: Path) -> list[str]:
    """Return files whose names carry the token, outside of the run's own folder for scratch."""
    found = [str(own)] if any(own.iterdir()) else []
    for top in ("/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~"), "/"):
        found += [os.path.join(top, name) for name in os.listdir(top)
                  if token in name and Path(top, name) != own]
    return found


class _Watch:
    """Notes every process that comes from one, and the memory of that one."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.memory: list[int] = []
        self.seen: dict[int, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.25):
            parents, born, memory = {}, {}, {}
            for pid in (int(p) for p in os.listdir("/proc") if p.isdigit()):
                try:
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                parents[pid], born[pid] = int(fields[1]), fields[19]
                memory[pid] = int(fields[21]) * 4096
            ours = {self.root}
            while more := {p for p, above in parents.items() if above in ours} - ours:
                ours |= more
            self.seen.update((pid, born[pid]) for pid in ours if pid in born)
            if self.root in memory:
                self.memory.append(memory[self.root] >> 20)

    def quarters(self) -> list[int]:
        """Return the most megabytes that the first process had in each quarter of its life."""
        size = max(1, -(-len(self.memory) // 4))
        return [max(self.memory[n:n + size]) for n in range(0, len(self.memory), size)]

    def left(self, wait: float = 3.0) -> dict[int, str]:
        """Return the processes that are still there a moment after the end."""
        self._stop.set()
        self._thread.join()
        until = time.monotonic() + wait
        while True:
            there = {}
            for pid, born in self.seen.items():
                try:
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    if fields[19] == born and fields[0] != "Z":
                        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
                        there[pid] = raw.replace(b"\0", b" ").decode(errors="replace")[:200]
                except OSError:
                    continue
            if not there or time.monotonic() > until:
                return there
            time.sleep(0.1)
