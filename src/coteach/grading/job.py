"""What a batch is asked to do. Light to import: the engine is started before the rest is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from coteach.grading.blank import Blanks
from coteach.grading.reason import Reason
from coteach.grading.result import Result


@dataclass(frozen=True)
class Job:
    """One notebook to mark.

    Parameters
    ----------
    file
        The file that was handed in; None when there is none.
    timestamp
        When, as nbgrader writes it in timestamp.txt; empty when nobody knows.
    extras
        The folder with other files that were handed in.
    keep
        Cells whose manual points were given for this very file, so they stand.
    blanks
        What untouched written answers look like; as they were released when empty.
    """

    student: str
    notebook: str
    file: Path | None
    timestamp: str = ""
    extras: Path | None = None
    keep: list[str] = field(default_factory=list)
    blanks: Blanks = field(default_factory=dict)
    wrong: Reason | None = None
    """What is known to be wrong already."""


OnResult = Callable[[Job, Result], None]
