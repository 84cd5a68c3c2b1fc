"""At the start of the server: the modules' files are there before a link to one is opened.

The server itself does not wait for them. What waits is the first question about files, and that
comes from the browser, seconds after the server listens.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from pathlib import Path
from typing import Any

from jupyter_server.utils import ensure_async

from coteach import i18n
from coteach.errors import UserError
from coteach.labserver.files import put_missing
from coteach.labserver.portal import Portal

WAIT = 8.0
"""Seconds after its start for which questions about files wait; a slower portal brings the files
later."""
PATIENCE = 120.0
_AGAIN = 1.5


def fetch_at_start(portal: Portal, root: str, log: logging.Logger, contents: Any) -> None:
    """Get the missing files of all modules; what is still being made there comes when it is.

    Parameters
    ----------
    portal, root, log
        Where they come from, where they go, and what is told.
    contents
        The server's contents manager, which answers when the files have come.
    """
    first = threading.Event()
    threading.Thread(target=_fetch, args=(portal, Path(root), log, first), daemon=True,
                     name="coteach-files").start()
    _hold(contents, first, time.monotonic() + WAIT)


def _hold(contents: Any, first: threading.Event, until: float) -> None:
    answer = contents.get

    async def get(*arguments: Any, **options: Any) -> Any:
        left = until - time.monotonic()
        if not first.is_set() and left > 0:
            await asyncio.get_running_loop().run_in_executor(None, first.wait, left)
        contents.get = answer
        return await ensure_async(answer(*arguments, **options))

    contents.get = get


def _fetch(portal: Portal, root: Path, log: logging.Logger, first: threading.Event) -> None:
    until = time.monotonic() + PATIENCE
    todo: set[str] | None = None
    with i18n.language(portal.language):
        while time.monotonic() < until and todo != set():
            try:
                if todo is None:
                    home = portal.ask_now("/api/v1/home", WAIT)
                    todo = {m["id"] for c in home["learning"] for m in c["modules"]}
                for module in sorted(todo):
                    found = put_missing(root, portal.ask_now(
                        f"/api/v1/modules/{module}/files", PATIENCE))
                    log.info("coteach: module %s, new files: %s", module, found.written)
                    if not found.pending:
                        todo.discard(module)
                first.set()
            except (UserError, OSError, KeyError, TypeError) as error:
                log.warning("coteach: course files: %s", error)
            time.sleep(_AGAIN if todo != set() else 0)
    first.set()
