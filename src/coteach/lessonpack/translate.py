"""Translations of notebooks: one gettext message a Markdown cell, one a text of a code cell.

Rule: `msgctxt` is the cell id and `msgid` the source text. A cell whose source has changed since it
was translated is shown in its own language and flagged, never in a translation of something else.
The flag stands in the cell's metadata as `coteach.translation`: ``stale`` or ``missing``. What a
learner writes herself (an nbgrader solution cell without its model answer) is never flagged.
"""

from __future__ import annotations

import copy
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.lessonpack.notebook import joined, read_notebook, translation_file
from coteach.lessonpack.strings import replace_texts, texts_of
from coteach.lessonpack.texts import wrong

if TYPE_CHECKING:
    from coteach.lessonpack.lesson import Lesson

ANSWER_HERE = "YOUR ANSWER HERE"
"""What nbgrader puts into a written answer that was not given yet."""


@dataclass
class Translation:
    """A catalog by cell: what can be said in a language, and what once could."""

    messages: dict[tuple[str, str], str] = field(default_factory=dict)
    """(cell id, source text) to translation."""
    cells: set[str] = field(default_factory=set)
    """Cells that have or had a translation."""

    @classmethod
    def read(cls, path: Path) -> Translation:
        """Read a `.po` file; fuzzy and empty messages do not count.

        Raises
        ------
        UserError
            The file is there and is no `.po` file.
        """
        try:
            return cls.parse(path.read_bytes(), str(path))
        except FileNotFoundError:
            return cls()

    @classmethod
    def parse(cls, raw: bytes, where: str) -> Translation:
        """As `read`, from bytes."""
        try:
            catalog = read_po(io.BytesIO(raw), abort_invalid=True)
        except (PoFileError, UnicodeDecodeError, ValueError) as error:
            raise wrong(where, _("The translation can't be read: {error}.").format(
                error=error)) from None
        made = cls()
        for message in catalog:
            if not message.id or not message.context or not isinstance(message.id, str):
                continue
            if isinstance(message.string, str) and message.string.strip():
                made.cells.add(message.context)
                if not message.fuzzy:
                    made.messages[(message.context, message.id)] = message.string
        made.cells.update(m.context for m in catalog.obsolete.values() if m.context)
        return made


def translated_notebook(notebook: nbformat.NotebookNode, po: Path | Translation
                        ) -> nbformat.NotebookNode:
    """Return a copy of a notebook in the language of a `.po` file.

    Parameters
    ----------
    notebook
        The source notebook; it is not changed.
    po
        A file `i18n/<BCP 47>.po`, or a catalog already read. A file that is not there gives the
        source as it is, without flags: that is how the source language is asked for.

    Returns
    -------
    nbformat.NotebookNode
        Its metadata hold ``coteach.language`` and ``coteach.stale``, the ids of the cells that
        fell back because their source changed.
    """
    made = copy.deepcopy(notebook)
    if isinstance(po, Path) and not po.exists():
        return made
    found = Translation.read(po) if isinstance(po, Path) else po
    stale = []
    for cell in made.cells:
        state = _translate_cell(cell, found)
        if state:
            cell.metadata.setdefault("coteach", {})["translation"] = state
        if state == "stale":
            stale.append(cell.id)
    note = made.metadata.setdefault("coteach", {})
    note["stale"] = stale
    if isinstance(po, Path):
        note["language"] = po.stem
    return made


def _translate_cell(cell: nbformat.NotebookNode, found: Translation) -> str:
    if _is_own_work(cell):
        cell.source = found.messages.get((cell.id, joined(cell)), joined(cell))
        return ""
    texts = translatable(cell)
    if not texts:
        return ""
    if any((cell.id, text) not in found.messages for text in texts):
        return "stale" if cell.id in found.cells else "missing"
    if cell.cell_type == "code":
        cell.source = replace_texts(joined(cell), lambda text: found.messages[(cell.id, text)])
    else:
        cell.source = found.messages[(cell.id, joined(cell))]
    return ""


