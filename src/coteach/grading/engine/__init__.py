"""Runs a submission's cells and its tests, in two processes that share nothing but messages.

The student's process executes what she wrote; the tests' process executes the tests and asks the
other for values and calls. Rule: nothing that the student's process says is more than a value, and
what decides about points never runs beside her code, unless a test asks for just that.

Knows nothing of nbgrader, of gradebooks or of files of a course: see `Work` and `Run`.
"""

from coteach.grading.engine.changes import changes
from coteach.grading.engine.engine import Engine
from coteach.grading.engine.limits import Limits
from coteach.grading.engine.touched import touched
from coteach.grading.engine.work import Cell, CellRun, Run, Work

__all__ = ["Cell", "CellRun", "Engine", "Limits", "Run", "Work", "changes", "touched"]
