"""A marked notebook in our frame: its words, names and points in the reader's language.

`grading` leaves them open in the file as ``<!--ct:WORD VALUE-->``. Rule: the page has the outputs
of somebody's code in it, so it may show, never run or call anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import unquote

from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from coteach import ui
from coteach.i18n import gettext as _
from coteach.i18n import ngettext
from coteach.portal.templating import render

POLICY = ("sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
          "font-src data:; base-uri 'none'; form-action 'none'")
_INSIDE = re.compile(r"<!--ct:begin-->(.*)<!--ct:end-->", re.S)
_WORD = re.compile(r"<!--ct:([a-z]+)((?: [^\s<>]+)*)-->")


def inside(html: str) -> str | None:
    """Return the inside of a feedback file; None for one that was made as a page of its own."""
    found = _INSIDE.search(html)
    return found[1] if found else None


def points(score: float, top: float) -> str:
    """Return points in words."""
    return ngettext("{score} of {top} point", "{score} of {top} points",
                    1 if top == 1 else 2).format(score=f"{score:g}", top=f"{top:g}")


def worded(text: str, names: dict[str, str], marks: dict[str, Any], mine: bool) -> Markup:
    """Return the inside of a feedback file with everything said that was left open.

    Parameters
    ----------
    names
        What the tasks are called.
    marks
        As `submissions.marks_of` gives them.
    mine
        Whether the reader wrote the answers.
    """
    parts = {test["grade_id"]: test for test in marks["tests"]}

    def said(grade_id: str) -> str:
        message = parts.get(grade_id, {}).get("message", "")
        return f'<p class="fb-said">{escape(message)}</p>' if message else ""

    words: dict[str, Callable[..., str]] = {
        "answer": lambda: _("Your answer") if mine else _("The answer"),
        "test": lambda: _("Test"), "task": lambda: _("Task"),
        "comment": lambda: _("Comment"), "blank": lambda: _("Not answered."),
        "code": lambda: _("What the test looks at"),
        "name": lambda each: str(escape(names.get(unquote(each), unquote(each)))),
        "score": lambda score, top: points(float(score), float(top)),
        "late": lambda less: ngettext("{n} point less because it was late.",
                                      "{n} points less because it was late.",
                                      1 if float(less) == 1 else 2).format(n=f"{float(less):g}"),
        "said": lambda each: said(unquote(each)),
    }

    def word(found: re.Match[str]) -> str:
        try:
            return words[found[1]](*found[2].split())
        except (KeyError, TypeError, ValueError):  # somebody's own text that looks like ours
            return ""

    return Markup(_WORD.sub(word, text))  # noqa: S704 - shown under `POLICY`


@cache
def _styles() -> Markup:
    # A page in a sandbox may load nothing, so its style sheets are in it.
    return Markup("".join((ui.STATIC / name).read_text(encoding="utf-8")  # noqa: S704 - our own
                          for name in ("tokens.css", "base.css", "feedback.css")))


def page(request: Request, text: str, names: dict[str, str], **context: Any) -> HTMLResponse:
    """Show the inside of a feedback file; `context` is that of `feedback.html`."""
    body = worded(text, names, context["marks"], context["mine"])
    answer = render(request, "feedback.html", body=body, styles=_styles(), points=points,
                    **context)
    answer.headers["Content-Security-Policy"] = POLICY
    return answer
