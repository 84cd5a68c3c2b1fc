"""`<base>/coteach/…`: what the sidebar in JupyterLab asks its own server."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from coteach import i18n
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.labserver import files
from coteach.labserver.portal import Portal
from coteach.labserver.sections import number_steps

FEEDBACK_FOLDER = "feedback"
RECEIPTS_FOLDER = "receipts"


class Handler(APIHandler):
    """What all have: the portal, her home, her language, and errors as JSON."""

    def initialize(self, portal: Portal | None, root: str) -> None:
        """Keep what `handlers` gives."""
        self._portal, self.root = portal, Path(root)

    def prepare(self) -> Any:  # type: ignore[override]
        """Choose the language before anything is said."""
        cookie = self.get_cookie(i18n.LANGUAGE_COOKIE) or ""
        i18n.set_language(i18n.match(cookie) or (
            self._portal.language if self._portal else i18n.DEFAULT_LANGUAGE))
        return super().prepare()

    @property
    def portal(self) -> Portal:
        """The portal.

        Raises
        ------
        UserError
            This JupyterLab belongs to no deployment.
        """
        if self._portal is None:
            raise UserError(_("This JupyterLab is not connected to a course."),
                            hint=_("Open it from coteach's first page."), status=503,
                            code="no-portal")
        return self._portal

    def body(self) -> dict[str, Any]:
        """Return the request's JSON object."""
        try:
            found = json.loads(self.request.body or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise UserError(_("What was sent is not JSON."), code="bad-request")
        return found

    def text(self, name: str) -> str:
        """Return a text of the request's JSON."""
        value = self.body().get(name)
        if not isinstance(value, str) or not value or len(value) > 500:
            raise UserError(_("The value {name} is missing.").format(name=name),
                            code="bad-request")
        return value

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with the sentence of a `UserError`."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        if not isinstance(error, UserError):
            super().write_error(status_code, **kwargs)
            return
        self.set_status(error.status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"error": {
            "code": error.code, "message": error.message, "hint": error.hint}}))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """A sentence for a person is no fault of the program."""
        if not isinstance(value, UserError):
            super().log_exception(typ, value, tb)

    def answer(self, content: Any) -> None:
        """Send JSON."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(content))


class Words(Handler):
    """The sidebar's words in her language."""

    @web.authenticated
    async def get(self) -> None:
        language = i18n.get_language()
        file = i18n.LOCALE_DIR / f"{language}.json"
        there = language != i18n.DEFAULT_LANGUAGE and file.is_file()
        self.answer({"language": language, "catalog": json.loads(
            file.read_text(encoding="utf-8")) if there else {}})


class Home(Handler):
    """Her modules and steps, in her language."""

    @web.authenticated
    async def get(self) -> None:
        home, me = await asyncio.gather(self.portal.ask("GET", "/api/v1/home"),
                                        self.portal.ask("GET", "/api/v1/me"))
        found = home.json()
        modules = [m for cohort in found["learning"] for m in cohort["modules"]]
        await asyncio.to_thread(number_steps, self.root, modules)
        self.answer({**found, "me": me.json(), "language": i18n.get_language()})


class Fetch(Handler):
    """Get the missing files of a module."""

    @web.authenticated
    async def post(self) -> None:
        module = quote(self.text("module"), safe="")
        opened = self.body().get("open", [])
        if not isinstance(opened, list) or not all(isinstance(p, str) for p in opened):
            raise UserError(_("The value {name} is missing.").format(name="open"),
                            code="bad-request")
        found = await self.portal.ask("GET", f"/api/v1/modules/{module}/files")
        put = await asyncio.to_thread(files.put_missing, self.root, found.json(), set(opened))
        self.answer(vars(put))


class SetAside(Handler):
    """Rename a file that changed on the disk, before what is open is saved in its place."""

    @web.authenticated
    async def post(self) -> None:
        self.answer({"file": await asyncio.to_thread(
            files.set_aside, self.root, self.text("path"))})


class Submit(Handler):
    """Hand in a notebook as it lies on the disk, and keep the receipt beside it.

    With `"check": true` it is only looked at: nothing is handed in.
    """

    @web.authenticated
    async def post(self) -> None:
        path, assignment = self.text("path"), self.text("assignment")
        raw = await asyncio.to_thread(files.read, self.root, path)
        check = self.body().get("check") is True
        found = await self.portal.ask(
            "POST", "/api/v1/submissions",
            data={"assignment": assignment, **({"check": "1"} if check else {})},
            files={"notebook": (Path(path).name, raw, "application/x-ipynb+json")})
        if check:
            self.answer(found.json())
            return
        receipt = found.json()["receipt"]
        name = f"{Path(path).parent}/{RECEIPTS_FOLDER}/{receipt['assignment']}-" \
               f"{_stamp(receipt['received'])}.json"
        kept = True
        try:
            # The same file again has the same receipt, so the same name.
            await asyncio.to_thread(
                files.write_new, files.inside(self.root, name),
                json.dumps(receipt, ensure_ascii=False, indent=1).encode())
        except (OSError, UserError) as error:
            # It was handed in all the same; that must not look like a failure.
            self.log.warning("coteach: receipt not written: %s", error)
            kept = False
        self.answer({"receipt": receipt, "file": name if kept else ""})


class Submissions(Handler):
    """Her hand-ins of an assignment, with marks where they are given back."""

    @web.authenticated
    async def get(self) -> None:
        found = await self.portal.ask("GET", "/api/v1/submissions", params={
            "assignment": self.get_query_argument("assignment", "")})
        self.answer(found.json())


class Feedback(Handler):
    """Bring the feedback page of a hand-in into the module's folder."""

    @web.authenticated
    async def post(self) -> None:
        submission, folder = self.text("submission"), self.text("folder")
        page = await self.portal.ask(
            "GET", f"/api/v1/submissions/{quote(submission, safe='')}/feedback")
        found = (await self.portal.ask(
            "GET", f"/api/v1/submissions/{quote(submission, safe='')}")).json()
        name = f"{folder}/{FEEDBACK_FOLDER}/{found['receipt']['assignment']}-" \
               f"{_stamp(found['marks']['released'])}.html"
        await asyncio.to_thread(files.write_new, files.inside(self.root, name), page.content)
        self.answer({"file": name, **found})


class StepDone(Handler):
    """Note that she did a step."""

    @web.authenticated
    async def post(self) -> None:
        found = await self.portal.ask("POST", "/api/v1/steps", json={
            "module": self.text("module"), "step": self.text("step")})
        self.answer(found.json())


def _stamp(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def handlers(base_url: str, portal: Portal | None, root: str) -> list[tuple[Any, ...]]:
    """Return the handlers for a server's web application."""
    given = {"portal": portal, "root": root}
    kinds = {"home": Home, "words": Words, "fetch": Fetch, "submit": Submit, "set-aside": SetAside,
             "submissions": Submissions, "feedback": Feedback, "step-done": StepDone}
    return [(url_path_join(base_url, "coteach", name), kind, given)
            for name, kind in kinds.items()]
