"""The courses and lessons of this deployment.

Rule: one broken pack hides nobody else's. It is left out, and handed to `problems` when asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _
from coteach.lessonpack.course import Course
from coteach.lessonpack.lesson import Lesson
from coteach.paths import shared
from coteach.settings import Settings


def find_courses(problems: list[UserError] | None = None) -> list[Course]:
    """Return the courses that came with coteach, sorted by id."""
    found = []
    for file in sorted(shared("courses").glob("*/course.toml")):
        try:
            found.append(Course.load(file.parent))
        except UserError as error:
            _note(problems, error)
    return sorted(found, key=lambda course: course.id)


def get_course(course_id: str) -> Course:
    """Return a course by its id.

    Raises
    ------
    NotFound
        There is no such course.
    """
    for found in find_courses():
        if found.id == course_id:
            return found
    raise NotFound(_("There is no course {course!r}.").format(course=course_id))


def find_lessons(settings: Settings | None = None, problems: list[UserError] | None = None
                 ) -> list[Lesson]:
    """Return the lesson packs that classes can open, sorted by id.

    Parameters
    ----------
    settings
        Those of the data folder come too, and win over shipped ones of the same id.
    problems
        Gets the error of each pack that could not be read.
    """
    found: dict[str, Lesson] = {}
    roots = [shared("courses") / "lessons"] + ([settings.layout.lessons] if settings else [])
    for folder in _folders(roots):
        try:
            lesson = Lesson.load(folder)
        except UserError as error:
            _note(problems, error)
        else:
            found[lesson.id] = lesson
    return [found[name] for name in sorted(found)]


def get_lesson(lesson_id: str, settings: Settings | None = None) -> Lesson:
    """Return a lesson pack by its id.

    Raises
    ------
    NotFound
        There is no such lesson.
    """
    for found in find_lessons(settings):
        if found.id == lesson_id:
            return found
    raise NotFound(_("There is no lesson {lesson!r}.").format(lesson=lesson_id))


def _folders(roots: Iterable[Path]) -> list[Path]:
    return [file.parent for root in roots if root.is_dir()
            for file in sorted(root.glob("*/lesson.toml")) if not file.parent.name.startswith(".")]


def _note(problems: list[UserError] | None, error: UserError) -> None:
    if problems is not None:
        problems.append(error)
