"""What hosts found out, kept on disk: a service that starts again shows pages at once.

Named by the lesson's content and what made it; a lesson that had a cell that failed is not kept,
since a package may be there tomorrow.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import re
import shutil
import sys
from dataclasses import asdict
from functools import cache
from importlib import metadata
from pathlib import Path

import coteach
from coteach.pages import executed as results
from coteach.pages.executed import Executed, NoResult

MOST_LESSONS = 200
_FILE = re.compile(r"[0-9a-f]{24}\.(?:png|jpg|gif|webp|svg)")


@cache
def made_by() -> str:
    """Return what changes when something that makes a page does."""
    facts = [coteach.__version__, sys.version]
    for name in ("ipywidgets", "nbconvert", "voila", "numpy", "pandas", "matplotlib"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            facts.append(f"{name} {metadata.version(name)}")
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]


def states_json(executed: Executed) -> bytes:
    """Return the states of the widgets, compressed, as a page's runtime loads them."""
    return gzip.compress(json.dumps({"state": executed.states}, ensure_ascii=False).encode(), 6,
                         mtime=0)


class Shelf:
    """A folder for each lesson: its result and its pictures.

    Parameters
    ----------
    folder
        For this service's own use.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sweep()

    def _sweep(self) -> None:
        """Keep what was used last."""
        with contextlib.suppress(OSError):
            places = sorted(self._folder.iterdir(), key=lambda p: p.stat().st_mtime)
            for place in places[:-MOST_LESSONS]:
                shutil.rmtree(place, ignore_errors=True)

    def _place(self, digest: str) -> Path:
        return self._folder / f"{digest}-{made_by()}"

    def get(self, digest: str, cells: set[str]) -> Executed | None:
        """Return what is kept of a lesson; what can't be read is as if it were not there."""
        try:
            raw = results.read_file(self._place(digest) / "executed.json")
            return results.parse(raw, cells)
        except NoResult:
            return None

    def put(self, digest: str, executed: Executed) -> None:
        """Keep a lesson without failures."""
        if executed.errors:
            return
        content = {
            "cells": {cell: {"outputs": outputs, "cut": cell in executed.cut}
                      for cell, outputs in executed.outputs.items()},
            "states": executed.states, "errors": [asdict(error) for error in executed.errors],
            "reasons": [{"reason": word, "detail": detail} for word, detail in executed.reasons]}
        self._write(digest, "executed.json", json.dumps(content, ensure_ascii=False).encode())

    def put_files(self, digest: str, files: dict[str, bytes]) -> None:
        """Keep the pictures of a page."""
        for name, content in files.items():
            if not (self._place(digest) / name).exists():
                self._write(digest, name, content)

    def file(self, digest: str, name: str) -> bytes | None:
        """Return a picture."""
        if not _FILE.fullmatch(name):
            return None
        with contextlib.suppress(OSError):
            return (self._place(digest) / name).read_bytes()
        return None

    def _write(self, digest: str, name: str, content: bytes) -> None:
        # Without it a page is made anew; a full disk takes no page away.
        with contextlib.suppress(OSError):
            place = self._place(digest)
            place.mkdir(exist_ok=True, mode=0o700)
            scratch = place / f".{name}.{os.getpid()}"
            scratch.write_bytes(content)
            scratch.replace(place / name)
