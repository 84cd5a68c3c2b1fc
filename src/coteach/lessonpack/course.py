"""A course for teachers: `course.toml` and the notebooks it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from coteach.errors import NotFound
from coteach.i18n import gettext as _
from coteach.lessonpack.notebook import read_notebook, translation_file
from coteach.lessonpack.texts import Table, Texts, missing_file, read, text_in, wrong
from coteach.lessonpack.translate import translated_notebook

STEP_KINDS = ("read", "device-check", "practice", "assignment", "feedback")
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")


@dataclass(frozen=True)
class Step:
    """One thing a teacher does in a module."""

    id: str
    kind: str
    """One of `STEP_KINDS`."""
    title: Texts
    cell: str = ""
    """The nbformat cell id in the module's notebook where the step begins; may be empty."""

    def title_in(self, language: str) -> str:
        """Return the title in a language."""
        return text_in(self.title, language)


@dataclass(frozen=True)
class RubricLine:
    """One line that a practice recording is marked by."""

    id: str
    title: Texts
    levels: tuple[Texts, ...]
    """What each level looks like, the weakest first; a mark's level is the index."""

    def title_in(self, language: str) -> str:
        """Return the title in a language."""
        return text_in(self.title, language)

    def levels_in(self, language: str) -> list[str]:
        """Return all levels in a language, the weakest first."""
        return [text_in(level, language) for level in self.levels]


@dataclass(frozen=True)
class Module:
    """One module of a course."""

    id: str
    title: Texts
    minutes: int
    notebook: str
    """File name of the content notebook inside `folder`."""
    assignment: str
    """nbgrader's assignment id; empty when the module has none."""
    deadline_days: int
    """Days from the cohort's start to the assignment's deadline."""
    rubric_version: str
    steps: tuple[Step, ...]
    rubric: tuple[RubricLine, ...]
    folder: Path
    """`modules/<id>` of the course."""
    extra: dict[str, Any] = field(default_factory=dict)

    def title_in(self, language: str) -> str:
        """Return the title in a language."""
        return text_in(self.title, language)

    def step(self, step_id: str) -> Step:
        """Return a step.

        Raises
        ------
        NotFound
            The module has no such step.
        """
        for step in self.steps:
            if step.id == step_id:
                return step
        raise NotFound(_("This module has no step {step!r}.").format(step=step_id))

    def notebook_in(self, language: str) -> nbformat.NotebookNode:
        """Return the content notebook in a language."""
        return translated_notebook(read_notebook(self.folder / self.notebook),
                                   translation_file(self.folder, language))


@dataclass(frozen=True)
class Course:
    """A course with its modules."""

    id: str
    version: str
    title: Texts
    languages: tuple[str, ...]
    licence: str
    modules: tuple[Module, ...]
    folder: Path
    extra: dict[str, Any] = field(default_factory=dict)

    def title_in(self, language: str) -> str:
        """Return the title in a language."""
        return text_in(self.title, language)

    def module(self, module_id: str) -> Module:
        """Return a module.

        Raises
        ------
        NotFound
            The course has no such module.
        """
        for module in self.modules:
            if module.id == module_id:
                return module
        raise NotFound(_("This course has no module {module!r}.").format(module=module_id))

    def assignment_folder(self, assignment: str) -> Path:
        """Return `source/<assignment>`, where the assignment's notebooks lie."""
        return self.folder / "source" / assignment

    def assignment_in(self, assignment: str, language: str) -> nbformat.NotebookNode:
        """Return an assignment's source notebook in a language, solutions and all."""
        folder = self.assignment_folder(assignment)
        return translated_notebook(read_notebook(folder / "assignment.ipynb"),
                                   translation_file(folder, language))

    @classmethod
    def load(cls, path: Path | str) -> Course:
        """Read a course folder.

        Parameters
        ----------
        path
            The folder that holds `course.toml`.

        Raises
        ------
        UserError
            The file is missing or a value is wrong; the sentence names file, key and value.
        """
        folder = Path(path)
        table = read(folder / "course.toml")
        languages = table.words("languages")
        modules = tuple(_module(t, folder, languages) for t in table.tables("modules"))
        _unique(table.where, "modules", [m.id for m in modules])
        return cls(
            id=_identifier(table), version=table.text("version"),
            title=table.texts("title", languages), languages=languages,
            licence=table.text("licence", "CC-BY-4.0"), modules=modules, folder=folder,
            extra=table.rest())


def _identifier(table: Table) -> str:
    value = table.text("id")
    if not ID.fullmatch(value):
        raise table.bad("id", _("Use small letters, digits and hyphens."))
    return value


def _module(table: Table, folder: Path, languages: tuple[str, ...]) -> Module:
    module_id = _identifier(table)
    home = folder / "modules" / module_id
    notebook = table.text("notebook")
    if "/" in notebook or not notebook.endswith(".ipynb"):
        raise table.bad("notebook", _("It must be the name of a notebook in the module's folder."))
    if not (home / notebook).is_file():
        raise missing_file(notebook, str(home))
    assignment = table.text("assignment", "")
    if assignment and not (folder / "source" / assignment / "assignment.ipynb").is_file():
        raise missing_file("assignment.ipynb", str(folder / "source" / assignment))
    steps = tuple(_step(t, languages) for t in table.tables("steps"))
    rubric = tuple(_rubric_line(t, languages) for t in table.tables("rubric"))
    _unique(table.where, "steps", [s.id for s in steps])
    _unique(table.where, "rubric", [r.id for r in rubric])
    return Module(
        id=module_id, title=table.texts("title", languages),
        minutes=table.number("minutes", 1, 600), notebook=notebook, assignment=assignment,
        deadline_days=table.number("deadline_days", 0, 365, 14),
        rubric_version=table.text("rubric_version", "1"), steps=steps, rubric=rubric, folder=home,
        extra=table.rest())


def _step(table: Table, languages: tuple[str, ...]) -> Step:
    return Step(id=_identifier(table), kind=table.choice("kind", STEP_KINDS),
                title=table.texts("title", languages), cell=table.text("cell", ""))


def _rubric_line(table: Table, languages: tuple[str, ...]) -> RubricLine:
    levels = table.text_tables("levels")
    if len(levels) != 4:
        raise table.bad("levels", _("There must be four levels, the weakest first."))
    for tag in languages:
        if any(tag not in level for level in levels):
            raise table.bad("levels", _("The language {language} is missing.").format(language=tag))
    return RubricLine(id=_identifier(table), title=table.texts("title", languages), levels=levels)


def _unique(where: str, key: str, ids: list[str]) -> None:
    for name in ids:
        if ids.count(name) > 1:
            raise wrong(where, _("The id {id!r} stands twice in {key}.").format(id=name, key=key))
