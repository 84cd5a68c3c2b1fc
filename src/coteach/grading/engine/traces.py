"""The traceback of a cell, as short as IPython's own and made in a hundredth of its time.

IPython parses every file that a traceback goes through; a test that fails would cost more than all
else. Rule: frames of the engine and of the shell are not shown.
"""

from __future__ import annotations

import linecache
import re
import types
from typing import Any

_HIDDEN = ("/coteach/grading/engine/", "/IPython/core/", "<frozen ")
_CELL = re.compile(r"<ipython-input-(\d+)-")
_AROUND = 4
_MOST_FRAMES, _MOST_CHAIN = 20, 4
_RULE = "-" * 75
CAUSE = "\nThe above exception was the direct cause of the following exception:\n"
CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n"


def said(error: BaseException) -> str:
    """Return the text of an exception, also when it has none to give."""
    try:
        return str(error)
    except Exception:
        return "<an exception that can't be said>"


def name(error: BaseException) -> str:
    """Return the name of an exception's class."""
    return str(getattr(type(error), "__name__", "Exception"))


def _frame(frame: types.FrameType, line: int) -> str:
    file, function = frame.f_code.co_filename, frame.f_code.co_name
    cell = _CELL.match(file)
    inside = "" if function == "<module>" else f", in {function}()"
    head = f"Cell In[{cell[1]}], line {line}{inside}" if cell else f"File {file}:{line}{inside}"
    around = _AROUND if cell else 0
    shown = []
    for number in range(max(1, line - around), line + around + 1):
        text = linecache.getline(file, number, frame.f_globals)
        if text:
            arrow = f"----> {number}" if number == line else f"{number:>{6 + len(str(line))}}"
            shown.append(f"{arrow} {text.rstrip()}")
    return "\n".join((head, *shown)) + "\n"


def _frames(trace: types.TracebackType | None) -> list[str]:
    found: list[tuple[types.FrameType, int]] = []
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not any(part in file for part in _HIDDEN):
            found.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    left_out = len(found) - _MOST_FRAMES
    shown = found if left_out <= 0 else [*found[:_MOST_FRAMES // 2], *found[-_MOST_FRAMES // 2:]]
    lines = [_frame(frame, line) for frame, line in shown]
    if left_out > 0:
        lines.insert(_MOST_FRAMES // 2, f"    [… {left_out} frames are left out]\n")
    return lines


def _one(error: BaseException) -> list[str]:
    title = name(error)
    last = f"{title}: {said(error)}"
    notes = [str(note) for note in getattr(error, "__notes__", ()) if isinstance(note, str)]
    return [_RULE, f"{title:<42}Traceback (most recent call last)",
            *_frames(error.__traceback__), "\n".join((last, *notes))]


def lines(error: BaseException) -> list[str]:
    """Return the lines of a traceback, with what led to it."""
    chain: list[tuple[BaseException, str]] = []
    now: Any = error
    link = ""
    while now is not None and len(chain) < _MOST_CHAIN:
        chain.append((now, link))
        if now.__cause__ is not None:
            now, link = now.__cause__, CAUSE
        elif now.__context__ is not None and not now.__suppress_context__:
            now, link = now.__context__, CONTEXT
        else:
            now = None
    found: list[str] = []
    for one, after in reversed(chain):
        found += _one(one)
        if after:
            found.append(after)
    return found
