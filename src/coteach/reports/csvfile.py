"""CSV for people's spreadsheets.

Rule: a text that a spreadsheet would run as a formula is made harmless, and a byte order mark tells
it that Chinese and Vietnamese letters follow (OWASP, "CSV Injection").
"""

from __future__ import annotations

import pandas as pd

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutral(value: object) -> object:
    """Return a value that a spreadsheet shows and does not run."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_RISKY):
        return "'" + value
    return value


def as_csv(frame: pd.DataFrame) -> str:
    """Return a frame as CSV text."""
    safe = frame.rename(columns=lambda name: neutral(str(name)))
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            safe[column] = safe[column].map(neutral)
    return "\ufeff" + safe.to_csv(index=False, lineterminator="\r\n")
