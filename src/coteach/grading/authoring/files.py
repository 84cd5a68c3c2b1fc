"""Looking at the files of an assignment: can they be read, are they too large, is the kernel here.

What this module returns is read from disk; nothing is run.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager

from coteach.grading.authoring.finding import FAILED, WARNING, Finding
from coteach.grading.inspect import MAX_MB, inspect
from coteach.grading.reason import Reason
from coteach.i18n import gettext as _

HEAVY_MB = 2
"""More than a minute on a line of 256 kbit/s."""
LINE_KB = 32
"""Kilobytes a second of that line."""
_NOT_GIVEN = ("i18n", ".ipynb_checkpoints", "__pycache__")
"""Folders that no release has in it."""


def given_files(folder: Path) -> list[Path]:
    """Return the files that are released with an assignment, its notebooks among them."""
    return [f for f in sorted(folder.rglob("*")) if f.is_file() and not any(
        part in _NOT_GIVEN or part.startswith(".") for part in f.relative_to(folder).parts)]


def notebooks(folder: Path) -> tuple[dict[str, Any], list[Finding]]:
    """Return the notebooks that could be read, by name, and what is wrong with the others."""
    read, found = {}, []
    for file in sorted(folder.glob("*.ipynb")):
        if file.name.startswith(".") or not file.is_file():
            continue
        content, reason = _read(file)
        if reason is None:
            read[file.stem] = content
        else:
            found.append(Finding("notebook", FAILED, _("{name} can't be read: {reason}").format(
                name=file.name, reason=reason.sentence()),
                _("Open it in JupyterLab and save it again, or take an older version."), file.stem))
    return read, found


def _read(file: Path) -> tuple[Any, Reason | None]:
    raw = file.read_bytes()
    reason = inspect(raw)
    if reason is not None and reason.code != "too-large":  # `sizes` says that
        return None, reason
    try:
        return nbformat.reads(raw.decode("utf-8-sig"), as_version=4), None
    except Exception as error:  # what is no notebook fails in many ways
        return None, Reason("not-notebook", {"detail": type(error).__name__})


def names(folder: Path) -> Iterator[Finding]:
    """Find notebooks that some computers can't tell apart, and those that nobody marks."""
    top = [f for f in given_files(folder) if f.suffix.lower() == ".ipynb"]
    counted = Counter(_same(f.stem) for f in top if f.parent == folder)
    for file in top:
        if file.parent != folder:
            yield Finding("notebook-name", WARNING, _(
                "{name} lies in a folder below the assignment and is never marked.").format(
                    name=file.relative_to(folder)),
                _("Put it beside the other notebooks, or give it another ending."), file.stem)
        elif counted[_same(file.stem)] > 1:
            yield Finding("notebook-name", FAILED, _(
                "Another notebook has the same name as {name} but for small and capital letters "
                "or spaces.").format(name=file.name), _("Rename one of them."), file.stem)
        elif file.suffix != ".ipynb":
            yield Finding("notebook-name", FAILED, _(
                "{name} is not taken for a notebook: its ending is not .ipynb.").format(
                    name=file.name), _("Rename it."), file.stem)


def _same(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def sizes(folder: Path) -> Iterator[Finding]:
    """Find files that are too large for a hand-in or for a line."""
    for file in given_files(folder):
        size, name = file.stat().st_size, file.relative_to(folder)
        notebook = file.stem if file.suffix == ".ipynb" else ""
        if size > MAX_MB << 20:
            yield Finding("size", FAILED, _(
                "{name} has {mb} MB; a hand-in may have {limit} MB.").format(
                    name=name, mb=f"{size / 2**20:.0f}", limit=MAX_MB),
                _("Make it smaller, for example with fewer rows or pictures of less pixels."),
                notebook)
        elif size > HEAVY_MB << 20:
            yield Finding("size", WARNING, _(
                "{name} has {mb} MB: {seconds} seconds on a line of 256 kbit/s.").format(
                    name=name, mb=f"{size / 2**20:.1f}", seconds=round(size / 1000 / LINE_KB)),
                _("Make it smaller, for example with fewer rows or pictures of less pixels."),
                notebook)


def kernel(notebook: str, content: Any) -> Iterator[Finding]:
    """Find a kernel that is not here."""
    spec = content["metadata"].get("kernelspec") or {}
    name, language = str(spec.get("name", "")), str(spec.get("language") or "python")
    if language.lower() != "python":
        yield Finding("kernel", FAILED, _(
            "{notebook} is written in {language}; only Python is marked here.").format(
                notebook=f"{notebook}.ipynb", language=language),
            _("Choose a Python kernel in JupyterLab and save it."), notebook)
    elif not name:
        yield Finding("kernel", WARNING, _(
            "{notebook} names no kernel, so everybody is asked for one.").format(
                notebook=f"{notebook}.ipynb"),
            _("Choose a Python kernel in JupyterLab and save it."), notebook)
    elif name not in (here := sorted(KernelSpecManager().find_kernel_specs())):
        yield Finding("kernel", WARNING, _(
            "{notebook} names the kernel {name}, which is not here ({here} is), so everybody is "
            "asked for one.").format(notebook=f"{notebook}.ipynb", name=name,
                                     here=", ".join(here)),
            _("Choose a Python kernel in JupyterLab and save it."), notebook)
