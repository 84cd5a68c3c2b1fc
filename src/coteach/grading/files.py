"""Files that are there whole or not at all, and copies that follow no links."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

from coteach.errors import StorageFull
from coteach.i18n import gettext as _

_FULL = (errno.ENOSPC, errno.EDQUOT)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it survives a power cut once this returns.

    Raises
    ------
    StorageFull
        The disk is full; what was there before is untouched.
    """
    scratch = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(scratch, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        if scratch:
            Path(scratch).unlink(missing_ok=True)
        if error.errno in _FULL:
            raise StorageFull(
                _("The server's disk is full, so your work was not handed in."),
                hint=_("Your file is safe where it is. Tell your trainer and try again later."),
            ) from None
        raise


def replace(path: Path, data: bytes) -> None:
    """Write a file that can be made again: whole or as before, also when we are killed."""
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def read_plain(path: Path, limit: int) -> bytes | None:
    """Return the bytes of a regular file, at most one more than `limit`; None for anything else."""
    try:
        # Not a blocking open: a pipe put in the place of a notebook would wait for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(handle).st_mode):  # before `fdopen`, which raises for a folder
        os.close(handle)
        return None
    with os.fdopen(handle, "rb") as file:
        return file.read(limit + 1)


def copy_plain(source: Path, target: Path, *, limit: int, count: int,
               leave_out: tuple[str, ...] = ()) -> None:
    """Copy regular files below a folder; links, pipes and what is over the limits stay behind."""
    for folder, names, files in os.walk(source, followlinks=False):
        names[:] = sorted(n for n in names if not n.startswith("."))
        for name in sorted(files):
            if name.endswith(leave_out) or name.startswith(".") or count <= 0:
                continue
            data = read_plain(Path(folder) / name, limit)
            if data is None or len(data) > limit:
                continue
            limit, count = limit - len(data), count - 1
            place = target / Path(folder).relative_to(source) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
