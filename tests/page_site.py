"""One class page over the real `ClassPages`, with real kernels, for tests of what runs in browsers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nbformat
import tornado.web
from ports import free_port
from tornado.httpserver import HTTPServer

from coteach.pages import ClassPages, Page, serving
from coteach.settings import Settings

UI = Path(__file__).parents[1] / "src" / "coteach" / "ui" / "static"
COOKIE = "visitor"


def notebook(*sources: str) -> nbformat.NotebookNode:
    """Return a notebook of code cells, and of text cells for sources that start with ``#md``."""
    return nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_markdown_cell(source[3:].strip(), id=f"c{place}")
        if source.startswith("#md") else nbformat.v4.new_code_cell(source, id=f"c{place}")
        for place, source in enumerate(sources)])


class PageSite:
    """The page at `url`; what a test needs of the service behind it."""

    def __init__(self, settings: Settings, shown: nbformat.NotebookNode, folder: Path | None) -> None:
        self.port = free_port()
        self.base = "/p/"
        self.url = f"http://127.0.0.1:{self.port}{self.base}page"
        self.shown, self.folder = shown, folder
        self.state: dict[str, Any] | None = None
        self.closed = False
        self.pages = ClassPages(settings, self.base, lambda handler: handler.get_cookie(COOKIE))
        self.server: HTTPServer | None = None

    @property
    def page(self) -> Page:
        """The lesson as it is now."""
        data: dict[str, Any] = {"pupil": "ab12"}
        if self.state is not None:
            data["state"] = f"{self.base}state"
        return Page(self.shown, self.folder, "en", "A lesson", data=data,
                    stylesheets=("/ui/tokens.css", "/ui/base.css"))

    def start(self) -> None:
        """Listen."""
        site = self

        class Shown(tornado.web.RequestHandler):
            async def get(self) -> None:
                visitor = self.get_cookie(COOKIE) or "mai"
                self.set_cookie(COOKIE, visitor)
                await site.pages.write_page(self, site.page, visitor)

        class State(tornado.web.RequestHandler):
            def get(self) -> None:
                if site.closed:
                    self.set_status(410)
                else:
                    self.finish(site.state or {})

        application = tornado.web.Application([
            (rf"{self.base}page", Shown), (rf"{self.base}state", State), *self.pages.handlers,
            (r"/ui/(.*)", tornado.web.StaticFileHandler, {"path": str(UI)})],
            compress_response=True, **self.pages.settings)
        self.server = serving.serve(application)
        self.server.listen(self.port, "127.0.0.1")

    async def stop(self) -> None:
        """Answer nobody any more; the kernels stay."""
        if self.server is not None:
            self.server.stop()
            await self.server.close_all_connections()
            self.server = None


@asynccontextmanager
async def page_site(settings: Settings, *sources: str, shown: nbformat.NotebookNode | None = None,
                    folder: Path | None = None) -> AsyncIterator[PageSite]:
    """Serve a lesson as a class page, executed already."""
    site = PageSite(settings, shown if shown is not None else notebook(*sources), folder)
    site.start()
    try:
        await site.pages.executed(site.pages.add(site.page))
        yield site
    finally:
        await site.stop()
        await site.pages.close()


class Counted:
    """A line to a service that counts what comes down and what goes up, sockets and headers too."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.down = self.up = 0
        self.port = 0

    async def __aenter__(self) -> Counted:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(self._pass(reader, back, "up"), self._pass(there, writer, "down"))

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter,
                    way: str) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while part := await source.read(65536):
                setattr(self, way, getattr(self, way) + len(part))
                target.write(part)
                await target.drain()
        target.close()
