"""A full disk, whoever notices it: the system, SQLite or Postgres.

Rule: everybody says the same sentence. A full disk is no fault of the code and not of the person,
and what was acknowledged before is still there.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from coteach.errors import StorageFull
from coteach.i18n import gettext as _

_FULL = (errno.ENOSPC, errno.EDQUOT)
_POSTGRES = "53100"
_CHAIN = 6
_SPARE = 1 << 16


def storage_full(error: BaseException | None, folder: Path | None = None) -> StorageFull | None:
    """Return the error to show if a full disk is behind another error, else None.

    Parameters
    ----------
    error
        What was raised; its causes are looked at too.
    folder
        Where the database lies, if it is SQLite: some of its steps only say that the disk failed,
        and then the disk is asked.
    """
    for _step in range(_CHAIN):
        if error is None:
            return None
        if isinstance(error, StorageFull):
            return error
        if _is_full(error, folder):
            return is_full()
        error = error.__cause__ or error.__context__
    return None


def is_full() -> StorageFull:
    """Return the error that tells a person of a full disk."""
    return StorageFull(_("The server's disk is full. Nothing that was saved before is lost."),
                       hint=_("Tell your trainer; try again later."))


def _is_full(error: BaseException, folder: Path | None) -> bool:
    if isinstance(error, OSError):
        return error.errno in _FULL
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return True
        # The index of the write-ahead log is memory: making it larger just "fails".
        return code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and no_space(folder)
    return getattr(error, "sqlstate", None) == _POSTGRES


def no_space(folder: Path | None) -> bool:
    """Say whether the disk under a folder is full; False where nobody can tell."""
    if folder is None:
        return False
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < _SPARE or (found.f_files > 0 and found.f_favail == 0)


def explain_to_hub(folder: Path) -> None:
    """Let JupyterHub's own pages say that the disk is full.

    It shows an error's `jupyterhub_message`. The pages translate it, so it stays as it is here.

    Parameters
    ----------
    folder
        Where the Hub's database lies.
    """
    @event.listens_for(Engine, "handle_error")
    def explain(context: Any) -> None:
        error = context.sqlalchemy_exception or context.original_exception
        if _is_full(context.original_exception, folder):
            error.jupyterhub_message = (
                "The server's disk is full. Nothing that was saved before is lost.")
