"""nbgrader's converters for releases and feedback, run as they are, each in a scratch folder.

Only for a worker process: they change the working folder. Nothing of a notebook is executed.
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
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets.config import Config

from coteach import sandbox
from coteach.grading import blank, clean, files, nbconfig, outputs
from coteach.grading.course import CourseFolder
from coteach.grading.points import NO_RESPONSE

TEMPLATES = Path(__file__).parent / "templates"


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
    config = nbconfig.of(course)
    config.CourseDirectory = Config(
        root=str(root), course_id=course.course_id, db_url=course.gradebook)
    steps = list(GenerateFeedback.preprocessors.default_args[0])
    # No style sheet of the converter: the page that shows it has its own.
    config.GenerateFeedback.preprocessors = [*steps[:1], PlainComments]
    config.HTMLExporter.template_name = "feedback"
    config.HTMLExporter.extra_template_basedirs = [str(TEMPLATES)]
    config.HTMLExporter.exclude_anchor_links = True
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {"clean_html": clean.clean}
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


def feedback(course: CourseFolder, assignment: str, student: str, notebook: str) -> str:
    """Write the inside of the feedback page of a marked notebook; return nbgrader's complaint."""
    with _scratch() as root:
        place = root / "autograded" / student / assignment
        place.mkdir(parents=True)
        made = nbformat.read(course.autograded(student, assignment) / f"{notebook}.ipynb", 4)
        outputs.for_feedback(made, blank.blanks([nbformat.read(
            course.released(assignment) / f"{notebook}.ipynb", 4)]))
        clean.for_page(made)
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
