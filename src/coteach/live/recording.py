"""One recording of one room, from start to stop: who is in it, and that nobody else is.

Only people who said yes have a writer; a refuser's packets never reach this module.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from coteach.errors import StorageFull
from coteach.i18n import gettext as _
from coteach.live.finishing import finish, folder_of
from coteach.live.source import Source
from coteach.live.writer import PersonWriter
from coteach.settings import Layout
from coteach.store import recordings
from coteach.store.database import Database
from coteach.store.schema import Recording

log = structlog.get_logger()

KEY_FRAME_EVERY = 4.0
"""Seconds between key frames asked for: how finely the file can be sought."""
MIN_FREE = 200 << 20
"""Bytes that must stay free on the disk; recording ends before the database has no room."""


def require_space(folder: Path) -> None:
    """Do nothing if the disk has room for a recording.

    Raises
    ------
    StorageFull
        It has not.
    """
    if shutil.disk_usage(folder).free < MIN_FREE:
        raise StorageFull(_("The server's disk is full, so nothing can be recorded now."),
                          hint=_("You can go on practising; tell your trainer."),
                          code="disk-full")


class PracticeRecording:
    """A recording that is being made.

    Parameters
    ----------
    row
        Its row in the store, with the tracks of earlier segments if it goes on.
    begun
        Seconds of the timeline that passed before now, for one that goes on.
    on_failure
        Called in the event loop with ``disk-full`` or ``write-failed`` when nothing more can be
        written.
    """

    def __init__(self, database: Database, layout: Layout, row: Recording, *, begun: float,
                 on_failure: Callable[[str], None]) -> None:
        self.id = row.id
        self._database, self._layout = database, layout
        self._folder = folder_of(layout, row.id)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._zero = time.monotonic() - begun
        self._loop = asyncio.get_running_loop()
        self._on_failure = on_failure
        self._tracks: list[dict[str, Any]] = [dict(track) for track in row.tracks]
        self._writers: dict[str, PersonWriter] = {}
        self._numbers = {p: n for n, p in enumerate(
            dict.fromkeys(t["person"] for t in self._tracks), start=1)}
        self._left_out: set[str] = set()
        self._saving: set[asyncio.Task[None]] = set()
        self._save_lock = asyncio.Lock()
        self._saved = True
        """Whether the store names every file; what it does not name is lost when we are killed."""
        self._asked = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the recording began."""
        return time.monotonic() - self._zero

    def includes(self, person: str) -> bool:
        """Whether a person is being recorded."""
        return person in self._writers

    def add(self, person: str, name: str, sources: dict[str, Source]) -> None:
        """Record a person from now on, or again after she was away."""
        if person in self._left_out or not sources:
            return
        if person not in self._writers:
            number = self._numbers.setdefault(person, len(self._numbers) + 1)
            earlier = sum(1 for t in self._tracks if t["person"] == person)

            def begun(path: Path, at: float) -> None:
                self._loop.call_soon_threadsafe(self._note, person, name, path, at)

            self._writers[person] = PersonWriter(
                self._folder, str(number), lambda: self.elapsed, begun, self._failed,
                first_segment=earlier + 1)
        self._writers[person].attach(sources)

    def pause(self, person: str) -> None:
        """Her line is gone; her file waits."""
        if person in self._writers:
            self._writers[person].detach()

    async def leave_out(self, person: str) -> None:
        """She took her consent back: nothing of her stays."""
        self._left_out.add(person)
        writer = self._writers.pop(person, None)
        if writer is not None:
            await asyncio.to_thread(writer.close)
        # Give the notes of the last segment time to arrive before they are dropped.
        await asyncio.sleep(0)
        for track in [t for t in self._tracks if t["person"] == person]:
            (self._folder / track["file"]).unlink(missing_ok=True)
        self._tracks = [t for t in self._tracks if t["person"] != person]
        await self._save()

    def tick(self) -> None:
        """Ask for key frames and look at the disk; called every second or so."""
        now = time.monotonic()
        if now - self._asked > KEY_FRAME_EVERY:
            self._asked = now
            for writer in self._writers.values():
                writer.want_key_frame()
        if not self._saved and not self._saving:
            self._save_soon()
        if shutil.disk_usage(self._folder).free < MIN_FREE:
            self._on_failure("disk-full")

    async def stop(self, reason: str = "") -> Recording:
        """Close the files and finish; returns the row, ready or broken."""
        writers, self._writers = self._writers, {}
        await asyncio.gather(*(asyncio.to_thread(w.close) for w in writers.values()))
        await asyncio.sleep(0)
        await asyncio.gather(*self._saving, return_exceptions=True)
        await self._save()
        return await asyncio.to_thread(
            finish, self._database, self._layout, self.id, reason=reason,
            leave_out=frozenset(self._left_out))

    def _failed(self, error: Exception) -> None:
        log.warning("recording failed", recording=self.id, error=str(error))
        full = isinstance(error, OSError) and error.errno in (
            errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        self._loop.call_soon_threadsafe(
            self._on_failure, "disk-full" if full else "write-failed")

    def _note(self, person: str, name: str, path: Path, at: float) -> None:
        self._tracks.append({"person": person, "name": name, "file": path.name, "kind": "video",
                             "offset": round(at, 3)})
        self._save_soon()

    def _save_soon(self) -> None:
        self._saved = False
        task = self._loop.create_task(self._save_or_say())
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    async def _save_or_say(self) -> None:
        try:
            await self._save()
        except Exception as error:  # the next tick tries again
            log.warning("tracks not noted", recording=self.id, error=str(error))

    async def _save(self) -> None:
        # One after the other, each with what is true then: two people begin in the same moment,
        # and an older list written last would lose the file of one of them.
        async with self._save_lock:
            self._saved = False
            tracks = [dict(track) for track in self._tracks]

            def save() -> None:
                with self._database.session() as session:
                    recordings.set_tracks(session, self.id, tracks)

            await asyncio.to_thread(save)
            self._saved = len(tracks) == len(self._tracks)
