"""Courses and lesson packs: what is taught, read from folders and checked.

Translations are `.po` files beside the notebook, one message a cell (`translate`); of a code cell
only the texts that widgets show are translated (`strings`).
"""

from coteach.lessonpack.course import Course, Module, RubricLine, Step
from coteach.lessonpack.differences import Differences, differences
from coteach.lessonpack.exchange import Taken, export, learning_resource, take_in
from coteach.lessonpack.find import find_courses, find_lessons, get_course, get_lesson
from coteach.lessonpack.lesson import Lesson, Resource, Source
from coteach.lessonpack.make import new_pack
from coteach.lessonpack.notebook import parse_notebook, read_notebook, translation_file
from coteach.lessonpack.outline import Section, sections
from coteach.lessonpack.questions import Asked, questions_asked
from coteach.lessonpack.tasks import task_names
from coteach.lessonpack.translate import (
    extract,
    refresh_translation,
    translated_notebook,
    untranslated,
)
from coteach.lessonpack.voices import TYPES as VOICE_TYPES
from coteach.lessonpack.voices import Voice, voices

__all__ = [
    "VOICE_TYPES", "Asked", "Course", "Differences", "Lesson", "Module", "Resource", "RubricLine",
    "Section", "Source", "Step", "Taken", "Voice", "differences", "export", "extract",
    "find_courses", "find_lessons", "get_course", "get_lesson", "learning_resource", "new_pack",
    "parse_notebook", "questions_asked", "read_notebook", "refresh_translation", "sections",
    "take_in", "task_names", "translated_notebook", "translation_file", "untranslated", "voices",
]
