"""What changed between two lesson packs, by cell id, so that a moved cell is not a new one."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from coteach.lessonpack.lesson import Lesson
from coteach.lessonpack.notebook import joined, read_notebook, translation_file
from coteach.lessonpack.texts import read
from coteach.lessonpack.translate import Translation


@dataclass(frozen=True)
class CellChange:
    """A cell that is not the same in both."""

    cell: str
    kind: str
    """``added``, ``removed``, ``changed`` or ``moved``."""
    cell_type: str
    diff: str = ""
    """A unified diff of the source when it changed."""


@dataclass(frozen=True)
class Differences:
    """All that differs; empty parts are the same."""

    cells: tuple[CellChange, ...] = ()
    about: tuple[str, ...] = ()
    """Keys of `lesson.toml` with another value."""
    translations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Language to the cells that are said differently."""
    files: dict[str, str] = field(default_factory=dict)
    """Other files: ``added``, ``removed`` or ``changed``."""

    def __bool__(self) -> bool:
        return bool(self.cells or self.about or self.translations or self.files)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def differences(before: Lesson, after: Lesson) -> Differences:
    """Compare two lessons."""
    return Differences(
        cells=tuple(_cells(read_notebook(before.notebook_path),
                           read_notebook(after.notebook_path))),
        about=_about(before, after), translations=_translations(before, after),
        files=_files(before.folder, after.folder))


def _cells(before: nbformat.NotebookNode, after: nbformat.NotebookNode) -> list[CellChange]:
    old = {str(c.id): c for c in before.cells}
    new = {str(c.id): c for c in after.cells}
    order = [c for c in old if c in new]
    steady: set[str] = set()
    for block in difflib.SequenceMatcher(
            None, order, [c for c in new if c in old], autojunk=False).get_matching_blocks():
        steady.update(order[block.a:block.a + block.size])
    found = [CellChange(cell, "removed", old[cell].cell_type) for cell in old if cell not in new]
    for cell, now in new.items():
        was = old.get(cell)
        if was is None:
            found.append(CellChange(cell, "added", now.cell_type))
        elif joined(was) != joined(now) or was.cell_type != now.cell_type:
            found.append(CellChange(cell, "changed", now.cell_type, "\n".join(difflib.unified_diff(
                joined(was).splitlines(), joined(now).splitlines(), cell, cell, lineterm="", n=1))))
        elif cell not in steady:
            found.append(CellChange(cell, "moved", now.cell_type))
    return found


def _about(before: Lesson, after: Lesson) -> tuple[str, ...]:
    one, other = (read(lesson.folder / "lesson.toml").rest() for lesson in (before, after))
    return tuple(key for key in {**one, **other} if one.get(key) != other.get(key))


def _translations(before: Lesson, after: Lesson) -> dict[str, tuple[str, ...]]:
    found = {}
    for tag in dict.fromkeys((*before.languages[1:], *after.languages[1:])):
        one, other = (_by_cell(Translation.read(translation_file(lesson.folder, tag)))
                      for lesson in (before, after))
        changed = tuple(cell for cell in {**one, **other} if one.get(cell) != other.get(cell))
        if changed:
            found[tag] = changed
    return found


def _by_cell(translation: Translation) -> Mapping[str, set[str]]:
    said: dict[str, set[str]] = {}
    for (cell, _source), text in translation.messages.items():
        said.setdefault(cell, set()).add(text)
    return said


def _files(before: Path, after: Path) -> dict[str, str]:
    one, other = _digests(before), _digests(after)
    return {name: "added" if name not in one else "removed" if name not in other else "changed"
            for name in sorted({**one, **other}) if one.get(name) != other.get(name)}


def _digests(folder: Path) -> dict[str, str]:
    found = {}
    for file in folder.rglob("*"):
        name = str(file.relative_to(folder))
        if file.is_file() and name not in ("lesson.toml", "lesson.ipynb", "lesson.jsonld") and (
                not name.startswith(("i18n/", ".")) and "/." not in name):
            found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found
