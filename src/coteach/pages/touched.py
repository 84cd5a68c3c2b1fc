"""The memory that drawing a picture writes to, copied before a visitor waits for it.

Runs inside the sandbox. A forked process shares its memory until it writes, and Python writes to
all that it looks at (it counts references). So the first picture of a new kernel stops four
thousand times for a page of memory to be copied. `learn` finds out which pages these are, in a copy
of the host that draws an empty figure of its own and ends; `copy_ahead` copies them in a kernel
that is started ahead. No code of the lesson runs for this and nothing is kept of the figure.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from coteach.pages import kept

SECONDS = 10
_POPULATE_WRITE = 23
"""Linux 5.14; an older one refuses, and memory is copied when it is written to."""
_MOST = 64 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PRESENT, _ALONE = 1 << 63, 1 << 56

_ranges = array("Q")
"""Addresses and lengths, one after the other."""


def draws(outputs: Mapping[str, Any], states: Mapping[str, Any]) -> bool:
    """Say whether a lesson draws pictures in this process.

    Parameters
    ----------
    outputs, states
        What it showed, by cell, and its widgets: an output area has outputs too.
    """
    shown = [output for cell in outputs.values() for output in cell["outputs"]]
    shown += [output for about in states.values()
              for output in about.get("state", {}).get("outputs") or ()]
    pictures = any("image/png" in output.get("data", {}) for output in shown)
    matplotlib = sys.modules.get("matplotlib")
    # With TeX a figure's texts would start programs.
    return (pictures and "matplotlib.figure" in sys.modules and matplotlib is not None
            and not matplotlib.rcParams.get("text.usetex"))


def _draw() -> None:
    from IPython.core.pylabtools import print_figure
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    axes: Any = figure.subplots()
    axes.plot([[1, 2], [3, 4]])
    axes.set_ylabel("a")
    axes.legend(["a", "b"])
    print_figure(figure, "png", bbox_inches="tight", base64=True)


def _own_pages() -> set[int]:
    """Return the pages that this process shares with no other."""
    found: set[int] = set()
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        places = [line.split()[:2] for line in maps]
    with open("/proc/self/pagemap", "rb", buffering=0) as pagemap:
        for span, rights in places:
            if rights != "rw-p":
                continue
            start, end = (int(number, 16) for number in span.split("-"))
            entries = array("Q")
            pagemap.seek(start // _PAGE * 8)
            entries.frombytes(pagemap.read((end - start) // _PAGE * 8))
            found.update(start + place * _PAGE for place, entry in enumerate(entries)
                         if entry & _PRESENT and entry & _ALONE)
    return found


def _merged(pages: Iterable[int]) -> Iterator[int]:
    start = end = 0
    for page in sorted(pages):
        if page != end:
            if end:
                yield from (start, end - start)
            start = page
        end = page + _PAGE
    if end:
        yield from (start, end - start)


def _try(out: int) -> None:
    """Draw in a copy and tell which memory that took; never returns."""
    try:
        signal.alarm(SECONDS)
        before = _own_pages()
        _draw()
        told = array("Q", _merged(_own_pages() - before)).tobytes()
        while told:
            told = told[os.write(out, told):]
    except BaseException as error:
        os.write(2, f"a trial drawing failed: {error!r}\n".encode())
    finally:
        kept.leave(0)


def learn() -> int:
    """Find out what a drawing writes to; return how many bytes that is.

    The caller has one thread and lets the system collect its children.
    """
    ours, theirs = os.pipe()
    told, until = b"", time.monotonic() + SECONDS
    try:
        if kept.fork() == 0:
            os.close(ours)
            _try(theirs)
        os.close(theirs)
        while select.select([ours], [], [], max(0.0, until - time.monotonic()))[0]:
            part = os.read(ours, 1 << 16)
            told += part
            if not part or len(told) > 1 << 20:
                break
    except OSError:
        told = b""
    finally:
        os.close(ours)
    del _ranges[:]
    if len(told) % (2 * _ranges.itemsize) == 0:
        _ranges.frombytes(told)
    if sum(_ranges[1::2]) > _MOST:
        del _ranges[:]
    return sum(_ranges[1::2])


def copy_ahead() -> None:
    """Copy now what a drawing will write to."""
    with contextlib.suppress(OSError, AttributeError):
        madvise = ctypes.CDLL(None, use_errno=True).madvise
        madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        for place in range(0, len(_ranges), 2):
            # What the lesson has given back meanwhile is not there to be copied.
            if madvise(_ranges[place], _ranges[place + 1], _POPULATE_WRITE) and (
                    ctypes.get_errno() == 22):
                return
