"""nbgrader's converters, run as they are, each in a scratch folder of its own.

Only for a worker process: they change the working folder. What people handed in is copied into the
scratch folder first, so a link or a strange file in a submission meets nothing of the course.
"""

from __future__ import annotations

import glob
import html
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets.config import Config, PyFileConfigLoader

from coteach import sandbox
from coteach.grading import blank, files, outputs
from coteach.grading.course import CourseFolder
from coteach.grading.kernelspec import KERNEL

CELL_SECONDS = 30
"""How long one cell may run."""
START_SECONDS = 60
TEMPLATES = Path(__file__).parent / "templates"
NO_RESPONSE = "No response."
"""nbgrader's own comment about an untouched answer."""
EXTRA_MB, EXTRA_FILES = 20, 100


class CapOutputs:
    """A step between running and scoring that keeps outputs readable, for nbconvert."""

    def __call__(self, notebook: Any, resources: Any) -> tuple[Any, Any]:
        outputs.cap(notebook)
        return notebook, resources


class PlainComments(NbGraderPreprocessor):
    """A step of the feedback page: the template puts comments into it as they are."""

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Make a comment's HTML text; what nbgrader says of empty answers we say ourselves."""
        found = cell.metadata.get("nbgrader")
        if found and found.get("comment") == NO_RESPONSE:
            found["comment"] = None
        elif found and found.get("comment"):
            found["comment"] = html.escape(found["comment"], quote=False)
        return cell, resources


def _config(course: CourseFolder, root: Path) -> Config:
    config = Config()
    own = course.root / "nbgrader_config.py"
    if own.is_file():
        config.merge(PyFileConfigLoader(own.name, path=str(own.parent)).load_config())
    elif course.header.is_file():
        config.IncludeHeaderFooter.header = "source/header.ipynb"
    config.CourseDirectory = Config(
        root=str(root), course_id=course.course_id, db_url=course.gradebook)
    # Not what the notebook's metadata name: only this kernel runs in the sandbox.
    config.Execute.kernel_name = KERNEL
    config.Execute.timeout = CELL_SECONDS
    config.Execute.startup_timeout = START_SECONDS
    steps = list(Autograde.autograde_preprocessors.default_args[0])
    config.Autograde.autograde_preprocessors = [*steps[:1], CapOutputs, *steps[1:]]
    steps = list(GenerateFeedback.preprocessors.default_args[0])
    # No style sheet of the converter: the page that shows it has its own.
    config.GenerateFeedback.preprocessors = [*steps[:1], PlainComments]
    config.HTMLExporter.template_name = "feedback"
    config.HTMLExporter.extra_template_basedirs = [str(TEMPLATES)]
    config.HTMLExporter.exclude_anchor_links = True
    return config


def _api(course: CourseFolder, root: Path) -> NbGraderAPI:
    api = NbGraderAPI(config=_config(course, root))
    api.log.setLevel(logging.INFO)
    return api


@contextmanager
def _scratch() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="coteach-grade-"))
    try:
        sandbox.claim(root)
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def release(course: CourseFolder, assignment: str) -> str:
    """Make what teachers get from the source; return nbgrader's complaint, empty when it worked."""
    with _scratch() as root:
        (root / "source").mkdir()
        for file in course.header.parent.iterdir():
            if file.is_file():  # header and footer
                shutil.copyfile(file, root / "source" / file.name)
        shutil.copytree(course.source(assignment), root / "source" / assignment,
                        ignore=shutil.ignore_patterns("i18n"))
        found = _api(course, root).generate_assignment(assignment)
        if not found["success"]:
            return _complaint(found)
        target = course.released(assignment)
        fresh = target.with_name(f".{assignment}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copytree(root / "release" / assignment, fresh)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return ""


def autograde(course: CourseFolder, assignment: str, student: str, notebook: str, *,
              raw: bytes, timestamp: str, extras: Path | None) -> str:
    """Run and score one notebook; the marks are in the gradebook then.

    Returns
    -------
    str
        nbgrader's complaint, empty when it worked.
    """
    with _scratch() as root:
        source = root / "source" / assignment
        shutil.copytree(course.source(assignment), source,
                        ignore=shutil.ignore_patterns("i18n", "*.ipynb"))
        place = root / "submitted" / student / assignment
        place.mkdir(parents=True)
        if extras is not None:
            files.copy_plain(extras, place, limit=EXTRA_MB << 20, count=EXTRA_FILES,
                             leave_out=(".ipynb", "timestamp.txt"))
        for name in course.notebooks(assignment):
            # nbgrader scores a notebook that is not there with zero, so all are there; only the
            # one that is named is marked.
            (place / f"{name}.ipynb").write_bytes(b"{}")
        (place / f"{notebook}.ipynb").write_bytes(raw)
        if timestamp:
            (place / "timestamp.txt").write_text(timestamp, encoding="ascii")
        api = _api(course, root)
        api.coursedir.notebook_id = glob.escape(notebook)
        found = api.autograde(assignment, glob.escape(student))
        if found["success"]:
            _bring(root / "autograded" / student / assignment,
                   course.autograded(student, assignment))
        return "" if found["success"] else _complaint(found)


def feedback(course: CourseFolder, assignment: str, student: str, notebook: str) -> str:
    """Write the inside of the feedback page of a marked notebook; return nbgrader's complaint."""
    with _scratch() as root:
        place = root / "autograded" / student / assignment
        place.mkdir(parents=True)
        made = nbformat.read(course.autograded(student, assignment) / f"{notebook}.ipynb", 4)
        outputs.for_feedback(made, blank.blanks([nbformat.read(
            course.released(assignment) / f"{notebook}.ipynb", 4)]))
        nbformat.write(made, place / f"{notebook}.ipynb")
        api = _api(course, root)
        api.coursedir.notebook_id = glob.escape(notebook)
        found = api.generate_feedback(assignment, glob.escape(student))
        if found["success"]:
            _bring(root / "feedback" / student / assignment, course.feedback(student, assignment))
        return "" if found["success"] else _complaint(found)


def _bring(source: Path, target: Path) -> None:
    """Put what a converter wrote into the course, file by file; other notebooks' files stay."""
    for folder, _names, names in os.walk(source):
        for name in names:
            file = Path(folder) / name
            files.write_whole(target / file.relative_to(source), file.read_bytes())


def _complaint(found: dict[str, Any]) -> str:
    return f"{found.get('log', '')}\n{found.get('error', '')}".strip() or "unknown"
