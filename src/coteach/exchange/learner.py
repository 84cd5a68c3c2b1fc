"""What somebody who learns does: fetch, submit, fetch feedback."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from pathlib import Path
from urllib.parse import quote

from nbgrader.exchange import abc

from coteach.exchange.base import SECONDS, Exchange
from coteach.labserver.files import inside, write_new

NOTEBOOK = "assignment.ipynb"
MAX_BYTES = 20 << 20


class Fetch(Exchange, abc.ExchangeFetchAssignment):  # type: ignore[misc]
    """Get the files of an assignment; what is there is never overwritten."""

    def copy_files(self) -> None:
        """Write what is missing."""
        self.itself()
        found = self.the_assignment()
        if found["pending"]:
            self.fail("The assignment is being prepared. Try again in a minute.")
        place = self.place(found["assignment"])
        if place.is_dir() and not self.replace_missing_files:
            self.fail(f"You already have a copy of the assignment in this directory: {place.name}")
        place.mkdir(parents=True, exist_ok=True)
        for each in found["files"]:
            if each["path"] == found["notebook"]:
                continue  # the module's own text is no part of the assignment
            text = each["content"]
            data = base64.b64decode(text) if each["encoding"] == "base64" else text.encode()
            write_new(inside(place, each["path"]), data)
        self.log.info("Fetched as: %s %s", found["course"], found["assignment"])


class Submit(Exchange, abc.ExchangeSubmit):  # type: ignore[misc]
    """Hand in the notebook as it lies on the disk; the receipt is shown and kept beside it."""

    def copy_files(self) -> None:
        """Send it and compare the receipt with what was sent."""
        self.itself()
        name = Path(self.coursedir.assignment_id).name
        place = self.place(name)
        raw = self._read(place / NOTEBOOK)
        answer = self.portal.send_now(
            "/api/v1/submissions", SECONDS, data={"assignment": name},
            files={"notebook": (NOTEBOOK, raw, "application/x-ipynb+json")})
        receipt = answer["receipt"]
        if receipt["sha256"] != hashlib.sha256(raw).hexdigest():
            self.fail("The receipt is for another file than was sent. Hand it in again.")
        write_new(place / "receipts" / f"{receipt['id']}.json",
                  json.dumps(receipt, ensure_ascii=False, indent=1).encode())
        if warning := receipt.get("warning"):
            self.log.warning("%s", warning)
        self.log.info("Submitted as: %s %s, %s, late: %s, SHA-256 %s", name, receipt["received"],
                      receipt["id"], "yes" if receipt["late"] else "no", receipt["sha256"])

    def _read(self, file: Path) -> bytes:
        """Return a regular file: a link might lead anywhere, a pipe never ends."""
        try:
            handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            self.fail(f"There is no notebook {file.parent.name}/{file.name} to hand in.")
            raise
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            self.fail(f"{file.parent.name}/{file.name} is no file.")
        with os.fdopen(handle, "rb") as source:
            raw = source.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            self.fail(f"The notebook is larger than {MAX_BYTES >> 20} MB. Clear large outputs.")
        return raw


class FetchFeedback(Exchange, abc.ExchangeFetchFeedback):  # type: ignore[misc]
    """Get the feedback pages that were given back."""

    def copy_files(self) -> None:
        """Write those of the assignment that the command names."""
        self.itself()
        name = Path(self.coursedir.assignment_id).name
        count = 0
        for row in self.submissions():
            receipt = row["receipt"]
            if receipt["assignment"] != name or row["marks"] is None:
                continue
            page = self.portal.bytes_now(
                f"/api/v1/submissions/{quote(receipt['id'], safe='')}/feedback", SECONDS)
            file = self.feedback_folder(receipt) / f"{Path(NOTEBOOK).stem}.html"
            file.unlink(missing_ok=True)  # marked again: the page of now
            write_new(file, page)
            self.log.info("Fetched feedback: %s", file)
            count += 1
        if not count:
            self.log.warning("There is no feedback for %s yet.", name)
