"""A lesson pack as a class page in a language, and the questions it asks.

The questions are read from the notebook's source, until a pupil's page has run it and shown what
really was asked; that is kept in a file named by the content, so a changed lesson begins anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from coteach import lessonpack
from coteach.classroom.shapes import places_of
from coteach.errors import NotFound
from coteach.i18n import DEFAULT_LANGUAGE, LANGUAGES
from coteach.i18n import gettext as _
from coteach.lessonpack import get_lesson
from coteach.pages.page import Page, folder_stamp
from coteach.settings import Settings


@dataclass(frozen=True)
class LessonHere:
    """A lesson in the language that comes nearest to what the reader wants."""

    lesson: lessonpack.Lesson
    language: str
    wanted: str
    stamp: str = ""
    """The folder's, where one look at it serves several languages; else it is looked at anew."""

    @classmethod
    def find(cls, settings: Settings, lesson_id: str, wanted: str) -> LessonHere:
        """Return a lesson by id; raises NotFound."""
        lesson = get_lesson(lesson_id, settings)
        return cls(lesson, lesson.best_language(wanted), wanted)

    @property
    def title(self) -> str:
        """The title in the reader's language."""
        return self.lesson.title_in(self.language)

    @property
    def notice(self) -> str:
        """What to tell a reader who does not get her language, or not all of it."""
        if self.language == self.wanted:
            return ""
        return _("This lesson is not there in your language yet. You see it in {language}.").format(
            language=LANGUAGES.get(self.language, self.language))

    def page(self, **more: Any) -> Page:
        """Return the class page; `more` are further fields of `Page`."""
        return Page(
            notebook=self.lesson.notebook_in(self.language), folder=self.lesson.folder,
            language=self.language, source_language=self.lesson.languages[0], title=self.title,
            notice=self.notice, env={"COTEACH_LESSON": self.lesson.id},
            name=f"{self.lesson.id}/{self.language}", version=self.digest, **more)

    @property
    def digest(self) -> str:
        """A name for the content: it changes when something in the pack does."""
        text = f"{self.language} {self.stamp or folder_stamp(self.lesson.folder)}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def in_each_language(lesson: lessonpack.Lesson) -> list[LessonHere]:
    """Return a lesson in each of its languages as it is now; its folder is walked once."""
    stamp = folder_stamp(lesson.folder)
    return [LessonHere(lesson, language, language, stamp) for language in lesson.languages]


def page_of(lesson: lessonpack.Lesson, digest: str) -> Page | None:
    """Return the class page of a lesson, in whichever language has this digest."""
    for here in in_each_language(lesson):
        if here.digest == digest:
            return here.page()
    return None


@dataclass(frozen=True)
class Asked:
    """What a lesson can be answered: questions of its source and those a page has shown."""

    questions: tuple[dict[str, Any], ...]
    shown: frozenset[str]
    """Cells whose questions a page has shown."""
    computed: frozenset[str]
    """Code cells in which the source names no question; they may still make some."""

    def takes(self, cell: str, value: dict[str, Any]) -> bool:
        """Say whether an answer belongs to a question of the lesson and is possible there."""
        kind, key, answer = value["kind"], value["key"], value["answer"]
        places = places_of(kind, answer)
        if not all(0 <= place < (3 if kind == "exit" else 100) for place in places):
            return False
        here = [q for q in self.questions if q["cell"] == cell]
        if not here:
            return cell in self.computed and not self.shown
        # A key that the cell computes is known only from a page.
        same = [q for q in here if q["kind"] == kind and (
            key == (q.get("key") or "") or (not q.get("key") and cell not in self.shown))]
        return any(not q.get("options") or kind == "exit"
                   or all(place < len(q["options"]) for place in places) for q in same)


class Outlines:
    """The questions of lessons, by content."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._asked: dict[str, tuple[object, Asked]] = {}
        self._folder = settings.layout.run / "outlines"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _file(self, here: LessonHere) -> Path:
        return self._folder / f"{here.lesson.id}-{here.language}-{here.digest}.json"

    def of(self, here: LessonHere) -> list[dict[str, Any]]:
        """Return the questions of a lesson (see `pages.questions`)."""
        try:
            return list(json.loads(self._file(here).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            notebook = here.lesson.notebook_in(here.language)
            return [{**asdict(asked), "options": list(asked.options)}
                    for asked in lessonpack.questions_asked(notebook)]

    def asked(self, lesson_id: str) -> Asked | None:
        """Return what a lesson asks in any language; None when the lesson is not there any more."""
        try:
            lesson = get_lesson(lesson_id, self._settings)
        except NotFound:
            return None
        every = in_each_language(lesson)
        files = tuple(file for here in every if (file := self._file(here)).is_file())
        name = (every[0].digest, files)
        if lesson_id not in self._asked or self._asked[lesson_id][0] != name:
            self._asked[lesson_id] = (name, self._read(every[0], files))
        return self._asked[lesson_id][1]

    @staticmethod
    def _read(here: LessonHere, files: tuple[Path, ...]) -> Asked:
        notebook = here.lesson.notebook_in(here.language)
        shown: list[dict[str, Any]] = []
        for file in files:
            with contextlib.suppress(OSError, ValueError):
                shown += json.loads(file.read_text(encoding="utf-8"))
        source = [asdict(asked) for asked in lessonpack.questions_asked(notebook)]
        cells = {str(cell.id) for cell in notebook.cells if cell.cell_type == "code"}
        return Asked((*source, *shown), frozenset(q["cell"] for q in shown),
                     frozenset(cells - {q["cell"] for q in source}))

    def learnt(self, page: Page, questions: list[dict[str, Any]]) -> None:
        """Keep the questions that a lesson asked when it was executed."""
        file = self._folder / f"{page.name.replace('/', '-')}-{page.digest}.json"
        if questions and not file.exists():
            scratch = file.with_suffix(".new")
            scratch.write_text(json.dumps(questions, ensure_ascii=False), encoding="utf-8")
            scratch.replace(file)


def choices(settings: Settings, language: str) -> list[tuple[str, str, str]]:
    """Return the lessons a class can open: id, title and summary in a language."""
    return [(lesson.id, lesson.title_in(language) or lesson.title_in(DEFAULT_LANGUAGE),
             lesson.summary_in(language)) for lesson in lessonpack.find_lessons(settings)]
