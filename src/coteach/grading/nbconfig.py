"""The course's own nbgrader configuration, `nbgrader_config.py`, and what we read from it.

The file is the instructor's code, as it is for nbgrader itself; nothing of a student is near it.
"""

from __future__ import annotations

from traitlets.config import Config, PyFileConfigLoader

from coteach.grading.course import CourseFolder

CELL_SECONDS = 30.0
"""How long one cell may run where the course says nothing else."""


def of(course: CourseFolder) -> Config:
    """Return the configuration of a course."""
    config = Config()
    own = course.root / "nbgrader_config.py"
    if own.is_file():
        config.merge(PyFileConfigLoader(own.name, path=str(own.parent)).load_config())
    elif course.header.is_file():
        config.IncludeHeaderFooter.header = "source/header.ipynb"
    return config


def cell_seconds(config: Config) -> float:
    """Return nbgrader's own time-out setting, by any of the names under which it is known."""
    for name in ("Execute", "ExecutePreprocessor", "NotebookClient"):
        value = config.get(name, {}).get("timeout")
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            return float(value)
    return CELL_SECONDS
