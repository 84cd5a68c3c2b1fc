"""Lesson packs on their way: written as one file, and taken into a deployment.

Rule: an export is the pack's own files as they are, unknown keys included, and the same pack gives
the same bytes. An import puts nothing away that is not kept elsewhere first.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coteach.errors import Conflict, UserError
from coteach.i18n import gettext as _
from coteach.lessonpack.lesson import Lesson
from coteach.lessonpack.texts import wrong
from coteach.settings import Settings

ABOUT = "lesson.jsonld"
_LEFT_OUT = (".ipynb_checkpoints", "__pycache__")
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def learning_resource(lesson: Lesson) -> dict[str, Any]:
    """Return the lesson as schema.org's `LearningResource`, for catalogues (JSON-LD)."""
    about: dict[str, Any] = {
        "@context": "https://schema.org", "@type": "LearningResource",
        "identifier": lesson.id, "version": lesson.version, "name": _by_language(lesson.title),
        "inLanguage": list(lesson.languages), "license": _licence_address(lesson.licence),
        "author": [{"@type": "Person", "name": name} for name in lesson.authors],
        "typicalAgeRange": f"{lesson.ages[0]}-{lesson.ages[1]}",
        "timeRequired": f"PT{lesson.minutes}M", "about": _by_language(lesson.subject),
        "learningResourceType": "lesson", "encodingFormat": "application/x-ipynb+json",
        "isAccessibleForFree": True,
    }
    if any(lesson.summary.values()):
        about["description"] = _by_language(lesson.summary)
    if lesson.school:
        about["provider"] = {"@type": "Organization", "name": lesson.school}
    if lesson.source:
        about["isBasedOn"] = {
            "@type": "LearningResource", "identifier": lesson.source.id,
            "version": lesson.source.version, **({"provider": {
                "@type": "Organization", "name": lesson.source.school}}
                if lesson.source.school else {})}
    if lesson.resources:
        about["citation"] = [
            {"@type": "CreativeWork", "name": _by_language(r.title), "url": r.url,
             "license": _licence_address(r.licence), "contentSize": f"{r.size} B",
             "provider": {"@type": "Organization", "name": r.partner}} for r in lesson.resources]
    return about


def _by_language(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"@language": tag, "@value": text} for tag, text in texts.items() if text]


def _licence_address(licence: str) -> str:
    one = " " not in licence and "LicenseRef" not in licence
    return f"https://spdx.org/licenses/{licence}.html" if one else licence


def export(lesson: Lesson, out: Path) -> Path:
    """Write a pack as a `.zip`, whole or not at all.

    Raises
    ------
    UserError
        The pack holds a link, or the file can't be written.
    """
    scratch = out.with_name(f".{out.name}.new")
    try:
        with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for file in _files(lesson.folder):
                _add(archive, f"{lesson.id}/{file.relative_to(lesson.folder)}", file.read_bytes())
            _add(archive, f"{lesson.id}/{ABOUT}", (json.dumps(
                learning_resource(lesson), ensure_ascii=False, indent=1) + "\n").encode())
        scratch.replace(out)
    except OSError as error:
        raise UserError(_("The file {file} can't be written: {error}.").format(
            file=out, error=error.strerror), code="bad-file") from None
    finally:
        scratch.unlink(missing_ok=True)
    return out


def _files(folder: Path) -> list[Path]:
    found = []
    for place, names, files in os.walk(folder):
        names[:] = sorted(n for n in names if n not in _LEFT_OUT and not n.startswith("."))
        for name in (*names, *files):
            if (Path(place) / name).is_symlink():
                raise wrong(str(folder), _("The pack holds the link {path!r}.").format(
                    path=str((Path(place) / name).relative_to(folder))),
                    _("Put the file itself into the pack."))
        found += [Path(place) / name for name in files
                  if not name.startswith(".") and name != ABOUT]
    return sorted(found)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _FIRST_DAY)
    info.external_attr = 0o644 << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


@dataclass(frozen=True)
class Taken:
    """What an import did."""

    lesson: Lesson
    before: str = ""
    """The version that was replaced."""
    kept: Path | None = None
    """Where the replaced pack was put."""
    same: bool = False
    """It was there already, byte for byte."""


def take_in(pack: Path, settings: Settings, *, replace: bool = False) -> Taken:
    """Put a lesson pack into the deployment's folder of lessons.

    Parameters
    ----------
    pack
        A `.zip` or a folder.
    replace
        Put it in the place of another pack with the same id; that one is kept, out of sight.

    Raises
    ------
    UserError
        The pack is broken, or another one of this id is there and is not to be replaced.
    """
    settings.layout.create()
    home = settings.layout.lessons
    scratch = Path(tempfile.mkdtemp(prefix=".import-", dir=home))
    try:
        if pack.is_dir():
            Lesson.load(pack)
            for file in _files(pack):
                target = scratch / "pack" / file.relative_to(pack)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
            lesson = Lesson.load(scratch / "pack")
        else:
            lesson = Lesson.load(pack, unpack_into=scratch / "pack")
        (scratch / "pack").chmod(0o755)
        return _place(lesson, home / lesson.id, replace)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _place(lesson: Lesson, place: Path, replace: bool) -> Taken:
    kept, before = None, ""
    if place.exists():
        if _digest(place) == _digest(lesson.folder):
            return Taken(Lesson.load(place), same=True)
        old = _loaded(place)
        before = old.version if old else "?"
        if not replace:
            raise Conflict(
                _("The lesson {lesson!r} is there already in version {version}.").format(
                    lesson=lesson.id, version=before) if before != lesson.version else
                _("The lesson {lesson!r} is there already in version {version}, with other "
                  "content.").format(lesson=lesson.id, version=before),
                hint=_("Replace it with --replace; the old one is kept."), code="lesson-there")
        kept = _keep(place, before)
    lesson.folder.rename(place)
    return Taken(Lesson.load(place), before, kept)


def _loaded(place: Path) -> Lesson | None:
    try:
        return Lesson.load(place)
    except UserError:  # a broken pack can be replaced like any other
        return None


def _keep(place: Path, version: str) -> Path:
    """Move the pack that is there out of the way, to where nobody looks for lessons."""
    away = place.parent / ".replaced"
    away.mkdir(exist_ok=True, mode=0o700)
    safe = "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in version)
    name = f"{place.name}-{safe}-{time.strftime('%Y%m%dT%H%M%S')}"
    kept, number = away / name, 1
    while kept.exists():
        number += 1
        kept = away / f"{name}-{number}"
    place.rename(kept)
    return kept


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for file in _files(folder):
        total.update(f"{file.relative_to(folder)}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()
