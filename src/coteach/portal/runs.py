"""Work that takes longer than a request: one at a time for each thing, with progress to ask for.

Kept in memory. A run that is stopped, or that a restart cuts off, left every result that it had;
the same button goes on with what is missing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from coteach import i18n
from coteach.errors import Conflict, UserError
from coteach.i18n import gettext as _

log = structlog.get_logger()

Step = Callable[[int, int], None]


@dataclass
class Run:
    """How far a piece of work is.

    Parameters
    ----------
    stop
        Ends it early, where it can be.
    kept
        What is done, by id, so that a run that was stopped can go on.
    """

    kind: str
    state: str = "waiting"
    """``waiting``, ``running``, ``done``, ``stopped`` or ``failed``."""
    done: int = 0
    total: int = 0
    error: str = ""
    stop: threading.Event | None = None
    kept: set[str] = field(default_factory=set)
    _first: tuple[int, float] | None = None

    def step(self, done: int, total: int) -> None:
        """Note how far it is."""
        self.done, self.total = done, total
        if self._first is None:
            self._first = done, time.monotonic()

    @property
    def seconds_left(self) -> int | None:
        """How long it will take at the pace so far; None when nobody can say."""
        if self.state != "running" or self._first is None or self.done <= self._first[0]:
            return None
        done, began = self._first
        each = (time.monotonic() - began) / (self.done - done)
        return round(each * (self.total - self.done))

    @property
    def busy(self) -> bool:
        """Whether it goes on, or will."""
        return self.state in ("waiting", "running")

    @property
    def can_stop(self) -> bool:
        """Whether it goes on and can be stopped."""
        return self.stop is not None and not self.stop.is_set() and self.busy


class Runs:
    """The portal's long work, one after another."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="runs")

    def get(self, key: str) -> Run | None:
        """Return the newest run under a key, or None."""
        return self._runs.get(key)

    def stop(self, key: str) -> Run | None:
        """Ask the run under a key to end early, and return it."""
        run = self._runs.get(key)
        if run is not None and run.stop is not None:
            run.stop.set()
        return run

    def start(self, key: str, kind: str, work: Callable[[Step], object],
              stop: threading.Event | None = None, kept: set[str] | None = None) -> Run:
        """Start work in the background.

        Parameters
        ----------
        work
            Called with a function that takes how much is done, of how much.
        stop
            What ends it early; it is the work that looks at it.
        kept
            Filled by the work with the ids of what is done.

        Raises
        ------
        Conflict
            Something under this key is still running.
        """
        with self._lock:
            known = self._runs.get(key)
            if known is not None and known.busy:
                raise Conflict(_("This is being marked already."),
                               hint=_("Wait until it is done."), code="running")
            run = self._runs[key] = Run(kind, stop=stop, kept=set() if kept is None else kept)
        language = i18n.get_language()

        def whole() -> None:
            run.state = "running"
            with i18n.language(language):
                try:
                    work(run.step)
                    run.state = "stopped" if _cut_short(run) else "done"
                except UserError as error:
                    run.error, run.state = str(error), "failed"
                except Exception as error:
                    log.error("run-failed", key=key, exc_info=error)
                    run.error = _("Something went wrong here, and it is not your fault.")
                    run.state = "failed"

        self._pool.submit(whole)
        return run


def _cut_short(run: Run) -> bool:
    return run.stop is not None and run.stop.is_set() and run.done < run.total
