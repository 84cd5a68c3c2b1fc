"""A lesson run as pupils will run it, for `coteach lesson check` and `export --offline`.

Rule: in the same lesson host, in the same sandbox, in every language that pupils can choose.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from coteach import settings as settings_module
from coteach.errors import UserError
from coteach.i18n import LANGUAGES
from coteach.i18n import gettext as _
from coteach.lessonpack import Lesson
from coteach.lessonpack.review import Finding
from coteach.settings import Settings


@asynccontextmanager
async def a_deployment() -> AsyncIterator[Settings]:
    """Give settings of a deployment that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="coteach-trial-"))
    try:
        settings = settings_module.load(folder / "data")
        settings.layout.create()
        yield settings
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def findings(lesson: Lesson) -> list[Finding]:
    """Run a lesson in all its languages and return what there is to say."""
    from coteach.pages import ClassPages, Page

    found: list[Finding] = []
    async with a_deployment() as settings:
        pages: Any = ClassPages(settings, "/", lambda handler: None)
        try:
            for tag in lesson.languages:
                digest = pages.add(Page(
                    notebook=lesson.notebook_in(tag), folder=lesson.folder, language=tag,
                    title=lesson.title_in(tag), source_language=lesson.languages[0],
                    env={"COTEACH_LESSON": lesson.id}))
                found += _said(await pages.executed(digest), tag, LANGUAGES.get(tag, tag))
        finally:
            await pages.close()
    return found


def _said(executed: Any, tag: str, language: str) -> list[Finding]:
    found = []
    for error in executed.errors:
        if error.kind == "package":
            sentence = _("{language}: the cell {cell} needs the package {package}, which is not "
                         "installed here.").format(language=language, cell=error.cell,
                                                   package=error.package)
            way_out = _("Install it where coteach runs, or do without it.")
        elif error.kind == "network":
            sentence = _("{language}: the cell {cell} tried to use the network, which lessons "
                         "don't have.").format(language=language, cell=error.cell)
            way_out = _("Put what it needs into the folder assets.")
        else:
            sentence = _("{language}: the cell {cell} raised {error}.").format(
                language=language, cell=error.cell,
                error=f"{error.ename}: {error.evalue}".rstrip(": ")[:300])
            way_out = _("Correct it in the notebook.")
        found.append(Finding("run", "failed", sentence, way_out, error.cell, tag))
    if not executed.errors:
        found.append(Finding("run", "ok", _("{language}: every cell ran.").format(
            language=language), language=tag))
    if executed.forkable:
        found.append(Finding("fork", "ok", _(
            "{language}: pupils' moving parts start at once, as copies of the lesson.").format(
                language=language), language=tag))
    else:
        found.append(Finding("fork", "warning", _(
            "{language}: every pupil's moving parts start slowly, because the lesson can't be "
            "copied after it was run: {reasons}").format(
                language=language, reasons="; ".join(executed.reasons)),
            _("End threads and programs that the lesson starts."), language=tag))
    return found


async def offline(lesson: Lesson, languages: list[str], folder: Path) -> list[Path]:
    """Write a lesson as pages that need no server."""
    try:
        from coteach.pages.offline import export  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise UserError(_("This coteach can't write pages for a USB stick."), status=500,
                        code="no-offline") from None
    async with a_deployment() as settings:
        return list(await export(lesson, languages, folder, settings))
