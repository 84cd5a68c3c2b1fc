"""User ids for sandboxes when coteach runs as root.

A person keeps one id for good, since her files on disk belong to it. Kernels of class pages and of
grading borrow one from a pool for as long as they live: two that run never share an id, so they
can't reach each other even through a hole in another wall. An ordinary user has one id only and
needs none of this; there the walls are namespaces.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from coteach.errors import UserError
from coteach.i18n import gettext as _

FIRST_PERSON, LAST_PERSON = 200_001, 259_999
FIRST_LEASE, LAST_LEASE = 260_000, 264_999


class Uids:
    """The ids of people, kept in one small JSON file.

    Parameters
    ----------
    file
        Where they are kept; made when it is missing.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def of(self, name: str) -> int:
        """Return the id of a person, a new one the first time."""
        lock = os.open(self.file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = self._read()
            if name not in known:
                known[name] = max(known.values(), default=FIRST_PERSON - 1) + 1
                if known[name] > LAST_PERSON:
                    raise UserError(_("There are no user ids left for another person."),
                                    status=507, code="no-uid")
                self._write(known)
            return known[name]
        finally:
            os.close(lock)

    def _read(self) -> dict[str, int]:
        try:
            known = json.loads(self.file.read_text(encoding="utf-8"))
            return {str(name): int(uid) for name, uid in known.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, AttributeError, TypeError):
            # Guessing would give one person's files to another.
            raise UserError(
                _("The file {file} is damaged.").format(file=self.file),
                hint=_("Put it back from a backup; it says whose files belong to whom."),
                status=500, code="bad-uids") from None

    def _write(self, known: dict[str, int]) -> None:
        handle, name = tempfile.mkstemp(dir=self.file.parent, prefix=".uids-")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(known, out, ensure_ascii=False, indent=1)
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, self.file)


@dataclass
class Lease:
    """A borrowed id; it is nobody else's until `close`, or until this process ends."""

    uid: int
    _lock: int = field(repr=False, default=-1)

    def close(self) -> None:
        """Give the id back."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def lease(folder: Path = Path("/run/coteach/uids")) -> Lease:
    """Borrow an id that no running sandbox of this machine has."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    count = LAST_LEASE - FIRST_LEASE + 1
    start = random.randrange(count)  # noqa: S311  only spreads them
    for step in range(count):
        uid = FIRST_LEASE + (start + step) % count
        lock = os.open(folder / str(uid), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        return Lease(uid, lock)
    raise UserError(_("Too many programs of class pages are running on this machine."),
                    hint=_("Close a class that is over."), status=503, code="no-uid")


def give(folder: Path, uid: int | None) -> None:
    """Make a folder and all in it belong to a sandbox's user; nothing to do without root.

    A tree that already belongs to the user is left alone. Links are never followed.
    """
    if uid is None or os.lstat(folder).st_uid == uid:
        return
    for _root, folders, files, handle in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *files):
            os.chown(name, uid, uid, dir_fd=handle, follow_symlinks=False)
    os.chown(folder, uid, uid, follow_symlinks=False)
