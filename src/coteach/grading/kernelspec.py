"""The kernel that runs submitted notebooks: in the sandbox, no network, nobody's files."""

from __future__ import annotations

import sys
from pathlib import Path

from coteach import paths, sandbox

KERNEL = "coteach-grading"
"""A name of its own: a notebook that could choose would choose a kernel without walls."""


def write(folder: Path, *, memory_mb: int = 1024, trust_local: bool = False) -> Path:
    """Write the kernelspec; return the folder for `JUPYTER_PATH`.

    Parameters
    ----------
    memory_mb
        For the kernel and all it starts.
    trust_local
        Run without a sandbox where this machine can't make one.
    """
    return sandbox.write_kernelspec(folder, name=KERNEL, config={
        "memory_mb": memory_mb, "processes": 64, "file_mb": 64, "folder": "copy",
        # The notebook in the working folder has the hidden tests and the marking guide.
        "leave_out": ["*.ipynb", "timestamp.txt"],
        "hidden": _hidden(), "trust_local": trust_local,
        "env": {"NBGRADER_EXECUTION": "autograde", "PYTHONWARNINGS": "ignore"},
    })


def _hidden() -> list[str]:
    """Return the courses with their solutions, where they lie inside the Python environment."""
    courses = paths.shared("courses")
    return [str(courses)] if courses.is_relative_to(Path(sys.prefix)) else []
