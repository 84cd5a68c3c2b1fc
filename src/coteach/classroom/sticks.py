"""`/c/teach/SESSION/stick.zip`: a session's lesson for pupils without a line, with name cards.

Rule: what is on the stick is what a pupil needs to find herself and nothing else of the class: ids
and nicknames of its cards. One stick is made at a time; the lesson is executed for it.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from sqlalchemy.orm import Session

from coteach import lessonpack
from coteach.classroom.teaching import TeacherHandler
from coteach.pages import offline
from coteach.settings import Settings
from coteach.store import classes
from coteach.store.schema import ClassSession, NameCard

CHUNK = 256 * 1024
_one = asyncio.Lock()


async def packed(lesson: lessonpack.Lesson, settings: Settings, cards: list[dict[str, str]],
                 folder: Path) -> Path:
    """Write the lesson's pages and return them as one .zip in a folder."""
    languages = list(lesson.languages)
    await offline.export(lesson, languages, folder / "stick" / lesson.id, settings, cards)
    made = await asyncio.to_thread(
        shutil.make_archive, str(folder / lesson.id), "zip", folder / "stick")
    return Path(made)


class Stick(TeacherHandler):
    """`/c/teach/SESSION/stick.zip`."""

    async def get(self, session_id: str) -> None:
        """Answer with the .zip."""
        def ask(session: Session) -> tuple[ClassSession, list[NameCard]]:
            row = self.my_session(session, session_id)
            return row, classes.cards(session, row.class_id)
        row, found = await self.read(ask)
        cards = [{"id": card.id, "nickname": card.nickname} for card in found]
        lesson = lessonpack.get_lesson(row.lesson, self.room.settings)
        folder = Path(tempfile.mkdtemp(prefix="coteach-stick-"))
        try:
            async with _one:
                file = await packed(lesson, self.room.settings, cards, folder)
            self.set_header("Content-Type", "application/zip")
            self.set_header("Content-Disposition", f'attachment; filename="{lesson.id}.zip"')
            self.set_header("Content-Length", str(file.stat().st_size))
            await self._send(file)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _send(self, file: Path) -> None:
        with file.open("rb") as stream:
            while part := await asyncio.to_thread(stream.read, CHUNK):
                self.write(part)
                await self.flush()
        await self.finish()

