"""All looks at an assignment, one after the other."""

from __future__ import annotations

from coteach.grading.authoring import files, marks
from coteach.grading.authoring.code import code
from coteach.grading.authoring.finding import FAILED, WARNING, Finding, cells_of
from coteach.grading.authoring.markers import markers
from coteach.grading.authoring.trial import trial
from coteach.grading.course import CourseFolder
from coteach.i18n import gettext as _

STOPS = ("grade-id", "schema", "kind", "markers")
"""What keeps nbgrader from making a release, or makes a release that is not the one meant."""


def check(course: CourseFolder, assignment: str, *, run: bool = True, trust_local: bool = False
          ) -> list[Finding]:
    """Return what there is to say about an assignment before it is released.

    Parameters
    ----------
    course
        The course folder; nothing in it is changed.
    run
        Whether to mark the empty release and the author's solution too, in the sandbox. It takes
        some seconds and as long as the notebooks run.
    trust_local
        Run without a sandbox where this machine can't make one.

    Raises
    ------
    NotFound
        The course has no such assignment.
    """
    course.notebooks(assignment)
    folder = course.source(assignment)
    read, found = files.notebooks(folder)
    found += [*files.names(folder), *files.sizes(folder)]
    for name, content in read.items():
        cells = cells_of(name, content)
        found += [*files.kernel(name, content), *marks.marks(cells), *markers(cells),
                  *code(cells, folder)]
        if not any(c.grade or c.task for c in cells):
            found.append(Finding("points", WARNING, _(
                "{notebook} has nothing that gives points.").format(notebook=f"{name}.ipynb"),
                _("Mark a cell as a test or as an answer that a person marks."), name))
    broken = {f.notebook for f in found if f.check in STOPS and f.state == FAILED}
    whole = {name: content for name, content in read.items() if name not in broken}
    if whole:
        found += trial(course, assignment, whole, run=run, trust_local=trust_local)
    for name in sorted(broken & set(read)):
        found.append(Finding("release", WARNING, _(
            "{notebook} was not released and run on trial.").format(notebook=f"{name}.ipynb"),
            _("Correct what is wrong with its cells and check again."), name))
    return sorted(dict.fromkeys(found), key=lambda f: f.notebook)
