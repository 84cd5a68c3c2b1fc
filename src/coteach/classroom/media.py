"""Photos of pupils: kept as files that say themselves when they are deleted.

Rule: a photo is shown to the pupil who took it and to the teacher of her class, to nobody else. Its
name ends with the day after which it is deleted; `sweep` needs no database for that. A photo is
only taken where the teacher switched photos on, and only as a JPEG without what a camera writes
beside a picture: a browser may forget to take that out, so it is taken out here too.
"""

from __future__ import annotations

import re
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import structlog

from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _
from coteach.settings import Layout

MOST_PHOTO = 80_000
"""Bytes; the page makes photos of at most 60 kB."""
DAYS = 30
MOST_EACH = 40
"""Photos of one pupil in one class session."""
MOST_SIDE = 4096
"""Pixels; a small file may claim a picture that fills a phone's memory."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of the header that says how large the picture is; the page's photos have one."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_writing = threading.Lock()

log = structlog.get_logger("classroom")


def folder(layout: Layout) -> Path:
    """Return where the photos of all classes lie."""
    return layout.blobs / "photos"


def _of(layout: Layout, session_id: str, actor: str) -> Path:
    for part in (session_id, actor):
        if not _UUID.fullmatch(part):
            raise NotFound(_("There is no such photo."))
    return folder(layout) / session_id / actor


def _file(layout: Layout, session_id: str, actor: str, media: str) -> Path | None:
    if not _UUID.fullmatch(media):
        raise NotFound(_("There is no such photo."))
    return next(_of(layout, session_id, actor).glob(f"{media}.*.jpg"), None)


def plain_jpeg(data: bytes) -> bytes:
    """Return a JPEG without comments and application data (place, time, device, thumbnails).

    Raises
    ------
    UserError
        It is no JPEG, or too large in bytes or in pixels.
    """
    if len(data) > MOST_PHOTO:
        raise UserError(_("This photo is too large."), hint=_("Load the page again."), status=413,
                        code="large-photo")
    if data[:2] != b"\xff\xd8":
        raise _no_photo()
    kept, at, framed = [b"\xff\xd8"], 2, False
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise _no_photo()
        marker = data[at + 1]
        if marker == 0xDA:  # the picture itself, to the end
            end = data.rfind(b"\xff\xd9")
            if end < at or not framed:
                raise _no_photo()
            return b"".join([*kept, data[at:end + 2]])
        size = int.from_bytes(data[at + 2:at + 4], "big")
        if size < 2 or at + 2 + size > len(data):
            raise _no_photo()
        if marker in _FRAMES:
            framed = _small(data[at + 4:at + 2 + size])
            if not framed:
                raise _no_photo()
        # APP1 to APP15 and COM; APP0 (JFIF) says how to read the picture.
        if not (0xE1 <= marker <= 0xEF or marker == 0xFE):
            kept.append(data[at:at + 2 + size])
        at += 2 + size
    raise _no_photo()


def _small(frame: bytes) -> bool:
    """Say whether a frame header (precision, height, width, …) is of a picture we can show."""
    sides = [int.from_bytes(frame[at:at + 2], "big") for at in (1, 3)]
    return len(frame) >= 9 and all(0 < side <= MOST_SIDE for side in sides)


def _no_photo() -> UserError:
    return UserError(_("This is no photo that can be taken."), hint=_("Choose another picture."),
                     code="no-photo")


def keep(layout: Layout, session_id: str, actor: str, media: str, data: bytes,
         today: date | None = None) -> None:
    """Keep a photo; the same one sent again changes nothing.

    Raises
    ------
    UserError
        It is no photo, or the pupil has sent too many.
    """
    if _file(layout, session_id, actor, media) is not None:
        return
    picture = plain_jpeg(data)
    place = _of(layout, session_id, actor)
    with _writing:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if len(list(place.glob("*.jpg"))) >= MOST_EACH:
            raise UserError(_("These are more photos than one lesson needs."),
                            hint=_("Delete one first."), status=409, code="too-many-photos")
        until = (today or datetime.now(UTC).date()) + timedelta(days=DAYS)
        scratch = place / f"{media}.new"
        scratch.write_bytes(picture)
        scratch.replace(place / f"{media}.{until:%Y-%m-%d}.jpg")


def read(layout: Layout, session_id: str, actor: str, media: str) -> bytes:
    """Return a photo.

    Raises
    ------
    NotFound
        There is none, or it was deleted.
    """
    file = _file(layout, session_id, actor, media)
    try:
        return file.read_bytes() if file else _gone()
    except FileNotFoundError:
        return _gone()


def _gone() -> bytes:
    raise NotFound(_("This photo was deleted."), code="no-photo")


def delete(layout: Layout, session_id: str, actor: str, media: str = "") -> None:
    """Delete a pupil's photo, or all of hers in this class session."""
    files = ([_file(layout, session_id, actor, media)] if media
             else list(_of(layout, session_id, actor).glob("*.jpg")))
    for file in files:
        if file:
            file.unlink(missing_ok=True)


def deletes_on(layout: Layout, session_id: str, actor: str, media: str) -> str:
    """Return the day after which a photo is deleted (ISO); empty when it is gone."""
    file = _file(layout, session_id, actor, media)
    return file.name.split(".")[1] if file else ""


def sweep(layout: Layout, today: date | None = None) -> int:
    """Delete the photos whose day is over; return how many."""
    now = f"{today or datetime.now(UTC).date():%Y-%m-%d}"
    gone = 0
    for file in folder(layout).glob("*/*/*.jpg"):
        parts = file.name.split(".")
        if len(parts) == 3 and parts[1] < now:
            file.unlink(missing_ok=True)
            gone += 1
    for place in (*folder(layout).glob("*/*"), *folder(layout).glob("*")):
        try:
            place.rmdir()
        except OSError:  # not empty
            continue
    if gone:
        log.info("photos were deleted because their time is over", count=gone)
    return gone