def translatable(cell: nbformat.NotebookNode) -> list[str]:
    """Return the texts of a cell that a translator translates."""
    source = joined(cell)
    if "no-translate" in cell.metadata.get("tags", ()):
        return []
    if cell.cell_type == "markdown":
        answer = [ANSWER_HERE] if cell.metadata.get("nbgrader", {}).get("solution") else []
        return [source, *answer] if source.strip() else []
    return texts_of(source) if cell.cell_type == "code" else []


def _is_own_work(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "markdown" and bool(
        cell.metadata.get("nbgrader", {}).get("solution")) and "BEGIN SOLUTION" not in joined(cell)


def untranslated(notebook: nbformat.NotebookNode, po: Path) -> dict[str, str]:
    """Return the cells that are not in this language yet: cell id to ``stale`` or ``missing``."""
    found = Translation.read(po)
    states = {cell.id: _translate_cell(copy.deepcopy(cell), found) for cell in notebook.cells}
    return {cell: state for cell, state in states.items() if state}


def extract(notebook: nbformat.NotebookNode, language: str, known: Path | None = None) -> bytes:
    """Return a `.po` file with every translatable text of a notebook.

    Parameters
    ----------
    notebook
        The source notebook.
    language
        BCP 47 tag of the translation.
    known
        A `.po` file whose translations and comments are carried over; where the source of a cell
        has changed the old translation is kept as fuzzy, for the translator to look at. What
        belongs to no cell any more stays at the end as obsolete.
    """
    old = _catalog(known) if known else None
    before = {(m.context, str(m.id)): m for m in old or () if m.id and m.context and m.string}
    left = dict(before) | {(m.context or "", str(m.id)): m for m in (
        old.obsolete.values() if old else ())}
    catalog = Catalog(locale=language.replace("-", "_"), fuzzy=False, charset="utf-8",
                      creation_date=datetime(2000, 1, 1, tzinfo=UTC))
    if old is not None:
        catalog.header_comment = old.header_comment
        catalog.last_translator, catalog.language_team = old.last_translator, old.language_team
    for cell in notebook.cells:
        texts = translatable(cell)
        here = [m for (where, _text), m in before.items() if where == cell.id]
        for text in texts:
            said = left.pop((cell.id, text), None)
            # One text before and one now: the old one is a help. With several nobody knows which.
            if said is None and len(here) == len(texts) == 1:
                said = here[0]
                left.pop((said.context or "", str(said.id)), None)
                flags = {"fuzzy"}
            else:
                flags = {"fuzzy"} if said is not None and said.fuzzy else set()
            catalog.add(text, said.string if said else "", context=cell.id, flags=flags,
                        user_comments=said.user_comments if said else ())
    for (where, text), message in left.items():
        catalog.obsolete[(text, where)] = message
    out = io.BytesIO()
    write_po(out, catalog, width=0, omit_header=False, sort_output=False)
    return out.getvalue()


def _catalog(path: Path) -> Catalog | None:
    try:
        return read_po(io.BytesIO(path.read_bytes()), abort_invalid=True)
    except FileNotFoundError:
        return None
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        raise wrong(str(path), _("The translation can't be read: {error}.").format(
            error=error)) from None


@dataclass(frozen=True)
class Refreshed:
    """A translation file that was written, and how far it is."""

    file: Path
    texts: int
    missing: int
    fuzzy: int


def refresh_translation(lesson: Lesson, language: str) -> Refreshed:
    """Write `i18n/<language>.po` of a pack, with what is translated already.

    Raises
    ------
    UserError
        The language is the lesson's own, is no language, or the old file can't be read.
    """
    if language == lesson.languages[0]:
        raise UserError(_("The lesson is written in {language}.").format(language=language),
                        hint=_("Name the language to translate it into."), code="own-language")
    try:
        Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        raise UserError(_("{language!r} is no language tag such as en, vi or zh-Hant.").format(
            language=language), code="no-language") from None
    file = translation_file(lesson.folder, language)
    raw = extract(read_notebook(lesson.notebook_path), language, file)
    file.parent.mkdir(exist_ok=True)
    scratch = file.with_name(f".{file.name}.new")
    scratch.write_bytes(raw)
    scratch.replace(file)
    messages = [m for m in read_po(io.BytesIO(raw)) if m.id]
    return Refreshed(file, len(messages), sum(not m.string for m in messages),
                     sum(bool(m.string) and m.fuzzy for m in messages))
