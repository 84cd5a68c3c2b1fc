"""Formulas that a widget shows only now, translated beside the service's own work.

Rule: nobody's formulas hold up anybody's page. They are short and made one by one in a thread, of
whose time each person has a share; who wants more gets them as they are written.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from coteach.pages import formulas

MOST_TEX = 500
"""Characters of a formula that a page may ask for."""
MOST_HTML = 20_000
WITHIN = 2.0
"""Seconds after which a formula is answered as it is written."""
MOST_WAITING = 64
"""Formulas of all visitors that wait."""
SHARE = 0.1
"""The part of the thread's time that one visitor has."""
SAVED = 1.0
"""Seconds of it that she may use at once."""
MOST_KNOWN = 5000
"""Visitors whose use is remembered."""


class Translator:
    """Translates formulas for visitors.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="formulas")
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._waiting: dict[str, int] = {}

    async def html(self, who: str, tex: str, *, block: bool = False) -> tuple[str, bool]:
        """Return the HTML of a formula, and whether it is what it will always be."""
        written = formulas.written(tex, block=block)
        if len(tex) > MOST_TEX:
            return written, True
        # A page asks for all that it shows at once: they wait here for each other.
        if (self._left(who) <= 0 or self._waiting.get(who, 0) >= MOST_WAITING // 2
                or sum(self._waiting.values()) >= MOST_WAITING):
            return written, False
        self._waiting[who] = self._waiting.get(who, 0) + 1
        task = asyncio.get_running_loop().run_in_executor(
            self._thread, self._make, tex, block)
        task.add_done_callback(lambda done: self._done(who, done))
        try:
            made, _seconds = await asyncio.wait_for(asyncio.shield(task), WITHIN)
        except TimeoutError:
            return written, False
        return (made, True) if len(made) <= MOST_HTML else (written, True)

    @staticmethod
    def _make(tex: str, block: bool) -> tuple[str, float]:
        begun = time.thread_time()
        made = formulas.formula(tex, block=block)
        return made, time.thread_time() - begun

    def _left(self, who: str) -> float:
        """Return the seconds of work that a visitor has left."""
        left, at = self._used.get(who, (SAVED, 0.0))
        return min(SAVED, left + (self._clock() - at) * SHARE)

    def _done(self, who: str, done: asyncio.Future[tuple[str, float]]) -> None:
        waiting = self._waiting.pop(who) - 1
        if waiting:
            self._waiting[who] = waiting
        if done.cancelled() or done.exception() is not None:
            return
        self._used[who] = (self._left(who) - done.result()[1], self._clock())
        self._used.move_to_end(who)
        while len(self._used) > MOST_KNOWN:
            self._used.popitem(last=False)

    def close(self) -> None:
        """Begin nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
