"""At the start of the server: the modules' files are there before a link to one is opened."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from coteach import i18n
from coteach.errors import UserError
from coteach.labserver.files import put_missing
from coteach.labserver.portal import Portal

WAIT = 8.0
"""Seconds for which the server's start waits; a portal that is slower brings the files later."""
PATIENCE = 120.0
_AGAIN = 1.5


def fetch_at_start(portal: Portal, root: str, log: logging.Logger) -> None:
    """Get the missing files of all modules; what is still being made there comes when it is."""
    first = threading.Event()
    threading.Thread(target=_fetch, args=(portal, Path(root), log, first), daemon=True,
                     name="coteach-files").start()
    first.wait(WAIT)


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
