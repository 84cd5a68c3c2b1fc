"""What nbgrader's exchange classes share: the portal, the assignments, refusals as sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from nbgrader.exchange import abc

from coteach.errors import UserError
from coteach.labserver.portal import Portal, away

SECONDS = 60.0


class Exchange(abc.Exchange):  # type: ignore[misc]
    """The exchange of one person, as her Lab's token allows."""

    def start(self) -> Any:
        """Do it; what the portal refuses is told as nbgrader tells its own refusals."""
        try:
            return super().start()
        except UserError as error:
            self.fail(f"{error.message} {error.hint}".strip())
        except OSError as error:
            self.fail(str(error))

    def init_src(self) -> None:
        """Nothing to prepare: the portal checks."""

    def init_dest(self) -> None:
        """Nothing to prepare: the portal checks."""

    def copy_files(self) -> None:
        """Nothing to copy."""

    @property
    def portal(self) -> Portal:
        """The portal that this server belongs to."""
        found = Portal.of_environment()
        if found is None:
            raise away()
        return found

    def itself(self) -> None:
        """Refuse a student's name on the command line: who one is, the server's token says."""
        if self.coursedir.student_id not in ("", "*"):
            self.fail("Leave --student out: you are who is signed in.")

    def get(self, path: str) -> Any:
        """Return the portal's JSON."""
        return self.portal.ask_now(path, SECONDS)

    def assignments(self) -> list[dict[str, Any]]:
        """Return the modules that have an assignment, with their files and `cohort`."""
        found = []
        wanted = self.coursedir.course_id
        for cohort in self.get("/api/v1/home")["learning"]:
            if wanted in ("", "*", cohort["course"]):
                for module in cohort["modules"]:
                    files = self.get(f"/api/v1/modules/{quote(module['id'], safe='')}/files")
                    if files["assignment"]:
                        found.append({**files, "cohort": cohort["id"]})
        return found

    def the_assignment(self) -> dict[str, Any]:
        """Return the one that the command names."""
        name = self.coursedir.assignment_id
        for found in self.assignments():
            if found["assignment"] == name:
                return found
        self.fail(f"You have no assignment called {name}. "
                  "Ask your trainer whether you are in the right course.")
        raise AssertionError  # `fail` raises

    def place(self, assignment: str) -> Path:
        """Return the assignment's folder in the person's home."""
        if assignment in ("", ".", "..") or "/" in assignment or "\0" in assignment:
            self.fail(f"{assignment[:80]!r} is no assignment's name.")
        return Path(self.assignment_dir).resolve() / assignment

    def feedback_folder(self, receipt: dict[str, Any]) -> Path:
        """Return where a hand-in's feedback goes; two of one second have two folders."""
        return (self.place(receipt["assignment"]) / "feedback"
                / f"{receipt['received']} {receipt['id'][:8]}")

    def submissions(self) -> list[dict[str, Any]]:
        """Return one's own receipts with marks, newest first."""
        found: list[dict[str, Any]] = self.get("/api/v1/submissions")["submissions"]
        return found
