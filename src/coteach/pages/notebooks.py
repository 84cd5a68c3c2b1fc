"""Reading any notebook as a class page: cells without an id get one that stays the same."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import nbformat

from coteach.errors import UserError
from coteach.i18n import gettext as _

MOST_BYTES = 100_000_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _refuse(path: Path, reason: str, hint: str = "") -> UserError:
    return UserError(_("{file} can't be shown: {reason}.").format(file=path.name, reason=reason),
                     hint=hint, status=422, code="bad-notebook")


def _ids(cells: list[Any]) -> None:
    """Give each cell an id; one that is missing follows from its text and place."""
    seen: set[str] = set()
    for cell in cells:
        name = cell.get("id")
        if not isinstance(name, str) or not _ID.fullmatch(name) or name in seen:
            text = str(cell.get("source", "")).encode("utf-8", "replace")
            turn = 0
            name = hashlib.sha256(text).hexdigest()[:12]
            while name in seen:
                turn += 1
                name = hashlib.sha256(text + str(turn).encode()).hexdigest()[:12]
        seen.add(name)
        cell["id"] = name


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a notebook of format 4 or older from anywhere; its kernelspec does not matter.

    Raises
    ------
    UserError
        It is missing, empty, too large, no JSON, no notebook, or not in Python.
    """
    try:
        raw = path.read_bytes() if path.stat().st_size <= MOST_BYTES else None
    except OSError as error:
        raise _refuse(path, error.strerror or str(error)) from None
    if raw is None:
        raise _refuse(path, _("it is larger than {limit} MB").format(limit=MOST_BYTES // 10**6))
    if not raw.strip():
        raise _refuse(path, _("the file is empty"))
    try:
        content = json.loads(raw)
        if not isinstance(content, dict) or "nbformat" not in content:
            raise _refuse(path, _("it is JSON, but no notebook"))
        notebook = nbformat.convert(nbformat.from_dict(content), 4)
        cells = list(notebook.cells)
        for cell in cells:
            if isinstance(cell.source, list):
                cell.source = "".join(cell.source)
            if not isinstance(cell.source, str):
                raise _refuse(path, _("the text of a cell is no text"),
                              _("Open it in JupyterLab and save it again."))
            cell.metadata = cell.get("metadata") or nbformat.from_dict({})
    except UserError:
        raise
    except (ValueError, RecursionError):
        raise _refuse(path, _("it is no JSON"),
                      _("Open it in JupyterLab and save it again.")) from None
    except Exception as error:
        raise _refuse(path, _("it is no notebook ({error})").format(error=str(error)[:200]),
                      _("Open it in JupyterLab and save it again.")) from None
    if not cells:
        raise _refuse(path, _("it has no cells"))
    language = (notebook.metadata.get("kernelspec") or {}).get("language") or "python"
    if str(language).lower() not in ("python", "python3", "ipython", ""):
        raise _refuse(path, _("it is written in {language}, not in Python").format(
            language=language))
    _ids(cells)
    notebook.nbformat_minor = max(5, int(notebook.get("nbformat_minor", 5)))
    return notebook
