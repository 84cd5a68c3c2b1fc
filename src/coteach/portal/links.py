"""Addresses of pages, spelled once."""

from __future__ import annotations

from urllib.parse import quote

from coteach.lessonpack import Course, Module

LAB = "/hub/user-redirect/lab/tree"
CLASSES = "/c/teach"
"""A teacher's classes, in the classroom."""
NEW_CLASS = f"{CLASSES}/new"


def lesson(session_id: str) -> str:
    """A lesson that is open for a class, as its teacher sees it."""
    return f"{CLASSES}/{quote(session_id)}"


def module(course: Course, found: Module) -> str:
    """A module's notebook in her JupyterLab; the Hub starts the Lab when it sleeps."""
    return f"{LAB}/{quote(course.id)}/{quote(found.id)}/{quote(found.notebook)}"


def assignment(course: Course, found: Module) -> str:
    """A module's assignment in her JupyterLab."""
    return f"{LAB}/{quote(course.id)}/{quote(found.id)}/assignment.ipynb"


def cohort(cohort_id: str) -> str:
    """A trainer's page of a cohort."""
    return f"/cohorts/{cohort_id}"


def grading(cohort_id: str) -> str:
    """What is to mark and to release in a cohort."""
    return f"/cohorts/{cohort_id}/grading"


def report(cohort_id: str) -> str:
    """The outcome report of a cohort."""
    return f"/cohorts/{cohort_id}/report"


def submission(submission_id: str) -> str:
    """A hand-in: its receipt and, once it is released, its feedback."""
    return f"/submissions/{submission_id}"


def recording(recording_id: str) -> str:
    """A recording with its remarks."""
    return f"/recordings/{recording_id}"


def room(name: str) -> str:
    """A live room."""
    return f"/rooms/{quote(name)}"
