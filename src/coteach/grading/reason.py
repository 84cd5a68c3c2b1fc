"""Why a notebook has no score: a code with values, said in the reader's language.

Stored as JSON, because the one who reads it later may read another language than the one who
started the marking.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from coteach.i18n import gettext as _


@dataclass(frozen=True)
class Reason:
    """A reason.

    Parameters
    ----------
    code
        A name that `sentence` knows.
    values
        What the sentence names.
    """

    code: str
    values: dict[str, str] = field(default_factory=dict)

    def sentence(self) -> str:
        """Return the reason in the language in force."""
        return _sentence(self.code).format_map(_Values(self.values))

    def dump(self) -> str:
        """Return the reason as it is stored."""
        return json.dumps({"code": self.code, "values": self.values}, ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Reason | None:
        """Return a stored reason, None for an empty text."""
        if not text:
            return None
        try:
            found = json.loads(text)
            return cls(str(found["code"]), {k: str(v) for k, v in found["values"].items()})
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls("other", {"detail": text})


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def _sentence(code: str) -> str:
    known = {
        "empty": _("The file is empty."),
        "not-utf8": _("The file is no UTF-8 text, as every notebook is."),
        "not-json": _("The file is no notebook: it is not JSON. It may be cut off."),
        "not-notebook": _("The file is no valid notebook: {detail}."),
        "too-large": _("The file is larger than {limit} MB."),
        "not-a-file": _("{name} is a link or something else that is no file."),
        "missing-file": _("The notebook {name} was not handed in."),
        "unknown-notebook": _("The assignment has no notebook called {name}."),
        "damaged": _("The stored file is damaged. Ask for it again."),
        "bad-student": _("A folder called {name} can't be marked; rename it."),
        "duplicated-cells": _("These cells are there more than once: {cells}. "
                              "Delete the copies and hand it in again."),
        "missing-cells": _("These cells of the assignment are missing: {cells}. "
                           "Get the missing files again and copy your answers into them."),
        "changed-cells": _("The marking information of these cells was changed: {cells}. "
                           "Get the assignment again and copy your answers into it."),
        "unknown-cells": _("These cells do not belong to the assignment: {cells}. "
                           "Delete them and hand it in again."),
        "schema": _("The cells {cells} have another marking format ({found}) than this course "
                    "({expected})."),
        "kernel-died": _("The notebook ended its own Python: it took too much memory or it calls "
                         "something that ends the program."),
        "kernel-start": _("Python could not be started to run the notebook."),
        "cell-stopped": _("A cell was stopped or did not run, so this test could not be judged."),
        "too-many-files": _("The files beside the notebook are too many or too large."),
        "engine": _("Marking broke off ({code}). Try it again."),
        "bad-points": _("The test gave no number of points that fits: {detail}."),
        "cell-memory": _("A cell took more memory than it may have and was stopped."),
        "cell-timeout": _("A cell ran longer than {seconds} seconds and was stopped."),
        "timeout": _("The notebook ran longer than {seconds} seconds and was stopped."),
        "too-much": _("The notebook wrote too much or marking it took too much memory."),
        "not-scored": _("These cells could not be scored: {cells}."),
        "other": _("The notebook could not be marked: {detail}."),
    }
    return known.get(code, known["other"])
