"""A course folder in nbgrader's own layout, so that its other tools go on working with it.

`source/` is the trainer's (solutions, hidden tests), `release/` what teachers get, `submitted/`,
`autograded/` and `feedback/` lie by student, `gradebook.db` is nbgrader's.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _

_NOT_DATA = ("i18n", "__pycache__")
_ODD = set("*?[]{}/\\")


@dataclass(frozen=True)
class CourseFolder:
    """A course folder.

    Parameters
    ----------
    root
        The folder.
    course_id
        nbgrader's course id.
    """

    root: Path
    course_id: str = "course"

    @property
    def gradebook_file(self) -> Path:
        return self.root / "gradebook.db"

    @property
    def gradebook(self) -> str:
        """nbgrader's database URL; workers of one run wait for each other instead of failing."""
        return f"sqlite:///{self.gradebook_file}?timeout=60"

    @property
    def header(self) -> Path:
        return self.root / "source" / "header.ipynb"

    def source(self, assignment: str) -> Path:
        return self.root / "source" / assignment

    def released(self, assignment: str) -> Path:
        return self.root / "release" / assignment

    def submitted(self, student: str, assignment: str) -> Path:
        return self.root / "submitted" / student / assignment

    def autograded(self, student: str, assignment: str) -> Path:
        return self.root / "autograded" / student / assignment

    def feedback(self, student: str, assignment: str) -> Path:
        return self.root / "feedback" / student / assignment

    def notebooks(self, assignment: str) -> list[str]:
        """Return the names of the assignment's notebooks, without the ending.

        Raises
        ------
        NotFound
            The course has no such assignment.
        """
        found = sorted(f.stem for f in self.source(assignment).glob("*.ipynb")
                       if f.is_file() and not f.name.startswith("."))
        if not is_safe(assignment) or not found:
            raise NotFound(
                _("The course {course} has no assignment called {assignment}.").format(
                    course=self.root, assignment=assignment),
                hint=_("An assignment is a folder with notebooks in {folder}.").format(
                    folder=self.root / "source"), code="no-assignment")
        return found

    def data_files(self, assignment: str) -> frozenset[str]:
        """Return the instructor's files beside the notebooks, as paths below the source folder."""
        top, found = self.source(assignment), set()
        for folder, names, files in os.walk(top):
            names[:] = [n for n in names if not n.startswith(".") and n not in _NOT_DATA]
            found |= {str((Path(folder) / name).relative_to(top)) for name in files
                      if not name.endswith(".ipynb") and not name.startswith(".")
                      and (Path(folder) / name).is_file()}
        return frozenset(found)

    def source_digest(self, assignment: str) -> str:
        """Return a digest of what is released from."""
        total = hashlib.sha256()
        files = [f for f in self.source(assignment).rglob("*") if f.is_file()]
        for file in sorted([*files, *([self.header] if self.header.is_file() else [])]):
            total.update(f"{file.relative_to(self.root)}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
        return total.hexdigest()

    def adopt(self, source: Path, assignment: str) -> None:
        """Copy an assignment and the header from a course's `source`, once.

        A cohort keeps the version that it began with, whatever happens to the course later.
        """
        if not (source / assignment).is_dir() or not is_safe(assignment):
            raise NotFound(_("The course has no assignment called {assignment}.").format(
                assignment=assignment), code="no-assignment")
        target = self.source(assignment)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (source / "header.ipynb").is_file() and not self.header.exists():
            shutil.copyfile(source / "header.ipynb", self.header)
        if target.exists():
            return
        fresh = target.with_name(f".{assignment}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        # Translations stay with the course: nbgrader would release them as they are.
        shutil.copytree(source / assignment, fresh,
                        ignore=shutil.ignore_patterns("i18n", ".*", "__pycache__"))
        fresh.rename(target)


def is_safe(name: str) -> bool:
    """Say whether a name is one folder's name and has nothing in it that nbgrader would expand."""
    return (0 < len(name) < 200 and name == name.strip() and name.isprintable()
            and not name.startswith(".") and not _ODD & set(name))


def student_id(username: str) -> str:
    """Return the student id of a person, which is her name in JupyterHub.

    Raises
    ------
    UserError
        The name can't be a folder's.
    """
    if not is_safe(username):
        raise UserError(_("The name {name!r} can't be used in a gradebook.").format(name=username),
                        code="bad-student")
    return username
