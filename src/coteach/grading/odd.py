"""What is odd about a notebook that can be marked: parts not answered, cells of another kind.

Nothing here refuses a hand-in. She is told before she sends it, while she can still mend it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import nbformat

from coteach.i18n import gettext as _
from coteach.i18n import ngettext

_HEADING = re.compile(r"^#+\s+(.+?)\s*#*$", re.M)
MAX_NAME = 60
MAX_NAMED = 8


def oddities(raw: bytes, released: Iterable[nbformat.NotebookNode]) -> list[str]:
    """Return sentences about what is odd in a notebook, in the language in force.

    Parameters
    ----------
    raw
        A file that `inspect` takes for a notebook.
    released
        The empty form, in each language in which it may have been given.
    """
    forms = [_solutions(form.cells) for form in released]
    if not forms or not forms[0]:
        return []
    cells = json.loads(raw.decode("utf-8-sig"))["cells"]
    mine = _solutions(cells)
    said = []
    unanswered = [name for name, cell in mine.items() if name in forms[0]
                  and _is_empty(cell, [form[name] for form in forms if name in form])]
    if unanswered and len(unanswered) == len(forms[0]):
        said.append(_("You have answered nothing yet: this is the empty form."))
    elif unanswered:
        said.append(ngettext(
            "{n} part is not answered yet: {parts}.", "{n} parts are not answered yet: {parts}.",
            len(unanswered)).format(n=len(unanswered), parts=_named(cells, unanswered)))
    for kind in ("code", "markdown"):
        changed = [name for name, cell in mine.items() if name in forms[0]
                   and forms[0][name]["cell_type"] == kind != cell["cell_type"]]
        if changed:
            said.append(_changed(kind, changed, cells))
    return said


def _changed(kind: str, changed: list[str], cells: list[dict[str, Any]]) -> str:
    sentence = ngettext(
        "{n} answer cell is no longer a code cell: {parts}. Make it a code cell again.",
        "{n} answer cells are no longer code cells: {parts}. Make them code cells again.",
        len(changed)) if kind == "code" else ngettext(
        "{n} answer cell is no longer a text cell: {parts}. Make it a Markdown cell again.",
        "{n} answer cells are no longer text cells: {parts}. Make them Markdown cells again.",
        len(changed))
    return sentence.format(n=len(changed), parts=_named(cells, changed))


def _mark(cell: Any) -> dict[str, Any]:
    found = cell["metadata"].get("nbgrader")
    return found if isinstance(found, dict) else {}


def _source(cell: Any) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _solutions(cells: Iterable[Any]) -> dict[str, Any]:
    return {str(_mark(c)["grade_id"]): c for c in cells
            if _mark(c).get("solution") and _mark(c).get("grade_id")}


def _is_empty(cell: Any, forms: list[Any]) -> bool:
    mine = _plain(_source(cell))
    return not mine or mine in [_plain(_source(form)) for form in forms]


def _plain(source: str) -> str:
    return "\n".join(line.strip() for line in source.splitlines() if line.strip())


def _named(cells: list[dict[str, Any]], names: list[str]) -> str:
    """Return the headings above cells; a cell's own name where there is none."""
    heading, shown = "", {}
    for cell in cells:
        name = str(_mark(cell).get("grade_id", ""))
        if name in names:
            shown[name] = (heading or name)[:MAX_NAME]
        elif cell["cell_type"] == "markdown" and (found := _HEADING.findall(_source(cell))):
            heading = found[-1]
    listed = list(dict.fromkeys(shown.values()))
    more = " …" if len(listed) > MAX_NAMED else ""
    return ", ".join(f"“{each}”" for each in listed[:MAX_NAMED]) + more
