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

import nbformat
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po

from coteach.i18n import gettext as _
from coteach.lessonpack.notebook import joined
from coteach.lessonpack.strings import replace_texts, texts_of
from coteach.lessonpack.texts import wrong

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
        A `.po` file whose translations are carried over; where the source of a cell has changed
        the old translation is kept as fuzzy, for the translator to look at.
    """
    old = Translation.read(known) if known else Translation()
    catalog = Catalog(locale=language.replace("-", "_"), fuzzy=False, charset="utf-8",
                      creation_date=datetime(2000, 1, 1, tzinfo=UTC))
    for cell in notebook.cells:
        texts = translatable(cell)
        before = [text for (where, _text), text in old.messages.items() if where == cell.id]
        for text in texts:
            said = old.messages.get((cell.id, text))
            # One text before and one now: the old one is a help. With several nobody knows which.
            guess = before[0] if said is None and len(before) == len(texts) == 1 else ""
            catalog.add(text, said or guess, context=cell.id, flags=["fuzzy"] if guess else [])
    out = io.BytesIO()
    write_po(out, catalog, width=0, omit_header=False, sort_output=False)
    return out.getvalue()
