"""What the engine is given and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal["student", "given", "test"]
Status = Literal["ok", "error", "timeout", "not-run"]


@dataclass(frozen=True)
class Cell:
    """A code cell.

    Parameters
    ----------
    kind
        ``student``: what she could change. ``given``: the instructor's locked code; it runs in
        both processes when it can. ``test``: never seen by the student's process.
    beside
        Run this test beside the student's live objects, where she could see and forge it; a line
        ``### BESIDE`` in its source says the same.
    """

    id: str
    source: str
    kind: Kind
    beside: bool = False


@dataclass(frozen=True)
class Work:
    """One notebook of one student.

    Parameters
    ----------
    cells
        In the order of the notebook.
    files
        The submission's data files; the run sees a private, writable copy.
    seconds
        What each cell has.
    seed
        Of `random` and `numpy.random`, in both processes.
    names
        What the log calls it.
    own
        Files below `files` that are the instructor's own and that an answer has no business to
        change, as paths with ``/``: the student's process can read them only, and the tests import
        modules from these alone.
    answers
        The names that the instructor's solution sets or changes; see `touched`. They come from the
        student even where given code has set them before. None: what student cells touch, as far
        as it is data.
    """

    cells: tuple[Cell, ...]
    files: Path | None = None
    seconds: float = 30.0
    seed: int = 0
    names: str = ""
    own: frozenset[str] = frozenset()
    answers: frozenset[str] | None = None


@dataclass
class CellRun:
    """What became of a cell.

    Parameters
    ----------
    outputs
        As nbformat 4 has them, errors included, cut with a note when they were too long.
    beside
        Whether this test ran beside the student's live objects.
    message
        Why it did not run or was stopped: ``ended``, ``stuck`` or ``timeout``; else empty.
    """

    outputs: list[dict[str, Any]] = field(default_factory=list)
    status: Status = "not-run"
    beside: bool = False
    message: str = ""


@dataclass
class Run:
    """What became of a submission.

    Parameters
    ----------
    status
        ``failed`` when nothing honest can be said about the tests.
    reason
        Why it failed: ``too-long``, ``memory``, ``files`` (too many beside the notebook),
        ``walls`` (no sandbox) or ``broke`` (a fault that is not the answer's); else empty.
    detail
        The machine's own words about it, for the log and the one who runs the service.
    """

    cells: dict[str, CellRun]
    status: Literal["ran", "failed"] = "ran"
    reason: str = ""
    detail: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
