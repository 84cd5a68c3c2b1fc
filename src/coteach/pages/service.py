"""The class pages of one service: lessons, their hosts and kernels, and writing a page.

`ClassPages` is all that a service needs: `handlers` and `settings` for its tornado application,
`write_page` in a handler, `close` at the end. It needs no class and no Hub.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog
from jupyter_server.auth.authorizer import AllowAllAuthorizer
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from markupsafe import Markup
from tornado.web import RequestHandler

from coteach.errors import NotFound, UserError
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.pages import handlers as routes
from coteach.pages import hosts as lesson_hosts
from coteach.pages import questions, runtime
from coteach.pages.executed import Executed
from coteach.pages.hosts import Hosts
from coteach.pages.kernels import LessonKernels
from coteach.pages.page import Page
from coteach.pages.problems import Problem, problems_of
from coteach.pages.renderer import (
    Rendered,
    Renderer,
    data_script,
    stylesheet_links,
    template_words,
    voice_html,
)
from coteach.pages.shelf import Shelf, states_json
from coteach.settings import Settings

FIRST_WAIT = 0.8
"""Seconds that a page waits for its lesson to be executed before it comes with its text alone."""
KNOWN = 300
"""Lessons that are remembered; the one that was used last stays longest."""
CONTENT_POLICY = "; ".join((
    # The lesson's own scripts (widgets are modules made from text) but nothing from elsewhere.
    "default-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:",
    "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:",
    "media-src 'self' data: blob:", "font-src 'self' data:", "connect-src 'self' blob: data:",
    "object-src 'none'", "frame-ancestors 'self'", "base-uri 'none'", "form-action 'self'"))

log = structlog.get_logger("pages")


class _Lesson:
    """A lesson that was asked for, and what is known of it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.executed: Executed | None = None
        self.states = b""
        self.stamp = ""
        self.rendered: dict[tuple[str, bool], Rendered] = {}
        self.rendering = asyncio.Lock()
        self.failed = False


