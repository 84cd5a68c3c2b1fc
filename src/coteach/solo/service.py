"""The service behind `coteach page`: pages, the files they show, and whether one is still new."""

from __future__ import annotations

import asyncio
import dataclasses
import hmac
import mimetypes
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import structlog
from tornado.web import (
    Application,
    HTTPError,
    RedirectHandler,
    RequestHandler,
    StaticFileHandler,
)

from coteach import i18n, ui
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.pages import ClassPages, Page
from coteach.pages.shares import Shares
from coteach.settings import Settings
from coteach.solo.shelf import Shelf

HERE = Path(__file__).parent
SHOWN = re.compile(
    r".*\.(png|jpe?g|gif|svg|webp|avif|ico|mp4|webm|ogg|oga|ogv|mp3|wav|m4a|flac|pdf|css)", re.I)
"""Files beside a notebook that a page may show. Data and code are for the kernel alone."""
VISITOR = re.compile(r"[0-9a-f]{32}")
PART_EACH = 0.5
"""The part of all kernels that readers at one address may have; a class often shares one."""
MOST_ADDRESSES = 5000
POLICY = "; ".join((
    "default-src 'self'", "img-src 'self' data:", "object-src 'none'", "base-uri 'none'",
    "form-action 'none'", "frame-ancestors 'self'"))

log = structlog.get_logger("solo")


class Solo:
    """The parts that handlers share.

    Parameters
    ----------
    settings
        Of a deployment that lives as long as the service.
    shelf
        What is shown.
    base_url
        Where, with slashes at both ends.
    cookie
        The name of the visitors' cookie; cookies of one host are seen at all its ports.
    told
        Gets each sentence that the author of a notebook should read.
    theme
        ``light`` or ``dark``; the reader's own choice when empty.
    """

    def __init__(self, settings: Settings, shelf: Shelf, base_url: str, cookie: str,
                 told: Callable[[str], None] = lambda sentence: None, theme: str = "") -> None:
        self.settings = settings
        self.shelf = shelf
        self.base_url = base_url
        self.cookie = cookie
        self._key = secrets.token_bytes(32)
        self._addresses: OrderedDict[str, str] = OrderedDict()
        self.pages = ClassPages(settings, base_url, self.visitor_of, shares=Shares(
            lambda visitor: (self._addresses.get(visitor, ""), visitor), PART_EACH))
        self.templates = ui.environment(HERE / "templates", static=f"{base_url}static/")
        static: Any = self.templates.globals["static"]
        self.theme = theme
        self.styles = (f"{base_url}theme.css" if theme else static("tokens.css"),
                       static("base.css"))
        self._told = told
        self.pages.troubles.heard = self._heard
        self._watched: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def visitor_of(self, handler: RequestHandler) -> str | None:
        """Say whose kernels a request may reach."""
        found, _dot, signed = (handler.get_cookie(self.cookie) or "").partition(".")
        if not VISITOR.fullmatch(found) or not hmac.compare_digest(
                signed.encode(), self.signed(found).encode()):
            return None
        address = handler.request.remote_ip or ""
        # Behind a proxy of this machine nobody's address is known.
        self._addresses[found] = "" if address in ("127.0.0.1", "::1") else address
        self._addresses.move_to_end(found)
        while len(self._addresses) > MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        return found

    def signed(self, visitor: str) -> str:
        """Return what stands behind a visitor's name in her cookie: nobody makes up names."""
        return hmac.new(self._key, visitor.encode(), "sha256").hexdigest()[:32]

    def open(self, name: str) -> Page:
        """Return the page of a notebook, with its lesson on the way to be executed."""
        page = self.shelf.page(name)
        digest = self.pages.add(page)
        if digest not in self._watched:
            self._watched.add(digest)
            task = asyncio.create_task(self._tell(digest, name))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return page

    async def write(self, handler: RequestHandler, page: Page, visitor: str) -> None:
        """Answer with a page."""
        await self.pages.write_page(
            handler, dataclasses.replace(page, stylesheets=self.styles), visitor)

    async def _tell(self, digest: str, name: str) -> None:
        """Tell the author what readers will miss, once a lesson was executed."""
        try:
            await self.pages.executed(digest)
            for problem in self.pages.problems(digest):
                self._told(f"{name}{problem.cell and ', '}{problem.cell}: {problem.message} "
                           f"{problem.hint}".rstrip())
        except Exception:
            log.exception("a notebook could not be looked at", name=name)

    def _heard(self, digest: str, cell: str, error: str) -> None:
        """Tell the author what a callback stumbled over on an open page."""
        name = self.pages.page(digest).name
        sentence = _("A moving part stopped with {error}.").format(error=error)
        self._told(f"{name}{cell and ', '}{cell}: {sentence}")

    async def close(self) -> None:
        """End every kernel."""
        for task in list(self._tasks):
            task.cancel()
        await self.pages.close()


