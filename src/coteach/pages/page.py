"""What a class page shows: a notebook in the reader's language and what stands around it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat

_PROCESS = secrets.token_hex(8)
MOST_FILES = 2000
"""Files of a lesson's folder that are looked at for changes."""


def folder_stamp(folder: Path | None) -> str:
    """Return what changes when a file of a folder does: names, sizes and times."""
    if folder is None:
        return ""
    facts: list[tuple[str, int, int]] = []
    for place, names, files in os.walk(folder):
        names[:] = sorted(n for n in names if not n.startswith("."))
        for name in sorted(files):
            path = os.path.join(place, name)
            try:
                found = os.lstat(path)
            except OSError:
                continue
            facts.append((os.path.relpath(path, folder), found.st_size, found.st_mtime_ns))
        if len(facts) > MOST_FILES:
            break
    return hashlib.sha256(repr(facts).encode()).hexdigest()


@dataclass(frozen=True)
class Page:
    """What a class page shows besides the lesson itself."""

    notebook: nbformat.NotebookNode
    """In the reader's language, with an id for each cell."""
    folder: Path | None
    """The lesson pack; its kernel may read it."""
    language: str
    title: str
    source_language: str = "en"
    notice: str = ""
    header: str = ""
    """HTML of ours, already escaped."""
    footer: str = ""
    stylesheets: tuple[str, ...] = ()
    asset_base: str = ""
    """Address of the folder `assets/`, with a slash at the end."""
    data: dict[str, Any] = field(default_factory=dict)
    """For the page's scripts, as JSON in the element `coteach-page`."""
    env: dict[str, str] = field(default_factory=dict)
    voices: dict[str, dict[str, str]] = field(default_factory=dict)
    """Recorded voice by cell id: ``url``, ``language``, ``note``."""
    name: str = ""
    """What stays the same when the lesson is replaced by a newer version of itself."""
    version: str = ""
    """The digest, when somebody knows it already."""
    show_sources: bool = False
    show_tracebacks: bool = False

    @cached_property
    def digest(self) -> str:
        """A name for the content; a changed lesson has another one.

        Without a version it is another one in each process, too: the folder may hold anything,
        and what was shown yesterday may be wrong today.
        """
        if self.version:
            return self.version
        text = json.dumps([_PROCESS, self.notebook.get("cells", []), sorted(self.env.items()),
                           self.language, str(self.folder)], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def code(self) -> list[dict[str, str]]:
        """The code cells that have something to execute."""
        return [{"id": str(cell["id"]), "source": str(cell["source"])}
                for cell in self.notebook.cells
                if cell.cell_type == "code" and cell.source.strip()]
