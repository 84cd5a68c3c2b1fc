"""`nbgrader list`: what can be fetched, and what one handed in oneself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.exchange import abc

from coteach.exchange.base import Exchange
from coteach.exchange.learner import NOTEBOOK


class List(Exchange, abc.ExchangeList):  # type: ignore[misc]
    """Lists in the form that nbgrader's command and JupyterLab's list read."""

    def remove_files(self) -> Any:
        """Refuse: what was handed in stays."""
        self.fail("What was released or handed in can't be removed.")

    def list_files(self) -> list[dict[str, Any]]:
        """Return and print what there is."""
        name = self.coursedir.assignment_id
        known = [a for a in self.assignments() if name in ("", "*", a["assignment"])]
        return self._own(known) if self.inbound or self.cached else self._released(known)

    def _released(self, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
        made = []
        self.log.info("Released assignments:")
        for each in (a for a in known if not a["pending"]):
            place = self.place(each["assignment"])
            there = place.is_dir()
            made.append({
                "course_id": each["course"], "assignment_id": each["assignment"],
                "status": "fetched" if there else "released", "path": str(place),
                "notebooks": [_notebook(place)]})
            self.log.info("%s %s%s", each["course"], each["assignment"],
                          " (already downloaded)" if there else "")
        return made

    def _own(self, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
        student = self.get("/api/v1/me")["username"]
        rows = self.submissions()
        made = []
        self.log.info("Submitted assignments:")
        for each in known:
            mine = [self._one(each, student, r) for r in reversed(rows)
                    if r["receipt"]["assignment"] == each["assignment"]]
            for one in mine:
                self.log.info("%s %s %s %s SHA-256 %s%s", one["course_id"], student,
                              one["assignment_id"], one["timestamp"], one["sha256"],
                              " (feedback ready to be fetched)" if one["has_exchange_feedback"]
                              else " (no feedback available)")
            if mine:
                made.append({"course_id": each["course"], "student_id": student,
                             "assignment_id": each["assignment"], "status": "submitted",
                             "submissions": mine})
        return made

    def _one(self, each: dict[str, Any], student: str, row: dict[str, Any]) -> dict[str, Any]:
        receipt, place = row["receipt"], self.place(each["assignment"])
        folder = self.feedback_folder(receipt)
        local, ready = folder.is_dir(), row["marks"] is not None
        about = {"has_local_feedback": local, "has_exchange_feedback": ready,
                 "feedback_updated": False, "local_feedback_path": str(folder) if local else None}
        return {"course_id": each["course"], "student_id": student,
                "assignment_id": each["assignment"], "timestamp": receipt["received"],
                "status": "submitted", "path": str(place), "sha256": receipt["sha256"],
                "notebooks": [{**_notebook(place), **about}], **about}


def _notebook(place: Path) -> dict[str, Any]:
    return {"notebook_id": Path(NOTEBOOK).stem, "path": str(place / NOTEBOOK)}
