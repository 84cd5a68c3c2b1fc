"""What a forked child renews, because its parent had it too."""

from __future__ import annotations

import contextlib
import locale
import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any


def reseed() -> None:
    """Give every random number generator that is loaded a seed of its own."""
    random.seed()
    numbers = sys.modules.get("numpy.random")
    if numbers is not None:
        numbers.seed()
    torch = sys.modules.get("torch")
    if torch is not None:
        with contextlib.suppress(Exception):
            torch.seed()
    unique: Any = sys.modules.get("uuid")
    if unique is not None:
        # uuid1 counts on from the time and the machine, which two forks share.
        unique._last_timestamp = None
        unique._node = random.SystemRandom().getrandbits(48) | 1 << 40


def environment(environ: Mapping[str, str]) -> None:
    """Make this the whole environment, with what the standard library remembers of the old one."""
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    tempfile.tempdir = None
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "")
