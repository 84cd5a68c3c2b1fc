"""A lesson pack as one file: a `.zip` from outside, read with care.

Rule: nothing in it may lie outside of the pack's folder, be a link, or grow beyond the limits when
unpacked. The pack may stand at the root of the archive or in one folder inside it.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from coteach.i18n import gettext as _
from coteach.lessonpack.texts import wrong

MAX_FILES = 2000
MAX_BYTES = 500_000_000


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a pack into a folder that does not exist yet, all of it or nothing.

    Parameters
    ----------
    archive
        The `.zip` file.
    folder
        Where the pack is to lie; its parent must exist.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UserError
        It is no zip file, holds no `lesson.toml`, or breaks a limit.
    """
    scratch = Path(tempfile.mkdtemp(prefix=".unpack-", dir=folder.parent))
    try:
        try:
            with zipfile.ZipFile(archive) as opened:
                _copy(opened, scratch, str(archive))
        except zipfile.BadZipFile:
            raise wrong(str(archive), _("The file is no zip archive.")) from None
        os.rename(scratch, folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return folder


def _copy(opened: zipfile.ZipFile, target: Path, where: str) -> None:
    members = [info for info in opened.infolist() if not info.is_dir()]
    if len(members) > MAX_FILES:
        raise wrong(where, _("The archive holds {count} files; {limit} are allowed.").format(
            count=len(members), limit=MAX_FILES))
    root = _root([info.filename for info in members], where)
    left = MAX_BYTES
    for info in members:
        name = PurePosixPath(info.filename)
        if ".." in name.parts or name.is_absolute() or "\\" in info.filename:
            raise wrong(where, _("The archive holds the path {path!r}, which leads outside.")
                        .format(path=info.filename))
        if stat.S_ISLNK(info.external_attr >> 16):
            raise wrong(where, _("The archive holds the link {path!r}.").format(
                path=info.filename), _("Put the file itself into the archive."))
        if info.flag_bits & 0x1:
            raise wrong(where, _("The archive is locked with a password."))
        if not name.is_relative_to(root):
            continue
        place = target / name.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        left -= _write(opened, info, place, left, where)


def _root(names: list[str], where: str) -> PurePosixPath:
    found = [PurePosixPath(name).parent for name in names
             if PurePosixPath(name).name == "lesson.toml"]
    if not found:
        raise wrong(where, _("The archive holds no lesson.toml."))
    return min(found, key=lambda path: len(path.parts))


def _write(opened: zipfile.ZipFile, info: zipfile.ZipInfo, place: Path, left: int,
           where: str) -> int:
    # The sizes in the archive's index can lie, so count what really comes out.
    done = 0
    with opened.open(info) as source, place.open("wb") as out:
        while block := source.read(1 << 16):
            done += len(block)
            if done > left:
                raise wrong(where, _("The archive is larger than {limit} bytes when unpacked.")
                            .format(limit=MAX_BYTES))
            out.write(block)
    return done
