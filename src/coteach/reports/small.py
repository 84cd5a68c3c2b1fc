"""The rule for small groups: under eight, counts only.

A percentage of six people says more than is known and points at persons. From eight on a share
comes with its 95 % interval (Wilson), because a share without one is believed too easily.
"""

from __future__ import annotations

from math import sqrt

SMALL = 8
"""The smallest group of which shares are shown."""


def share(count: int, of: int) -> float | None:
    """Return a share between 0 and 1, or None for a small group."""
    return count / of if of >= SMALL else None


def interval(count: int, of: int) -> tuple[float, float] | None:
    """Return the 95 % Wilson interval of a share, or None for a small group."""
    if of < SMALL:
        return None
    z = 1.96
    middle = (count + z * z / 2) / (of + z * z)
    half = z / (of + z * z) * sqrt(count * (of - count) / of + z * z / 4)
    return max(0.0, middle - half), min(1.0, middle + half)
