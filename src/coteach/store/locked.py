"""A database that somebody else writes to all the time: SQLite or Postgres."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_POSTGRES = ("40001", "40P01", "55P03")
"""Serialization failure, deadlock, lock not available."""


def is_locked(error: Any) -> bool:
    """Say whether an error only means that the same may be tried again."""
    found = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(found, sqlite3.OperationalError):
        return getattr(found, "sqlite_errorcode", 0) & 0xFF in _BUSY
    return getattr(found, "sqlstate", None) in _POSTGRES