class ClassPages:
    """Class pages under one address.

    Parameters
    ----------
    settings
        The deployment's settings.
    base_url
        Where the service lies, with slashes at both ends: ``/c/``.
    visitor_of
        Returns who a request comes from, as text that two people never share, or None. Every
        request for a kernel, a picture or a state asks it.
    learnt
        Called with a page and the questions it asks, when its lesson was executed.
    """

    def __init__(self, settings: Settings, base_url: str,
                 visitor_of: Callable[[RequestHandler], str | None],
                 learnt: Callable[[Page, list[dict[str, Any]]], None] | None = None) -> None:
        self.base_url = base_url
        self.visitor_of = visitor_of
        self.hosts = Hosts(settings, self._executed)
        self.kernels = LessonKernels(self.hosts, settings)
        self._learnt = learnt
        self._lessons: OrderedDict[str, _Lesson] = OrderedDict()
        self._shelf = Shelf(settings.layout.run / "pages")
        self._renderer = Renderer(
            lambda digest, name: f"{base_url}page/lessons/{digest}/files/{name}")

    @property
    def settings(self) -> dict[str, Any]:
        """What jupyter_server's handlers look for in a tornado application's settings."""
        identity = routes.VisitorIdentity(self.visitor_of)
        return {
            "base_url": self.base_url, "kernel_manager": self.kernels, "class_pages": self,
            "kernel_spec_manager": self.kernels.kernel_spec_manager,
            "identity_provider": identity,
            "authorizer": AllowAllAuthorizer(identity_provider=identity),
            "kernel_websocket_connection_class": ZMQChannelsWebsocketConnection,
            "allow_remote_access": True, "disable_check_xsrf": True,
            "websocket_compression_options": {},
            "websocket_max_message_size": 1_000_000,
        }

    @property
    def handlers(self) -> list[Any]:
        """The routes: kernels, states and pictures of lessons, the page's scripts and styles."""
        return routes.routes(self.base_url)

    async def start(self) -> None:
        """Prepare for the first lesson; a service need not call it, but then that one waits."""
        await self.hosts.starter.warm()

    # Lessons

    def add(self, page: Page) -> str:
        """Know a lesson from here on; return its digest.

        The same notebook with another header is the same lesson.
        """
        digest = page.digest
        known = self._lessons.get(digest)
        if known is None:
            lesson_only = replace(page, header="", footer="", data={}, version=digest)
            known = self._lessons[digest] = _Lesson(lesson_only)
            kept = self._shelf.get(digest, {cell["id"] for cell in page.code})
            if kept is not None:
                self._know(known, kept)
            while len(self._lessons) > KNOWN:
                self._lessons.popitem(last=False)
        self._lessons.move_to_end(digest)
        return digest

    def _lesson(self, digest: str) -> _Lesson:
        if digest not in self._lessons:
            raise NotFound(_("This lesson is not open here any more."), code="no-lesson")
        return self._lessons[digest]

    def page(self, digest: str) -> Page:
        """Return a lesson; raises NotFound."""
        return self._lesson(digest).page

    def warm(self, digest: str) -> None:
        """Start a lesson's host, so that the first visitor need not wait for it."""
        self.hosts.host(self._lesson(digest).page)

    async def executed(self, digest: str) -> Executed:
        """Return what a lesson showed, after it was executed.

        Raises
        ------
        UserError
            It could not be executed.
        """
        lesson = self._lesson(digest)
        if lesson.executed is None:
            await asyncio.shield(self.hosts.host(lesson.page).ready)
            await asyncio.sleep(0)  # `_executed` is called by the same event
            for _turn in range(100):
                if lesson.executed is not None:
                    break
                await asyncio.sleep(0.01)
        if lesson.executed is None:
            raise lesson_hosts.HostFailed
        return lesson.executed

    def problems(self, digest: str) -> list[Problem]:
        """Return what a lesson's teacher should know; nothing while it is being executed."""
        lesson = self._lesson(digest)
        if lesson.executed is None:
            return []
        return problems_of(lesson.executed, lesson_hosts.CELL_SECONDS)

    def questions(self, digest: str) -> list[dict[str, Any]] | None:
        """Return the questions that a lesson showed, in order; None before it was executed."""
        lesson = self._lessons.get(digest)
        return None if lesson is None or lesson.executed is None else [
            dict(question) for question in lesson.executed.questions]

    def states(self, digest: str) -> bytes:
        """Return the widget states of a lesson as gzipped JSON; raises NotFound."""
        states = self._lesson(digest).states
        if not states:
            raise NotFound(_("This lesson is not open here any more."), code="no-lesson")
        return states

    def file(self, digest: str, name: str) -> bytes | None:
        """Return a picture that was taken out of a page."""
        for rendered in (self._lessons[digest].rendered.values()
                         if digest in self._lessons else ()):
            if name in rendered.files:
                return rendered.files[name]
        return self._shelf.file(digest, name)

    def _executed(self, digest: str, executed: Executed) -> None:
        """Take note of what a host found out."""
        lesson = self._lessons.get(digest)
        if lesson is None or (lesson.executed is not None and not lesson.executed.errors):
            return
        self._know(lesson, executed)
        assert lesson.executed is not None
        self._shelf.put(digest, lesson.executed)

    def _know(self, lesson: _Lesson, executed: Executed) -> None:
        notebook = lesson.page.notebook
        cells = [{"id": cell.id, "outputs": executed.outputs.get(str(cell.id), [])}
                 for cell in notebook.cells]
        states = {model: about["state"] for model, about in executed.states.items()}
        asked: list[dict[str, Any]] = []
        try:
            asked = questions.questions_of(_Cells(cells), states)
        except Exception:
            log.exception("the questions of a lesson could not be read")
        lesson.executed = replace(executed, questions=tuple(asked))
        lesson.states = states_json(executed)
        lesson.stamp = hashlib.sha256(lesson.states).hexdigest()[:12]
        lesson.rendered.clear()
        if self._learnt is not None:
            with contextlib.suppress(UserError, OSError):
                self._learnt(lesson.page, asked)

    # Pages

    async def rendered(self, digest: str, wait: float = FIRST_WAIT) -> Rendered:
        """Return a lesson's page in the language in force: whole, or its text for now."""
        lesson = self._lesson(digest)
        if lesson.executed is None and not lesson.failed:
            host = self.hosts.host(lesson.page)
            if wait:
                with contextlib.suppress(TimeoutError, UserError):
                    async with asyncio.timeout(wait):
                        await self.executed(digest)
            if host.ready.done() and lesson.executed is None:
                lesson.failed = True
        executed = lesson.executed
        if executed is None and lesson.failed:
            executed = Executed({})
        key = (get_language(), executed is not None)
        if key not in lesson.rendered:
            async with lesson.rendering:
                if key not in lesson.rendered:
                    made = await self._renderer.render(lesson.page, executed)
                    await asyncio.to_thread(self._shelf.put_files, digest, made.files)
                    lesson.rendered[key] = made
        return lesson.rendered[key]

    async def write_page(self, handler: RequestHandler, page: Page, visitor: str) -> None:
        """Write a page to a handler's answer and finish it; a browser that has it gets 304.

        Parameters
        ----------
        handler
            Its answer is written.
        page
            What to show.
        visitor
            Whose kernel it gets; what `visitor_of` will return for this browser.
        """
        digest = self.add(page)
        rendered = await self.rendered(digest)
        handler.set_header("Content-Type", "text/html; charset=utf-8")
        handler.set_header("Cache-Control", "private, no-cache")
        handler.set_header("Content-Security-Policy", CONTENT_POLICY)
        handler.finish(rendered.fill(self._texts(digest, page, visitor, rendered)))

    def _texts(self, digest: str, page: Page, visitor: str, rendered: Rendered
               ) -> dict[str, str]:
        """Return what stands at the places that differ from reader to reader."""
        base, words = self.base_url, template_words()
        here = f"{base}page/lessons/{digest}/"
        # ipywidgets' own style comes first: the page's has the last word.
        sheets = [*([runtime.stylesheet(base)] if rendered.widgets else []),
                  *page.stylesheets, routes.own(base, "page.css"),
                  routes.own(base, "questions.css")]
        data = {
            "base": base, "lesson": digest, "widgets": rendered.widgets,
            "modules": rendered.modules, "running": self.kernels.of(visitor, digest),
            "kernel": f"{here}kernel",
            "states": f"{here}states?v={self._lessons[digest].stamp}", "words": words,
            "phrases": questions.phrases(get_language()), **runtime.page_data(base), **page.data}
        if not rendered.ready:
            data["pending"] = f"{here}cells"
        head = stylesheet_links(sheets)
        if base == "/c/":
            head += Markup('\n<link rel="manifest" href="{}manifest.webmanifest?lang={}">'
                           '<meta name="theme-color" content="#0b5d57">').format(
                               base, get_language())
        failed = self._lessons[digest].failed
        note = Markup('<p class="ct-notice">{}</p>').format(
            str(lesson_hosts.HostFailed())) if failed else Markup("")
        scripts = Markup("\n").join(
            Markup('<script type="module" src="{}"></script>').format(address)
            for address in (runtime.page_script(base), routes.own(base, "questions.js")))
        voices = {f"voice:{cell}": str(voice_html(voice, words))
                  for cell, voice in page.voices.items() if voice.get("url")}
        return {"head": str(head), "header": page.header, "footer": page.footer, "note": str(note),
                "data": str(data_script(data)), "scripts": str(scripts),
                "assets": page.asset_base, **voices}

    async def cells(self, digest: str, asset_base: str = "") -> dict[str, Any] | None:
        """Return what a page of text alone fills in; None while the lesson is being executed."""
        rendered = await self.rendered(digest, wait=0)
        if not rendered.ready:
            return None
        failed = self._lessons[digest].failed
        return {"cells": {cell: rendered.fill({"assets": asset_base}, html)
                          for cell, html in rendered.cells.items()},
                "widgets": rendered.widgets, "modules": rendered.modules,
                "notice": str(lesson_hosts.HostFailed()) if failed else "",
                "style": runtime.stylesheet(self.base_url) if rendered.widgets else ""}

    async def ask_kernel(self, visitor: str, digest: str) -> tuple[str | None, int]:
        """Return a visitor's kernel of a lesson, or None and her place in the queue."""
        return await self.kernels.ask(visitor, self._lesson(digest).page)

    async def close_of(self, visitor: str) -> None:
        """End what a visitor had who left."""
        await self.kernels.close_of(visitor)

    async def close(self) -> None:
        """End all kernels and hosts."""
        await self.kernels.close_all()
        await self.hosts.close()
        self._renderer.close()


class _Cells:
    """A notebook as far as `questions_of` looks at it."""

    def __init__(self, cells: list[dict[str, Any]]) -> None:
        self.cells = cells
