"""Marking: the only part that knows nbgrader.

Submissions are marked in one process by `batch`; people's code runs in the sandbox, through
`engine`. Releases and feedback are made by nbgrader's converters in worker processes, because they
change the working folder. A score that can't be given honestly is None with a reason.
"""

from coteach.grading.course import CourseFolder
from coteach.grading.jobs import Job, grade
from coteach.grading.reason import Reason
from coteach.grading.result import Result

__all__ = ["CourseFolder", "Job", "Reason", "Result", "grade"]
