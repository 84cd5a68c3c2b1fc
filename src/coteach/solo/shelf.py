"""The notebooks that are shown: one file, or a folder of them; read again when they change.

Rule: a name from a browser is looked up in what lies under the folder, never used as a path: links
that lead outside, hidden files and everything that is no notebook do not exist.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _
from coteach.lessonpack import Lesson
from coteach.pages import Page, read_notebook

MOST_NOTEBOOKS = 500
LOOK_AGAIN = 1.0
"""Seconds for which a file is taken to be as it was."""


@dataclass(frozen=True)
class Look:
    """How pages are shown."""

    language: str = "en"
    show_sources: bool = False
    show_tracebacks: bool = False
    state_url: str = ""
    """Where an open page asks whether it is still the newest; the name follows."""


@dataclass
class _Kept:
    page: Page
    stamp: tuple[tuple[str, int, int], ...]
    looked: float


class Shelf:
    """What `coteach page PATH` shows.

    Parameters
    ----------
    path
        A notebook, a lesson pack, or a folder of notebooks.
    look
        How they are shown.

    Raises
    ------
    UserError
        There is no such file, it is no notebook, or the folder has none.
    """

    def __init__(self, path: Path, look: Look) -> None:
        path = path.absolute()
        if not path.exists():
            raise NotFound(_("There is no file {file}.").format(file=path), code="no-file")
        if path.is_dir() and (path / "lesson.toml").is_file():
            path = path / "lesson.ipynb"
        self.look = look
        self.single = "" if path.is_dir() else path.name
        """The one notebook's name; empty for a folder."""
        self.folder = path if path.is_dir() else path.parent
        self._kept: dict[str, _Kept] = {}
        if self.single:
            self.page(self.single)
        elif not self.names():
            raise NotFound(_("There is no notebook in {folder}.").format(folder=path),
                           code="no-notebook")

    def names(self) -> list[str]:
        """Return the notebooks by their path under the folder, sorted."""
        if self.single:
            return [self.single]
        found: list[str] = []
        for place, folders, files in os.walk(self.folder):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            found += [os.path.relpath(os.path.join(place, name), self.folder)
                      for name in files if name.endswith(".ipynb") and not name.startswith(".")]
            if len(found) > MOST_NOTEBOOKS:
                break
        return sorted(found)[:MOST_NOTEBOOKS]

    def file(self, name: str) -> Path:
        """Return a file under the folder by the name a browser gave.

        Raises
        ------
        NotFound
            It is not there, hidden, or leads outside.
        """
        parts = name.split("/")
        path = self.folder / name
        if "\0" in name or any(not part or part.startswith(".") for part in parts) or (
                not path.is_file() or not path.resolve().is_relative_to(self.folder.resolve())):
            raise NotFound(_("There is no page {name!r} here.").format(name=name))
        return path

    def page(self, name: str) -> Page:
        """Return the page of a notebook as it is now.

        Raises
        ------
        UserError
            It is not there, or can't be shown; while a file that could be shown before is being
            written, the page before is given.
        """
        kept = self._kept.get(name)
        now = time.monotonic()
        if kept is not None and now - kept.looked < LOOK_AGAIN:
            return kept.page
        file = self.file(name)
        if self.single and name != self.single:
            raise NotFound(_("There is no page {name!r} here.").format(name=name))
        stamp = _stamp(file)
        if kept is not None and kept.stamp == stamp:
            kept.looked = now
            return kept.page
        try:
            page = self._read(file, name)
        except UserError:
            if kept is None:
                raise
            # An editor is in the middle of saving; the stamp stays, so it is read again.
            kept.looked = now
            return kept.page
        self._kept[name] = _Kept(page, stamp, now)
        return page

    def _read(self, file: Path, name: str) -> Page:
        look = self.look
        language, source = look.language, look.language
        if file.name == "lesson.ipynb" and (file.parent / "lesson.toml").is_file():
            lesson = Lesson.load(file.parent)
            language, source = lesson.best_language(look.language), lesson.languages[0]
            notebook, title = lesson.notebook_in(language), lesson.title_in(language)
        else:
            notebook = read_notebook(file)
            title = str(notebook.metadata.get("title") or file.stem)
        return Page(
            notebook=notebook, folder=file.parent, language=language, title=title,
            source_language=source, name=name,
            asset_base="assets/", show_sources=look.show_sources,
            show_tracebacks=look.show_tracebacks,
            data={"state": f"{look.state_url}{quote(name)}"} if look.state_url else {})


def _stamp(file: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what changes with a notebook, its translations and its lesson.toml."""
    found = []
    for one in (file, file.parent / "lesson.toml", *sorted((file.parent / "i18n").glob("*.po"))):
        try:
            about = one.stat()
        except OSError:
            continue
        found.append((one.name, about.st_size, about.st_mtime_ns))
    return tuple(found)
