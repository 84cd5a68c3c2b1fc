"""A lesson pack: `lesson.toml`, `lesson.ipynb`, `assets/` and `i18n/<BCP 47>.po` in a folder.

Notes for the teacher, which no pupil's page shows, may lie beside them as `notes/<BCP 47>.md`.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from coteach.i18n import DEFAULT_LANGUAGE
from coteach.i18n import gettext as _
from coteach.lessonpack.archive import unpack
from coteach.lessonpack.course import ID
from coteach.lessonpack.notebook import read_notebook, translation_file
from coteach.lessonpack.texts import Table, Texts, missing_file, read, text_in
from coteach.lessonpack.translate import translated_notebook, untranslated


@dataclass(frozen=True)
class Resource:
    """Something of a partner that the lesson uses: a film, a map, a museum's page."""

    title: Texts
    url: str
    partner: str
    licence: str
    size: int
    """Bytes that opening it costs."""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """What this lesson was adapted from."""

    id: str
    version: str
    school: str = ""


@dataclass(frozen=True)
class Lesson:
    """A lesson pack in a folder."""

    id: str
    version: str
    title: Texts
    summary: Texts
    languages: tuple[str, ...]
    """The first one is the language of the notebook itself."""
    ages: tuple[int, int]
    subject: Texts
    minutes: int
    licence: str
    """SPDX expression."""
    authors: tuple[str, ...]
    school: str
    source: Source | None
    resources: tuple[Resource, ...]
    folder: Path
    extra: dict[str, Any] = field(default_factory=dict)
    """Keys of `lesson.toml` that coteach does not know; written back as they are."""

    def title_in(self, language: str) -> str:
        """Return the title in a language."""
        return text_in(self.title, language)

    def summary_in(self, language: str) -> str:
        """Return the sentence that says what the lesson is about, in a language."""
        return text_in(self.summary, language)

    def best_language(self, wanted: str) -> str:
        """Return the wanted language if the lesson has it, else the lesson's own."""
        return wanted if wanted in self.languages else self.languages[0]

    @property
    def notebook_path(self) -> Path:
        """The notebook in the lesson's own language."""
        return self.folder / "lesson.ipynb"

    @property
    def assets(self) -> Path:
        """Pictures and sounds, which the notebook names as `assets/<file>`."""
        return self.folder / "assets"

    def notes_in(self, language: str) -> str:
        """Return the teacher's notes (Markdown) in a language; empty when there are none."""
        for tag in (language, self.languages[0]):
            if (file := self.folder / "notes" / f"{tag}.md").is_file():
                return file.read_text(encoding="utf-8")
        return ""

    def notebook_in(self, language: str) -> nbformat.NotebookNode:
        """Return the notebook in a language; see `translated_notebook` for its flags."""
        return translated_notebook(read_notebook(self.notebook_path),
                                   translation_file(self.folder, language))

    def untranslated_in(self, language: str) -> dict[str, str]:
        """Return the cells that are not in a language yet: cell id to ``stale``/``missing``."""
        if language == self.languages[0]:
            return {}
        return untranslated(read_notebook(self.notebook_path),
                            translation_file(self.folder, language))

    @classmethod
    def load(cls, path: Path | str, *, unpack_into: Path | None = None) -> Lesson:
        """Read and check a lesson pack.

        Parameters
        ----------
        path
            The folder, or the same as a `.zip`.
        unpack_into
            For a `.zip`: the folder to make. A fresh temporary one when not given, which the
            caller removes (`lesson.folder`).

        Raises
        ------
        UserError
            Something is missing or wrong; the sentence names the file, the key and the value.
        """
        place = Path(path)
        if place.is_dir():
            return _load(place)
        if not place.is_file():
            raise missing_file(place.name, str(place.parent))
        home = None if unpack_into else Path(tempfile.mkdtemp(prefix="coteach-lesson-"))
        folder = unpack_into or Path(str(home)) / "lesson"
        try:
            return _load(unpack(place, folder))
        except BaseException:
            shutil.rmtree(home or folder, ignore_errors=True)
            raise


def _load(folder: Path) -> Lesson:
    table = read(folder / "lesson.toml")
    if not ID.fullmatch(name := table.text("id")):
        raise table.bad("id", _("Use small letters, digits and hyphens."))
    languages = table.words("languages")
    ages = table.numbers("age_range", 2)
    if not 3 <= ages[0] <= ages[1] <= 99:
        raise table.bad("age_range", _("It must be two ages, the younger first."))
    lesson = Lesson(
        id=name, version=table.text("version"), title=table.texts("title", languages),
        summary=table.texts("summary") if "summary" in table else {DEFAULT_LANGUAGE: ""},
        languages=languages, ages=(ages[0], ages[1]), subject=table.texts("subject"),
        minutes=table.number("duration", 1, 600), licence=_licence(table),
        authors=table.words("authors"), school=table.text("school", ""),
        source=_source(table.table("source")),
        resources=tuple(_resource(t) for t in table.tables("resources")),
        folder=folder, extra=table.rest())
    read_notebook(lesson.notebook_path)
    for tag in languages[1:]:
        if not translation_file(folder, tag).is_file():
            raise missing_file(f"{tag}.po", str(folder / "i18n"))
    return lesson


def _licence(table: Table) -> str:
    value = table.text("licence")
    try:
        return str(canonicalize_license_expression(value))
    except InvalidLicenseExpression:
        raise table.bad("licence", _("It must be an SPDX licence such as CC-BY-4.0.")) from None


def _source(table: Table | None) -> Source | None:
    if table is None:
        return None
    return Source(id=table.text("id"), version=table.text("version"),
                  school=table.text("school", ""))


def _resource(table: Table) -> Resource:
    url = table.text("url")
    if not url.startswith(("https://", "assets/")):
        raise table.bad("url", _("It must begin with https:// or assets/."))
    return Resource(title=table.texts("title"), url=url, partner=table.text("partner"),
                    licence=_licence(table), size=table.number("size", 0, 10**12),
                    extra=table.rest())
