"""Recorded voice of a lesson's cells: `assets/voice/<BCP 47>/<cell id>.<type>` in a lesson pack.

Rule: a cell is spoken in the first wanted language that has a file for it, and which one that is
is told, so that nobody takes one language for another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coteach.lessonpack.lesson import Lesson
from coteach.lessonpack.notebook import read_notebook

TYPES = {
    "opus": "audio/ogg; codecs=opus", "ogg": "audio/ogg", "mp3": "audio/mpeg",
    "m4a": "audio/mp4", "webm": "audio/webm"}
"""Endings of voice files, the smallest on a bad line first, and their media types."""
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True)
class Voice:
    """A cell that somebody reads aloud."""

    path: str
    """Below `assets/`, with slashes."""
    language: str
    """BCP 47."""


def voice_languages(lesson: Lesson) -> list[str]:
    """Return the languages in which something is spoken."""
    folder = lesson.assets / "voice"
    if not folder.is_dir():
        return []
    return sorted(f.name for f in folder.iterdir() if f.is_dir() and _TAG.fullmatch(f.name))


def voices(lesson: Lesson, wanted: Sequence[str]) -> dict[str, Voice]:
    """Return the voice of each cell that has one.

    Parameters
    ----------
    lesson
        The pack.
    wanted
        Languages, the best first: the pupil's, then the class's. The lesson's own come after
        these, and after them any other in which a cell is spoken.
    """
    there = voice_languages(lesson)
    order = [tag for tag in dict.fromkeys((*wanted, *lesson.languages, *there)) if tag in there]
    found: dict[str, Voice] = {}
    for tag in order:
        for cell, file in _files(lesson.assets / "voice" / tag).items():
            found.setdefault(cell, Voice(f"voice/{tag}/{file.name}", tag))
    return found


def voice_files(lesson: Lesson) -> set[str]:
    """Return the voices that belong to a cell of the lesson, as paths below `assets/`."""
    cells = {str(cell.id) for cell in read_notebook(lesson.notebook_path).cells}
    return {f"voice/{tag}/{file.name}" for tag in voice_languages(lesson)
            for cell, file in _files(lesson.assets / "voice" / tag).items() if cell in cells}


def _files(folder: Path) -> dict[str, Path]:
    """Return one file for each cell id."""
    found: dict[str, Path] = {}
    for ending in TYPES:
        for file in sorted(folder.glob(f"*.{ending}")):
            if file.is_file() and not file.is_symlink():
                found.setdefault(file.stem, file)
    return found
