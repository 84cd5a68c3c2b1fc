"""How much one submission may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of one run.

    Parameters
    ----------
    memory_mb
        Of both processes together.
    wall_seconds
        Of the whole run, whatever its cells have.
    cpu_seconds
        Of each process.
    processes
        Of the student's process and what it starts.
    scratch_mb
        Files, in memory: the submission's copy and what is written.
    text
        Characters that one cell may print; as many may be in each rich output a hundred times.
    frame_mb
        The largest message between the processes, so the largest value.
    """

    memory_mb: int = 1024
    wall_seconds: float = 300.0
    cpu_seconds: int = 240
    processes: int = 48
    open_files: int = 256
    scratch_mb: int = 256
    text: int = 30_000
    frame_mb: int = 64
