"""What marking left in a notebook: messages of tests, written answers, and what not to show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from coteach.grading.blank import Blanks, is_blank
from coteach.i18n import gettext as _

MAX_MESSAGE = 500

_EMPTY = re.compile(r"^\s*raise NotImplementedError(\(\))?\s*$", re.M)
_ERROR = re.compile(
    r"([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Iteration))(?:: ([\s\S]*))?")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_HEADING = re.compile(r"^#+\s+", re.M)
_HIDDEN = re.compile(r"^.*### BEGIN (HIDDEN TESTS|MARK SCHEME)[\s\S]*?### END \1.*(?:\n|$)", re.M)


def _mark(cell: Any) -> dict[str, Any]:
    found = cell.metadata.get("nbgrader", {})
    return found if isinstance(found, dict) else {}


def grade_id(cell: Any) -> str | None:
    """Return the name under which nbgrader knows a cell."""
    return _mark(cell).get("grade_id")


def messages(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Return what failed tests said, by cell."""
    said: dict[str, str] = {}
    for cell in notebook.cells:
        name = _mark(cell).get("grade_id")
        if not name or not _mark(cell).get("grade") or cell.cell_type != "code":
            continue
        for output in cell.outputs:
            text = ""
            if output.output_type == "error":
                text = f"{output.ename}: {output.evalue}" if output.evalue else output.ename
            elif output.output_type == "stream" and output.name == "stderr":
                text = output.text
            if text:
                said[name] = _COLOUR.sub("", text).strip()[:MAX_MESSAGE]
                break
    return said


def unanswered(notebook: nbformat.NotebookNode, blanks: Blanks | None = None) -> set[str]:
    """Return the tests whose answer, the cell before them, is as empty as it was given.

    Parameters
    ----------
    blanks
        What untouched written answers look like; they are returned too.
    """
    found, empty = set(), False
    for cell in notebook.cells:
        mark, source = _mark(cell), str(cell.source)
        if is_blank(cell, blanks or {}):
            found.add(str(mark["grade_id"]))
        if mark.get("solution"):
            empty = not source.strip() or _EMPTY.search(source) is not None
        elif mark.get("grade") and empty:
            found.add(str(mark.get("grade_id")))
    return found


def plain(message: str, is_unanswered: bool = False) -> str:
    """Return what a failed test said, for somebody who does not program.

    Parameters
    ----------
    message
        As `messages` gives it.
    is_unanswered
        Whether the answer that was tested was still empty.
    """
    error = _ERROR.fullmatch(message.strip())
    if error is None:
        return message
    name, text = error[1], (error[2] or "").strip()
    if name == "NotImplementedError" or (name == "NameError" and is_unanswered):
        return _("You have not answered this part yet.")
    if name == "AssertionError":
        return text or _("This part does not do yet what the task asks for.")
    return _("Your code stopped here: {error}.").format(error=message.strip().rstrip("."))


@dataclass(frozen=True)
class Answer:
    """A written answer with the question before it, or code whose test could not be judged."""

    grade_id: str
    question: str
    text: str
    code: bool


def answers(path: Path, unsure: Mapping[str, str] | None = None) -> list[Answer]:
    """Return the answers of a marked notebook that a person reads.

    Parameters
    ----------
    unsure
        Why a test could not be judged; the code that it tests is read instead.
    """
    notebook = nbformat.read(path, as_version=4)
    found, before, code = [], "", ""
    for cell in notebook.cells:
        mark = _mark(cell)
        source = str(cell.source)
        if mark.get("grade") and mark.get("solution"):
            found.append(Answer(mark["grade_id"], before, source, cell.cell_type == "code"))
        elif mark.get("grade_id") in (unsure or {}):
            found.append(Answer(mark["grade_id"], (unsure or {})[mark["grade_id"]], code, True))
        elif mark.get("task"):
            found.append(Answer(mark["grade_id"], without_hidden(source), "", False))
        if mark.get("solution") and cell.cell_type == "code":
            code = source
        if cell.cell_type == "markdown" and not mark.get("solution"):
            before = _HEADING.sub("", source)
    return found


def without_hidden(source: str) -> str:
    """Return a cell without hidden tests and marking guide."""
    return _HIDDEN.sub("", source)


def for_feedback(notebook: nbformat.NotebookNode, blanks: Blanks) -> None:
    """Take out what the next teachers would learn the hidden tests from; note empty answers."""
    for cell in notebook.cells:
        if is_blank(cell, blanks):
            cell.metadata["coteach_blank"] = True
        hides = "### BEGIN" in cell.source
        cell.source = without_hidden(cell.source)
        for output in cell.get("outputs", ()) if hides else ():
            if output.output_type == "error":  # a traceback quotes the lines around
                output.traceback = [f"{output.ename}: {output.evalue}"]
