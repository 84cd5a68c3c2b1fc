"""What went wrong in a lesson, in words for its teacher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coteach.i18n import gettext as _
from coteach.pages.executed import CellError, Executed


@dataclass(frozen=True)
class Problem:
    """One thing that its author should know."""

    cell: str
    """Empty when it is about the whole lesson."""
    message: str
    hint: str


def _of_cell(error: CellError, seconds: float) -> Problem:
    if error.kind == "missing-package":
        return Problem(error.cell, _("This cell needs the package {package}, which is not "
                                     "installed here.").format(package=error.package),
                       _("Ask whoever runs this coteach to install it, or leave it out."))
    if error.kind == "endless":
        return Problem(error.cell, _("This cell did not end within {seconds} seconds and was "
                                     "stopped.").format(seconds=f"{seconds:g}"),
                       _("Let it do less, or end its loop."))
    if error.kind == "ended":
        return Problem(error.cell, _("This cell ended the whole program, so the page leaves it "
                                     "out."),
                       _("It may need too much memory, or it calls exit."))
    if error.kind == "memory":
        return Problem(error.cell, _("This cell needs more memory than a lesson may use, and was "
                                     "stopped."),
                       _("Let it work with less at once."))
    if error.kind == "forked":
        return Problem(error.cell, _("This cell made a second process that would have run on "
                                     "beside the page. It was ended."),
                       _("End such a process with os._exit where its work is done."))
    return Problem(error.cell, _("This cell stopped with {error}.").format(
        error=f"{error.ename}: {error.evalue}"[:300].rstrip(": ")),
        _("Run it in JupyterLab to see where."))


def _reason(word: str, detail: str) -> str:
    if word == "threads":
        return _("it runs threads ({detail})").format(detail=detail)
    if word == "processes":
        return _("it runs other programs ({detail})").format(detail=detail)
    if word == "network":
        return _("it has a network connection open")
    if word == "graphics":
        return _("it uses a graphics processor")
    if word == "fork":
        return _("no copy of it can be made ({detail})").format(detail=detail)
    return _("it has tasks that go on in the background ({detail})").format(detail=detail)


def alone_because(executed: Executed) -> str:
    """Return why each visitor needs an execution of her own; empty when a copy is enough."""
    if executed.forkable:
        return ""
    return _("Each visitor waits for the whole lesson to run, because {reasons}.").format(
        reasons=", ".join(_reason(word, detail) for word, detail in executed.reasons))


def failed_on_pages(errors: Mapping[str, str]) -> list[Problem]:
    """Return what callbacks stumbled over when pupils moved something: errors and their cells."""
    return [Problem(cell, _("A moving part stopped with {error} on a pupil's page.").format(
        error=error), _("The pupil sees the picture from before. The log says where it stopped."))
        for error, cell in errors.items()]


def problems_of(executed: Executed, seconds: float) -> list[Problem]:
    """Return what its teacher should know, in the language in force."""
    found = [_of_cell(error, seconds) for error in executed.errors]
    for cell in sorted(executed.cut):
        found.append(Problem(cell, _("This cell shows more than fits on a page; the rest is cut."),
                             _("Show a part of it.")))
    if why := alone_because(executed):
        found.append(Problem("", why, _("End what the lesson started before its last cell.")))
    return found
