"""Where the files that come with coteach lie.

In a checkout they lie beside `src/`; in an installed wheel under `share/coteach` of the
environment. The checkout wins, because the shared data of an editable install is a stale copy.
"""

from __future__ import annotations

import sys
from pathlib import Path

PACKAGE = Path(__file__).parent


def shared(name: str) -> Path:
    """Return the folder `hub_config` or `courses` that came with this coteach.

    Raises
    ------
    FileNotFoundError
        The installation is incomplete.
    """
    checkout = PACKAGE.parent.parent
    for root in (checkout if (checkout / "pyproject.toml").exists() else None,
                 Path(sys.prefix) / "share" / "coteach"):
        if root is not None and (root / name).is_dir():
            return root / name
    raise FileNotFoundError(f"coteach's folder {name!r} is missing; install coteach again.")