class Handler(RequestHandler):
    """A handler whose errors are sentences."""

    solo: Solo

    def initialize(self, solo: Solo) -> None:
        """Take the service's parts."""
        self.solo = solo

    def prepare(self) -> None:
        """Speak the language of whoever started it."""
        i18n.set_language(self.solo.shelf.look.language)

    def set_default_headers(self) -> None:
        """Nothing here is for other sites."""
        self.set_header("Content-Security-Policy", POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.clear_header("Server")

    def check_xsrf_cookie(self) -> None:
        """Nothing here is changed by a form."""

    def visitor(self) -> str:
        """Return who this is; a new visitor gets a cookie."""
        found = self.solo.visitor_of(self)
        if found is None:
            found = secrets.token_hex(16)
            self.set_cookie(self.solo.cookie, f"{found}.{self.solo.signed(found)}",
                            path=self.solo.base_url, httponly=True,
                            samesite="Lax", secure=self.request.protocol == "https")
        return found

    def show(self, template: str, status: int = 200, **values: Any) -> None:
        """Answer with a page of our own."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-cache")
        self.finish(self.solo.templates.get_template(template).render(
            base=self.solo.base_url, **values))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with one sentence."""
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, UserError):
            status_code, sentence, hint = error.status, error.message, error.hint
        elif status_code == 404:
            sentence, hint = _("There is nothing at this address."), ""
        else:
            sentence, hint = _("Something went wrong."), _("Load the page again.")
        self.show("problem.html", status_code, sentence=sentence, hint=hint)

    def log_exception(self, *error: Any) -> None:
        """Log what is our fault."""
        if not isinstance(error[1], (UserError, HTTPError)):
            log.error("a request failed", exc_info=error)


class Index(Handler):
    """The one notebook, or the list of them."""

    async def get(self) -> None:
        """Show it."""
        shelf = self.solo.shelf
        if shelf.single:
            page = self.solo.open(shelf.single)
            await self.solo.write(self, page, self.visitor())
            return
        self.show("index.html", folder=shelf.folder.name, notebooks=[
            {"name": name, "url": f"{self.solo.base_url}{quote(name)}"} for name in shelf.names()])


class Below(Handler):
    """A notebook of a folder, or a file that a page shows."""

    async def get(self, name: str) -> None:
        """Show a notebook, or give a file."""
        name = unquote(name)
        if name.endswith(".ipynb"):
            page = self.solo.open(name)
            await self.solo.write(self, page, self.visitor())
            return
        if not SHOWN.fullmatch(name):
            raise HTTPError(404)
        file = self.solo.shelf.file(name)
        about = file.stat()
        tag = f'"{about.st_size:x}-{about.st_mtime_ns:x}"'
        self.set_header("ETag", tag)
        self.set_header("Cache-Control", "private, no-cache")
        # A picture that is a document of its own may hold scripts; it gets none here.
        self.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        if self.check_etag_header():
            self.set_status(304)
            return
        self.set_header("Content-Type", mimetypes.guess_type(file.name)[0]
                        or "application/octet-stream")
        self.finish(await asyncio.to_thread(file.read_bytes))


class State(Handler):
    """Is the page that somebody has open still the newest?"""

    def get(self, name: str) -> None:
        """Answer as the classroom does for a class that is open."""
        self.set_header("Cache-Control", "private, no-cache")
        page = self.solo.open(unquote(name))
        self.visitor()  # a page that was open when the service was started again gets a new name
        self.finish({"open": True, "lesson": page.digest, "paused": False, "upto": None,
                     "show": None})


class Theme(Handler):
    """The colours, when whoever started it chose light or dark for everybody."""

    def get(self) -> None:
        """Give the tokens with the reader's own choice left out."""
        query = {"dark": "all", "light": "not all"}[self.solo.theme or "light"]
        self.set_header("Content-Type", "text/css; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        text = (ui.STATIC / "tokens.css").read_text(encoding="utf-8")
        self.finish(text.replace("(prefers-color-scheme: dark)", query)
                    .replace("color-scheme: light dark", f"color-scheme: {self.solo.theme}", 1))


class Missing(Handler):
    """Everything else."""

    def prepare(self) -> None:
        """Answer 404."""
        super().prepare()
        raise HTTPError(404)


class Files(StaticFileHandler):
    """Our own styles and scripts; their addresses change with their content."""

    def set_extra_headers(self, path: str) -> None:
        """Let browsers keep what is asked for by content."""
        if self.get_query_argument("v", None):
            self.set_header("Cache-Control", "public, max-age=31536000, immutable")


def create_application(solo: Solo) -> Application:
    """Return the service as a tornado application."""
    base, given = re.escape(solo.base_url), {"solo": solo}
    return Application([
        *solo.pages.handlers,
        (rf"{base}static/(.*)", Files, {"path": str(ui.STATIC)}),
        (rf"{base}theme.css", Theme, given), (rf"{base}api/state/(.+)", State, given),
        (rf"{base}voila/render/(.+)", RedirectHandler, {"url": solo.base_url + "{0}"}),
        (base, Index, given), (rf"{base}(.+)", Below, given),
    ], compress_response=True, default_handler_class=Missing, default_handler_args=given,
        log_function=lambda handler: None, **solo.pages.settings)
