"""A lesson pack as a class page in a language, and the questions it asks.

A lesson's questions are learnt by running it once; what was learnt is kept in a file that is named
by the content, so that a changed lesson is run again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from coteach import lessonpack
from coteach.i18n import DEFAULT_LANGUAGE, LANGUAGES
from coteach.i18n import gettext as _
from coteach.lessonpack import get_lesson
from coteach.pages import ClassPages, Page
from coteach.settings import Settings

log = structlog.get_logger("classroom")


@dataclass(frozen=True)
class LessonHere:
    """A lesson in the language that comes nearest to what the reader wants."""

    lesson: lessonpack.Lesson
    language: str
    wanted: str

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
            notice=self.notice, env={"COTEACH_LESSON": self.lesson.id}, **more)

    @property
    def digest(self) -> str:
        """A name for the content: it changes when the notebook or its translation does."""
        total = hashlib.sha256(self.lesson.notebook_path.read_bytes())
        po = lessonpack.translation_file(self.lesson.folder, self.language)
        total.update(po.read_bytes() if po.is_file() else b"")
        return total.hexdigest()[:16]


class Outlines:
    """The questions of lessons, by content."""

    def __init__(self, settings: Settings, pages: ClassPages) -> None:
        self._folder = settings.layout.run / "outlines"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._pages = pages
        self._running: dict[Path, asyncio.Task[list[dict[str, Any]]]] = {}

    def _file(self, here: LessonHere) -> Path:
        return self._folder / f"{here.lesson.id}-{here.language}-{here.digest}.json"

    def known(self, here: LessonHere) -> list[dict[str, Any]] | None:
        """Return the questions if they are known; None makes somebody find out."""
        try:
            return list(json.loads(self._file(here).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None

    def find_out(self, here: LessonHere) -> asyncio.Task[list[dict[str, Any]]]:
        """Run the lesson in the background unless that is going on."""
        file = self._file(here)
        task = self._running.get(file)
        if task is None:
            task = self._running[file] = asyncio.create_task(self._learn(here, file))
            task.add_done_callback(lambda _task: self._running.pop(file, None))
        return task

    def learnt(self, here: LessonHere, questions: list[dict[str, Any]]) -> None:
        """Keep the questions that a pupil's page showed."""
        if questions and self.known(here) is None:
            scratch = self._file(here).with_suffix(".new")
            scratch.write_text(json.dumps(questions, ensure_ascii=False), encoding="utf-8")
            scratch.replace(self._file(here))

    async def _learn(self, here: LessonHere, file: Path) -> list[dict[str, Any]]:
        try:
            questions = await self._pages.outline(here.page(), f"outline:{file.stem}")
        except Exception:
            log.exception("the questions of a lesson could not be found", lesson=here.lesson.id)
            return []
        self.learnt(here, questions)
        return questions


def choices(settings: Settings, language: str) -> list[tuple[str, str, str]]:
    """Return the lessons a class can open: id, title and summary in a language."""
    return [(lesson.id, lesson.title_in(language) or lesson.title_in(DEFAULT_LANGUAGE),
             lesson.summary_in(language)) for lesson in lessonpack.find_lessons(settings)]
