"""What an author should know about an assignment before teachers get it.

Rule: nothing of the course is written or changed here; what runs, runs in a copy and in the
sandbox, in the same way as people's hand-ins are marked.
"""

from coteach.grading.authoring.check import check
from coteach.grading.authoring.finding import Finding

__all__ = ["Finding", "check"]
