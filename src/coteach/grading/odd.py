"""What is odd about a notebook that can be marked: parts not answered, cells of another kind.

Nothing here refuses a hand-in. She is told before she sends it, while she can still mend it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import nbformat

from coteach.grading.blank import mark_of, plain, source_of
from coteach.i18n import gettext as _
from coteach.i18n import ngettext
from coteach.lessonpack import task_names

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


def _solutions(cells: Iterable[Any]) -> dict[str, Any]:
    return {str(mark_of(c)["grade_id"]): c for c in cells
            if mark_of(c).get("solution") and mark_of(c).get("grade_id")}


def _is_empty(cell: Any, forms: list[Any]) -> bool:
    mine = plain(source_of(cell))
    return not mine or mine in [plain(source_of(form)) for form in forms]


def _named(cells: list[dict[str, Any]], names: list[str]) -> str:
    """Return the headings above cells; a cell's own name where there is none."""
    known = task_names(cells)
    listed = list(dict.fromkeys(known.get(name, name) for name in names))
    more = " …" if len(listed) > MAX_NAMED else ""
    return ", ".join(f"“{each}”" for each in listed[:MAX_NAMED]) + more
