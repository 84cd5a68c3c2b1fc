"""How often a wrong class code may be tried: from one address, and by everybody together.

A code has 6.4 million possibilities; at the limits below somebody who guesses for an hour finds one
of thirty open classes with a chance of about one in a hundred, and then sees nicknames.
"""

from __future__ import annotations

import time
from collections import deque

from coteach.errors import TooMany
from coteach.i18n import gettext as _

WINDOW = 300.0
EACH = 20
"""Wrong codes from one address in the window; a whole class may share one address."""
ALL = 150
MOST_ADDRESSES = 5000


class WrongCodes:
    """Remembers wrong codes for some minutes."""

    def __init__(self) -> None:
        self._each: dict[str, deque[float]] = {}
        self._all: deque[float] = deque()

    def check(self, address: str) -> None:
        """Do nothing if this address may try a code.

        Raises
        ------
        TooMany
            Too many codes were wrong; the sentence says how long to wait.
        """
        now = time.monotonic()
        for tries, limit in ((self._each.get(address, deque()), EACH), (self._all, ALL)):
            while tries and now - tries[0] > WINDOW:
                tries.popleft()
            if len(tries) >= limit:
                minutes = int((WINDOW - (now - tries[0])) // 60) + 1
                raise TooMany(
                    _("Too many codes were wrong."),
                    hint=_("Wait {minutes} min, look at the board and try again.").format(
                        minutes=minutes), code="too-many-codes")

    def wrong(self, address: str) -> None:
        """Note a wrong code."""
        now = time.monotonic()
        if address not in self._each and len(self._each) >= MOST_ADDRESSES:
            self._each.pop(next(iter(self._each)))
        self._each.setdefault(address, deque(maxlen=EACH)).append(now)
        self._all.append(now)
