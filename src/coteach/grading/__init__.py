"""Marking: the only part that knows nbgrader.

nbgrader's converters run as they are, in worker processes (they change the working folder); what
they can't do honestly is found before and after. People's code runs in the sandbox, through the
kernelspec that `kernelspec` writes. A score that can't be given honestly is None with a reason.
"""

from coteach.grading.course import CourseFolder
from coteach.grading.jobs import Job, grade
from coteach.grading.reason import Reason
from coteach.grading.result import Result

__all__ = ["CourseFolder", "Job", "Reason", "Result", "grade"]
