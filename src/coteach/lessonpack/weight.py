"""What a lesson weighs, and what it needs a line for: read from its sources without running it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from coteach.lessonpack.lesson import Lesson
from coteach.lessonpack.notebook import joined, read_notebook, translation_file
from coteach.lessonpack.translate import Translation
from coteach.lessonpack.voices import voice_files

_ASSET = re.compile(r"assets/([\w./%+~@-]+)")
_MARKDOWN_PICTURE = re.compile(r"!\[[^\]]*\]\(\s*<?(https?://[^)\s>]+)")
_HTML_SOURCE = re.compile(
    r"<(?:img|audio|video|source|iframe|script|embed)\b[^>]*?\bsrc\s*=\s*[\"']?(https?://[^\"'\s>]+)"
    r"|<link\b[^>]*?\bhref\s*=\s*[\"']?(https?://[^\"'\s>]+)", re.I)
_CODE_SPAN = re.compile(r"(`{3,})(?:.*?)\1|(`+)[^`\n]+\2", re.S)
_ADDRESS = re.compile(r"https?://[^\s\"'<>)]+")


@dataclass(frozen=True)
class Weight:
    """Bytes of a pack's parts."""

    notebook: int
    pictures: int
    """What lies in `assets/` and is used, voices aside."""
    unused: int
    largest: tuple[tuple[str, int], ...]
    """The heaviest used files, heaviest first."""

    @property
    def loaded(self) -> int:
        """What a pupil's browser loads at most, without the program parts."""
        return self.notebook + self.pictures


@dataclass(frozen=True)
class Assets:
    """The files of `assets/` against what the lesson names."""

    missing: tuple[tuple[str, str], ...]
    """Cell id and name of a file that is not there."""
    unused: tuple[str, ...]


@dataclass(frozen=True)
class Outside:
    """An address on the network that a page needs to be complete."""

    cell: str
    address: str
    kind: str
    """``picture`` (anything that is shown) or ``code`` (an address in a code cell)."""


def assets(lesson: Lesson) -> Assets:
    """Compare the files that are there with those that are named, in every language."""
    there = {str(f.relative_to(lesson.assets)) for f in lesson.assets.rglob("*") if f.is_file()
             } if lesson.assets.is_dir() else set()
    named: dict[str, str] = {}
    for cell, text in _texts(lesson):
        for name in _ASSET.findall(text):
            named.setdefault(name.rstrip("."), cell)
    for resource in lesson.resources:
        if resource.url.startswith("assets/"):
            named.setdefault(resource.url.removeprefix("assets/"), "")
    return Assets(
        missing=tuple((cell, name) for name, cell in named.items()
                      if name not in there and "/" + name not in there),
        unused=tuple(sorted(there - set(named) - voice_files(lesson))))


def weight(lesson: Lesson) -> Weight:
    """Return what the lesson weighs."""
    # A voice is loaded only when a pupil asks for it.
    unused, spoken = set(assets(lesson).unused), voice_files(lesson)
    sizes = {str(f.relative_to(lesson.assets)): f.stat().st_size
             for f in lesson.assets.rglob("*") if f.is_file()} if lesson.assets.is_dir() else {}
    used = sorted(((name, size) for name, size in sizes.items() if name not in unused | spoken),
                  key=lambda pair: -pair[1])
    return Weight(
        notebook=lesson.notebook_path.stat().st_size, pictures=sum(size for _name, size in used),
        unused=sum(size for name, size in sizes.items() if name in unused),
        largest=tuple(used[:3]))


def outside(lesson: Lesson) -> list[Outside]:
    """Return what the page would fetch from the network, which it then can't show offline."""
    found: dict[tuple[str, str], Outside] = {}
    for cell, text in _texts(lesson):
        for match in _MARKDOWN_PICTURE.finditer(text):
            found.setdefault((cell, match[1]), Outside(cell, match[1], "picture"))
        for match in _HTML_SOURCE.finditer(text):
            address = match[1] or match[2]
            found.setdefault((cell, address), Outside(cell, address, "picture"))
    for cell in read_notebook(lesson.notebook_path).cells:
        for address in _in_code(cell):
            found.setdefault((cell.id, address), Outside(cell.id, address, "code"))
    return list(found.values())


def _texts(lesson: Lesson) -> list[tuple[str, str]]:
    """Return what is shown: cell id and text, of the notebook and of every translation."""
    notebook = read_notebook(lesson.notebook_path)
    texts = [(str(cell.id), _CODE_SPAN.sub("", joined(cell)) if cell.cell_type == "markdown"
              else joined(cell)) for cell in notebook.cells]
    cells = {name for name, _text in texts}
    for tag in lesson.languages[1:]:
        po: Path = translation_file(lesson.folder, tag)
        said = Translation.read(po).messages.items()
        texts += [(cell, _CODE_SPAN.sub("", text)) for (cell, _source), text in said
                  if cell in cells]
    return texts


def _in_code(cell: nbformat.NotebookNode) -> list[str]:
    if cell.cell_type != "code":
        return []
    try:
        tree = ast.parse(joined(cell))
    except (SyntaxError, ValueError, RecursionError):  # magics: every address counts
        return _ADDRESS.findall(joined(cell))
    return [address for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            for address in _ADDRESS.findall(node.value)]
