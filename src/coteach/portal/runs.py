"""Work that takes longer than a request: one at a time for each thing, with progress to ask for.

Kept in memory. A run that a restart cuts off left every result that it had, and is started again by
the same button.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from coteach import i18n
from coteach.errors import Conflict, UserError
from coteach.i18n import gettext as _

log = structlog.get_logger()

Step = Callable[[int, int], None]


@dataclass
class Run:
    """How far a piece of work is."""

    kind: str
    state: str = "waiting"
    """``waiting``, ``running``, ``done`` or ``failed``."""
    done: int = 0
    total: int = 0
    error: str = ""


class Runs:
    """The portal's long work, one after another."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="runs")

    def get(self, key: str) -> Run | None:
        """Return the newest run under a key, or None."""
        return self._runs.get(key)

    def start(self, key: str, kind: str, work: Callable[[Step], object]) -> Run:
        """Start work in the background.

        Parameters
        ----------
        work
            Called with a function that takes how much is done, of how much.

        Raises
        ------
        Conflict
            Something under this key is still running.
        """
        with self._lock:
            known = self._runs.get(key)
            if known is not None and known.state in ("waiting", "running"):
                raise Conflict(_("This is being marked already."),
                               hint=_("Wait until it is done."), code="running")
            run = self._runs[key] = Run(kind)
        language = i18n.get_language()

        def step(done: int, total: int) -> None:
            run.done, run.total = done, total

        def whole() -> None:
            run.state = "running"
            with i18n.language(language):
                try:
                    work(step)
                    run.state = "done"
                except UserError as error:
                    run.error, run.state = str(error), "failed"
                except Exception as error:
                    log.error("run-failed", key=key, exc_info=error)
                    run.error = _("Something went wrong here, and it is not your fault.")
                    run.state = "failed"

        self._pool.submit(whole)
        return run
