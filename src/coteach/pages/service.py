"""The class pages of one service: lessons, their hosts and kernels, and writing a page.

`ClassPages` is all that a service needs: `handlers` and `settings` for its tornado application,
`write_page` in a handler, `close` at the end. It needs no class and no Hub.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from jupyter_server.auth.authorizer import AllowAllAuthorizer
from tornado.web import RequestHandler

from coteach.errors import NotFound, UserError
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.pages import handlers as routes
from coteach.pages import host, runtime
from coteach.pages.channels import VisitorConnection
from coteach.pages.executed import Executed
from coteach.pages.host import HostFailed
from coteach.pages.hosts import Hosts
from coteach.pages.kernels import LessonKernels
from coteach.pages.known import KnownLessons
from coteach.pages.page import Page
from coteach.pages.problems import Problem, failed_on_pages, problems_of
from coteach.pages.renderer import Rendered, Renderer
from coteach.pages.shares import Shares
from coteach.pages.shelf import Shelf
from coteach.pages.translating import Translator
from coteach.pages.troubles import Troubles
from coteach.pages.writing import CONTENT_POLICY, texts
from coteach.settings import Settings

FIRST_WAIT = 0.8
"""Seconds that a page waits for its lesson to be executed before it comes with its text alone."""


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
    serves
        Returns the lesson of a digest if it is one that this request's visitor is shown now; for
        pages that were open when the service was started again.
    admits
        Raises a `UserError` when this request's visitor gets nothing new: her class is closed.
    shares
        Who is behind a visitor, and how many kernels are enough.
    """

    def __init__(self, settings: Settings, base_url: str,
                 visitor_of: Callable[[RequestHandler], str | None],
                 learnt: Callable[[Page, list[dict[str, Any]]], None] | None = None,
                 serves: Callable[[RequestHandler, str], Awaitable[Page | None]] | None = None,
                 admits: Callable[[RequestHandler], Awaitable[None]] | None = None,
                 shares: Shares | None = None) -> None:
        self.base_url = base_url
        self.visitor_of = visitor_of
        self.hosts = Hosts(settings, self._executed)
        self.kernels = LessonKernels(self.hosts, settings, shares)
        self.troubles = Troubles()
        self.translator = Translator()
        self._learnt, self._serves, self._admits = learnt, serves, admits
        self._shelf = Shelf(settings.layout.run / "pages")
        self._known = KnownLessons(self._shelf, self.kernels.in_use)
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
            "kernel_websocket_connection_class": VisitorConnection,
            "allow_remote_access": True, "disable_check_xsrf": True,
            "websocket_compression_options": {},
            # A picture from a phone, for a widget that takes files.
            "websocket_max_message_size": 8_000_000,
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
        """Know a lesson from here on; return its digest."""
        return self._known.add(page).page.digest

    async def remember(self, handler: RequestHandler, digest: str) -> None:
        """Know a lesson again whose page was open when the service was started again."""
        if self._serves is None or self._known.has(digest):
            return
        page = await self._serves(handler, digest)
        if page is not None and page.digest == digest:
            self._known.add(page)

    async def admit(self, handler: RequestHandler) -> None:
        """Do nothing if a request's visitor may have something new.

        Raises
        ------
        UserError
            Her class is closed.
        """
        if self._admits is not None:
            await self._admits(handler)

    def person(self, visitor: str) -> str:
        """Return who is behind a visitor, on whatever device."""
        return ":".join(self.kernels.shares.of(visitor))

    def page(self, digest: str) -> Page:
        """Return a lesson; raises NotFound."""
        return self._known.get(digest).page

    def warm(self, digest: str, visitors: int | None = None) -> None:
        """Start a lesson's host, so that the first visitor need not wait for it.

        Parameters
        ----------
        visitors
            How many will come; kernels are started ahead for them while there is memory.
        """
        page = self.page(digest)
        self.hosts.host(page)
        self.kernels.spares.opened(page, visitors)

    async def executed(self, digest: str) -> Executed:
        """Return what a lesson showed, after it was executed.

        Raises
        ------
        UserError
            It could not be executed.
        """
        known = self._known.get(digest)
        if known.executed is None:
            found = await asyncio.shield(self.hosts.host(known.page).ready)
            self._executed(digest, found)
        if known.executed is None:
            raise HostFailed
        return known.executed

    def problems(self, digest: str) -> list[Problem]:
        """Return what a lesson's teacher should know; nothing while it is being executed."""
        executed = self._known.get(digest).executed
        known = [] if executed is None else problems_of(executed, host.CELL_SECONDS)
        return known + failed_on_pages(self.troubles.of(digest))

    def questions(self, digest: str) -> list[dict[str, Any]] | None:
        """Return the questions that a lesson showed, in order; None before it was executed."""
        executed = self._known.get(digest).executed
        return None if executed is None else [dict(asked) for asked in executed.questions]

    def states(self, digest: str) -> bytes:
        """Return the widget states of a lesson as gzipped JSON; raises NotFound."""
        states = self._known.get(digest).states
        if not states:
            raise NotFound(_("This lesson is not open here any more."), code="no-lesson")
        return states

    def file(self, digest: str, name: str) -> bytes | None:
        """Return a picture that was taken out of a page."""
        with contextlib.suppress(NotFound):
            for rendered in self._known.get(digest).rendered.values():
                if name in rendered.files:
                    return rendered.files[name]
        return self._shelf.file(digest, name)

    def _executed(self, digest: str, executed: Executed) -> None:
        """Take note of what a host found out."""
        news = self._known.learn(digest, executed)
        if news is not None and self._learnt is not None:
            with contextlib.suppress(UserError, OSError):
                self._learnt(*news)

    # Pages

    async def rendered(self, digest: str, wait: float = FIRST_WAIT) -> Rendered:
        """Return a lesson's page in the language in force: whole, or its text for now."""
        known = self._known.get(digest)
        if known.executed is None and not known.failed:
            ready = self.hosts.host(known.page).ready
            if wait:
                with contextlib.suppress(TimeoutError, UserError):
                    async with asyncio.timeout(wait):
                        await self.executed(digest)
            if ready.done() and known.executed is None:
                known.fail()
        executed = known.executed or (Executed({}) if known.failed else None)
        key = (get_language(), executed is not None)
        if key in known.rendered:
            return known.rendered[key]
        async with known.rendering:
            if key in known.rendered:
                return known.rendered[key]
            made = await self._renderer.render(known.page, executed)
            await asyncio.to_thread(self._shelf.put_files, digest, made.files)
            if executed is known.executed:  # nothing newer came meanwhile
                known.rendered[key] = made
            return made

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
        known = self._known.add(page)
        self.kernels.spares.opened(known.page)
        rendered = await self.rendered(known.page.digest)
        running = self.kernels.of(visitor, known.page.digest)
        handler.set_header("Content-Type", "text/html; charset=utf-8")
        handler.set_header("Cache-Control", "private, no-cache")
        handler.set_header("Content-Security-Policy", CONTENT_POLICY)
        handler.finish(rendered.fill(texts(self.base_url, page, known, rendered, running)))

    async def cells(self, digest: str, asset_base: str = "") -> dict[str, Any] | None:
        """Return what a page of text alone fills in; None while the lesson is being executed."""
        rendered = await self.rendered(digest, wait=0)
        if not rendered.ready:
            return None
        known = self._known.get(digest)
        return {"cells": {cell: rendered.fill({"assets": asset_base}, html)
                          for cell, html in rendered.cells.items()},
                "widgets": rendered.widgets, "modules": rendered.modules,
                "states": f"{self.base_url}page/lessons/{digest}/states?v={known.stamp}",
                "notice": str(HostFailed()) if known.failed else "",
                "style": runtime.stylesheet(self.base_url) if rendered.widgets else ""}

    async def ask_kernel(self, visitor: str, digest: str) -> tuple[str | None, int]:
        """Return a visitor's kernel of a lesson, or None and her place in the queue."""
        return await self.kernels.ask(visitor, self.page(digest))

    async def close(self) -> None:
        """End all kernels and hosts."""
        await self.kernels.close_all()
        await self.hosts.close()
        self._renderer.close()
        self.translator.close()
