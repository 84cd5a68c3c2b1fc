"""How JupyterHub's own database writes.

JupyterHub commits some twenty times for each Lab that starts, and waits for the disk each time; on
a busy disk that is longer than the start itself. With a write-ahead log a commit waits for nothing,
and the file is whole after a power cut, short of the last moments. These hold what ended with the
power anyway: tokens of Labs, and who signed in a second ago.
"""

from __future__ import annotations

import sqlite3
from typing import Any


class QuickCommits(sqlite3.Connection):
    """A connection with a write-ahead log."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        try:
            self.execute("PRAGMA journal_mode=WAL")
            self.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.OperationalError:
            # A file system without shared memory, or a full disk: slower, and said elsewhere.
            pass


def options() -> dict[str, Any]:
    """Return what `JupyterHub.db_kwargs` is."""
    return {"connect_args": {"check_same_thread": False, "factory": QuickCommits}}
