"""Putting course files into a person's home: what is there is never overwritten."""

from __future__ import annotations

import base64
import contextlib
import errno
import os
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from coteach.errors import NotFound, StorageFull, UserError
from coteach.i18n import gettext as _


@dataclass
class Put:
    """What was written and what was there already; paths from the home."""

    folder: str
    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)


def inside(root: Path, path: str) -> Path:
    """Return a path below the home.

    Raises
    ------
    UserError
        It leads out of it.
    """
    parts = PurePosixPath(path).parts
    found = root.joinpath(*parts)
    if not parts or found.is_absolute() is False or ".." in parts or path.startswith("/") or (
            not found.resolve().is_relative_to(root.resolve())):
        raise UserError(_("{path} does not lie in your folder.").format(path=path[:200]),
                        code="bad-path")
    return found


def read(root: Path, path: str) -> bytes:
    """Return a file of the home.

    Raises
    ------
    NotFound
        It is not there.
    """
    try:
        return inside(root, path).read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise NotFound(_("The file {path} is not there.").format(path=path[:200]),
                       hint=_("Get the missing files again and open it from there."),
                       code="no-file") from None


def write_new(file: Path, data: bytes) -> bool:
    """Write a file that is not there yet; say whether it was written.

    Raises
    ------
    StorageFull
        The disk is full.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=file.parent, prefix=".coteach-")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            os.chmod(scratch, 0o644)
            # A link fails when the name is taken, so nothing of hers is ever lost.
            os.link(scratch, file)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(scratch)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(_("Your folder is full."),
                              hint=_("Delete files that you don't need and try again.")) from None
        raise
    return True


def set_aside(root: Path, path: str) -> str:
    """Give a file another name, so that what is open in JupyterLab can be saved in its place.

    Returns
    -------
    str
        The other name, from the home; empty when there was no file.
    """
    file = inside(root, path)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in range(100):
        other = file.with_name(f"{file.stem}-{stamp}{f'-{number}' if number else ''}{file.suffix}")
        try:
            os.link(file, other, follow_symlinks=False)
        except FileNotFoundError:
            return ""
        except FileExistsError:
            continue
        file.unlink()
        return other.relative_to(root).as_posix()
    raise UserError(_("{path} can't be renamed.").format(path=path[:200]), code="no-rename")


def put_missing(root: Path, answer: dict[str, Any], opened: Collection[str] = ()) -> Put:
    """Write the files of a module that are missing.

    Parameters
    ----------
    answer
        What the portal's `/api/v1/modules/MODULE/files` gives.
    opened
        Paths that are open in JupyterLab: her own work is there, so the empty file stays away.
    """
    made = Put(str(answer["folder"]), pending=list(answer["pending"]))
    for each in answer["files"]:
        name = f"{made.folder}/{each['path']}"
        if name in opened:
            made.kept.append(name)
            continue
        text = each["content"]
        data = base64.b64decode(text) if each["encoding"] == "base64" else text.encode()
        (made.written if write_new(inside(root, name), data) else made.kept).append(name)
    return made
