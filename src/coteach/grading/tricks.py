"""Answers that reach for how they are marked: said to the trainer, who reads them herself.

Rule: this changes no score. Such code is rare and may be harmless; only a person can tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from coteach.grading.blank import mark_of, source_of

_TRICK = re.compile(
    r"\b(?:ast_transformers|input_transformers\w*|get_ipython|InteractiveShell|__eq__|__ne__)\b"
    r"|\bevents\s*\.\s*register\b|\b(?:builtins|__builtins__|sys\.settrace|_getframe)\b")


def looks_at_marking(raw: bytes, given: Collection[str] = ()) -> bool:
    """Say whether code that somebody wrote herself touches what runs or compares her answers.

    Parameters
    ----------
    raw
        The file that was handed in.
    given
        Sources of code cells that were in the form already.
    """
    try:
        cells = json.loads(raw.decode("utf-8-sig"))["cells"]
        return any(cell["cell_type"] == "code" and source_of(cell) not in given
                   and not mark_of(cell).get("locked") and _TRICK.search(source_of(cell))
                   for cell in cells)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False  # no notebook; marking says so


@lru_cache(maxsize=2048)
def file_looks_at_marking(file: Path, given: frozenset[str]) -> bool:
    """As `looks_at_marking`, of a hand-in's file, which never changes."""
    try:
        return looks_at_marking(file.read_bytes(), given)
    except OSError:
        return False
