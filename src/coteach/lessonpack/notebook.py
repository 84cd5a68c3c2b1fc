"""Reading notebooks of courses and lessons: nbformat 4.5 with an own id for each cell.

Cell ids are the key for translations, answers and differences, so a notebook without them, or with
one id twice, is refused with a sentence that says which.
"""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import nbformat.v4
from nbformat.validator import NotebookValidationError

from coteach.i18n import gettext as _
from coteach.lessonpack.texts import missing_file, wrong

MAX_NOTEBOOK = 20_000_000


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read and check a notebook file; errors as `parse_notebook`, and when it is missing."""
    try:
        return parse_notebook(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise missing_file(path.name, str(path.parent)) from None


def parse_notebook(raw: bytes, where: str) -> nbformat.NotebookNode:
    """Read and check a notebook.

    Parameters
    ----------
    raw
        The file's bytes.
    where
        How errors name the file.

    Raises
    ------
    UserError
        It is too large, no notebook, older than format 4.5, or its cell ids are not unique.
    """
    if len(raw) > MAX_NOTEBOOK:
        raise wrong(where, _("The notebook is larger than {limit} bytes.").format(
            limit=MAX_NOTEBOOK), _("Put pictures and sounds into the folder assets."))
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        raise wrong(where, _("The file is no notebook: it is not JSON.")) from None
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise wrong(where, _("The file is no notebook: it has no list of cells."))
    version = (content.get("nbformat"), content.get("nbformat_minor"))
    if version[0] != 4 or not isinstance(version[1], int) or version[1] < 5:
        raise wrong(where, _("The notebook has format {version}; 4.5 or later is needed.").format(
            version=".".join(str(part) for part in version)),
            _("Open it in JupyterLab and save it again."))
    _check_ids(content["cells"], where)
    try:
        nbformat.validate(content)
    except NotebookValidationError as error:
        raise wrong(where, _("The notebook is not valid: {error}.").format(
            error=str(error).splitlines()[0])) from None
    notebook: nbformat.NotebookNode = nbformat.v4.reads(json.dumps(content))
    return notebook


def _check_ids(cells: list[object], where: str) -> None:
    seen: dict[str, int] = {}
    for place, cell in enumerate(cells, 1):
        name = cell.get("id") if isinstance(cell, dict) else None
        if not isinstance(name, str) or not name:
            raise wrong(where, _("Cell {place} has no id.").format(place=place),
                        _("Open it in JupyterLab and save it again."))
        if name in seen:
            raise wrong(where, _("The cell id {id!r} stands twice, in cells {first} and {second}.")
                        .format(id=name, first=seen[name], second=place),
                        _("Delete the copy and write it new."))
        seen[name] = place


def translation_file(folder: Path, language: str) -> Path:
    """Return where the translation of a folder's notebook lies, `i18n/<BCP 47>.po`."""
    return folder / "i18n" / f"{language}.po"


def joined(cell: nbformat.NotebookNode) -> str:
    """Return a cell's source as one text."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)
