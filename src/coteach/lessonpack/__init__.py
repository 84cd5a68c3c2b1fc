"""Courses and lesson packs: what is taught, read from folders and checked.

Translations are `.po` files beside the notebook, one message a cell (`translate`); of a code cell
only the texts that widgets show are translated (`strings`).
"""

from coteach.lessonpack.course import Course, Module, RubricLine, Step
from coteach.lessonpack.find import find_courses, find_lessons, get_course, get_lesson
from coteach.lessonpack.lesson import Lesson, Resource, Source
from coteach.lessonpack.notebook import parse_notebook, read_notebook, translation_file
from coteach.lessonpack.questions import Asked, questions_asked
from coteach.lessonpack.translate import extract, translated_notebook, untranslated

__all__ = [
    "Asked", "Course", "Lesson", "Module", "Resource", "RubricLine", "Source", "Step", "extract",
    "find_courses", "find_lessons", "get_course", "get_lesson", "parse_notebook",
    "questions_asked", "read_notebook", "translated_notebook", "translation_file", "untranslated",
]
