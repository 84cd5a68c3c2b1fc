"""Marking: the only part that knows nbgrader.

Submissions are marked in one process by `batch`; people's code runs in the sandbox, through
`engine`. Releases and feedback are made by nbgrader's converters in worker processes, because they
change the working folder. A score that can't be given honestly is None with a reason.

Names are loaded when they are used: the engine's template, which is forked for every submission,
lies in this package too and must not carry nbgrader with it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coteach.grading.course import CourseFolder
    from coteach.grading.jobs import Job, grade
    from coteach.grading.reason import Reason
    from coteach.grading.result import Result

__all__ = ["CourseFolder", "Job", "Reason", "Result", "grade"]

_HOMES = {"CourseFolder": "course", "Job": "jobs", "Reason": "reason", "Result": "result",
          "grade": "jobs"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
