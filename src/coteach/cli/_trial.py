"""A lesson run as pupils will run it, for `coteach lesson check` and `export --offline`.

Rule: in the same lesson host, in the same sandbox, in every language that pupils can choose.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from coteach import settings as settings_module
from coteach.i18n import LANGUAGES
from coteach.i18n import gettext as _
from coteach.lessonpack import Lesson
from coteach.lessonpack.review import Finding
from coteach.settings import Settings

_NETWORK_ERRORS = ("gaierror", "URLError", "ConnectError", "ConnectionError", "MaxRetryError",
                   "NewConnectionError", "ClientConnectorError", "ConnectTimeout")
_NETWORK_SIGNS = ("name resolution", "Network is unreachable", "Name or service not known",
                  "getaddrinfo failed")


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
        pages = ClassPages(settings, "/", lambda handler: None)
        try:
            for tag in lesson.languages:
                digest = pages.add(Page(
                    notebook=lesson.notebook_in(tag), folder=lesson.folder, language=tag,
                    title=lesson.title_in(tag), source_language=lesson.languages[0],
                    env={"COTEACH_LESSON": lesson.id}))
                executed = await pages.executed(digest)
                found += _said(executed, pages.problems(digest), tag)
        finally:
            await pages.close()
    return found


def _said(executed: Any, problems: Sequence[Any], tag: str) -> list[Finding]:
    language = LANGUAGES.get(tag, tag)
    network = {error.cell for error in executed.errors if _network(error)}
    failed = {error.cell for error in executed.errors}
    found = []
    for problem in problems:
        if problem.cell in network:
            sentence = _("The cell tried to use the network, which lessons don't have.")
            hint = _("Put what it needs into the folder assets.")
        else:
            sentence, hint = problem.message, problem.hint
        found.append(Finding(
            "run" if problem.cell else "fork", "failed" if problem.cell in failed else "warning",
            f"{language}, {problem.cell}: {sentence}" if problem.cell else
            f"{language}: {sentence}", hint, problem.cell, tag))
    if not executed.errors:
        found.append(Finding("run", "ok", _("{language}: every cell ran.").format(
            language=language), language=tag))
    if executed.forkable:
        found.append(Finding("fork", "ok", _(
            "{language}: pupils' moving parts start at once, as copies of the lesson.").format(
                language=language), language=tag))
    return found


def _network(error: Any) -> bool:
    """Say whether a cell failed because it wanted the network."""
    text = f"{error.ename}: {error.evalue}"
    return error.ename in _NETWORK_ERRORS or any(sign in text for sign in _NETWORK_SIGNS)


async def offline(lesson: Lesson, languages: list[str], folder: Path) -> list[Path]:
    """Write a lesson as pages that need no server."""
    from coteach.pages.offline import export

    async with a_deployment() as settings:
        return list(await export(lesson, languages, folder, settings))
