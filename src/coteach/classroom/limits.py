"""How often a wrong class code or secret may be tried, by whoever guesses and by nobody else.

Rule: only an address that guessed wrong is refused, so that a guesser never shuts a class. Each
address has `EACH` wrong tries in five minutes, and `SCHOOL` once a pupil entered from it: a whole
school may share one, and a child who plays with the field must not shut the others out. When its
neighbours (/24, /48) or everybody together guess much, an address from which no pupil ever entered
has only `FEW` in half an hour. A code has 6.4 million possibilities: somebody with a thousand
addresses makes 12,000 tries an hour then, and finds one of thirty open classes with a chance of one
in twenty; with one address it is one in nine hundred (one in three hundred from inside a school).
What he sees are nicknames.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable

from coteach.errors import TooMany
from coteach.i18n import gettext as _
from coteach.tries import REMEMBERED, Limit, Tries

WINDOW = 300.0
EACH = 20
"""Wrong codes from one address in the window."""
SCHOOL = 60
"""The same from an address from which pupils entered."""
NEAR, ALL = 60, 150
"""Wrong codes in the window, of a network and of everybody, after which strangers have few."""
FEW, LONG = 6, 1800.0
MOST_NEAR_6 = 600
"""Wrong codes of one IPv6 network in the window after which its strangers have none: somebody with
a /48 has 65,536 addresses that never guessed before."""
SECRETS = 40
"""Wrong picture secrets from one address in the window."""


def places(address: str) -> tuple[str, str]:
    """Return whom an address stands for (IPv4 itself, IPv6 its /64) and its network (/24, /48)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address, address
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    own, near = (32, 24) if ip.version == 4 else (64, 48)
    return (str(ipaddress.ip_network((ip, own), strict=False)),
            str(ipaddress.ip_network((ip, near), strict=False)))


class WrongCodes:
    """Remembers wrong codes for some minutes.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._own, self._near, self._all = Tries(SCHOOL), Tries(MOST_NEAR_6), Tries(ALL)
        self._known: dict[str, None] = {}

    def check(self, address: str) -> None:
        """Do nothing if this address may try a code.

        Raises
        ------
        TooMany
            Too many of its codes were wrong; the sentence says how long to wait.
        """
        own, near = places(address)
        now = self._clock()
        known = own in self._known
        until = self._own.until(own, Limit(SCHOOL if known else EACH, WINDOW))
        if not known:
            if max(self._near.until(near, Limit(NEAR, WINDOW)),
                   self._all.until("", Limit(ALL, WINDOW))) > now:
                until = max(until, self._own.until(own, Limit(FEW, LONG)))
            if ":" in near:
                until = max(until, self._near.until(near, Limit(MOST_NEAR_6, WINDOW)))
        if until > now:
            raise TooMany(
                _("Too many codes were wrong."),
                hint=_("Wait {minutes} min, look at the board and try again.").format(
                    minutes=int((until - now) // 60) + 1), code="too-many-codes")

    def wrong(self, address: str) -> None:
        """Note a wrong code."""
        own, near = places(address)
        now = self._clock()
        self._own.note(own, now)
        self._near.note(near, now)
        self._all.note("", now)

    def right(self, address: str) -> None:
        """Note that pupils enter from here: the address of a class may mistype more often."""
        own, _network = places(address)
        self._known.pop(own, None)
        self._known[own] = None
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]


class WrongSecrets:
    """Remembers from where wrong picture secrets came.

    A card itself has five tries (`store.cards`); this keeps one address from using up those of a
    whole class. It is wide: a school's children share an address and all mistype on the same day.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._own = Tries(SECRETS)

    def check(self, address: str) -> None:
        """Do nothing if this address may show a secret; raises TooMany."""
        own, _near = places(address)
        until = self._own.until(own, Limit(SECRETS, WINDOW))
        if until > self._clock():
            raise TooMany(
                _("Too many pictures were wrong."),
                hint=_("Wait {minutes} min and try again, or ask your teacher.").format(
                    minutes=int((until - self._clock()) // 60) + 1), code="too-many-secrets")

    def wrong(self, address: str) -> None:
        """Note a wrong secret."""
        self._own.note(places(address)[0], self._clock())
