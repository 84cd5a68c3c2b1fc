"""What a forked Lab calls in place of executing `jupyterhub-singleuser`.

The template has imported everything before (`coteach.hub.labfork`), so this module imports nothing
itself until it is called.
"""

from __future__ import annotations

import sys
from typing import Any


def main(arguments: dict[str, Any]) -> None:
    """Be the server of one person; `argv` is its command line."""
    from jupyterhub.singleuser.extension import main as start

    sys.argv[:] = arguments["argv"]
    sys.exit(start())
