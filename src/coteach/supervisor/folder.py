"""The data folder at start: writable, not full, and nobody else's.

Rule: one run a folder. The lock is held by the kernel for as long as the process lives, so it can't
be left behind; what a killed run may leave behind are its children, and they carry its mark.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import IO

from coteach.errors import Conflict, StorageFull, UserError
from coteach.i18n import gettext as _
from coteach.settings import Layout
from coteach.supervisor.mark import end_marked


def _trouble(folder: Path, error: OSError) -> UserError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            _("The disk of {folder} is full.").format(folder=folder),
            hint=_("Free some space, or choose a folder on another disk with --data."))
    return UserError(
        _("coteach can't write in {folder}: {reason}.").format(
            folder=folder, reason=error.strerror or error),
        hint=_("Choose a folder that is yours with --data."), code="bad-data-folder")


def prepare(layout: Layout) -> None:
    """Make the folders and try to write.

    Raises
    ------
    UserError
        It is not possible; the sentence says why.
    """
    try:
        layout.create()
        trial = layout.run / "trial"
        try:
            with trial.open("wb") as file:
                file.write(b"\0" * 1_000_000)
                file.flush()
                os.fsync(file.fileno())
        finally:
            trial.unlink(missing_ok=True)
    except OSError as error:
        raise _trouble(layout.root, error) from None


class Lock:
    """One run's hold on a data folder.

    Attributes
    ----------
    run
        The mark of this run, put into the environment of everything it starts.
    """

    def __init__(self, layout: Layout) -> None:
        self.run = secrets.token_hex(8)
        self._path = layout.run / "lock"
        self._file: IO[str] | None = None

    def take(self) -> int:
        """Take the lock; return how many processes of a killed earlier run had to be ended.

        Raises
        ------
        Conflict
            coteach runs on this folder already.
        """
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(handle, "r+")
        text = self._file.read()
        try:
            earlier = json.loads(text) if text else {}
        except ValueError:
            earlier = {}
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            self._file = None
            raise Conflict(
                _("coteach is running on {folder} already (process {pid}).").format(
                    folder=self._path.parent.parent, pid=earlier.get("pid", "?")),
                hint=_("Use that one, stop it first, or choose another folder with --data."),
                code="already-running") from None
        ended = end_marked(str(earlier["run"])) if earlier.get("run") else 0
        self._file.seek(0)
        self._file.truncate()
        json.dump({"pid": os.getpid(), "run": self.run}, self._file)
        self._file.flush()
        return ended

    def release(self) -> None:
        """Give the folder back."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None
