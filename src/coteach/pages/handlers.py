"""The routes of class pages. Each one for a kernel asks first whether it is this visitor's.

A kernel of somebody else answers as one that does not exist. Nothing here interrupts or runs
anything: a browser can ask for a kernel, talk to its widgets and say that its page is closed.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from jupyter_core.paths import jupyter_path
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError, RequestHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from coteach.errors import NotFound
from coteach.i18n import LANGUAGE_COOKIE, negotiate, set_language
from coteach.i18n import gettext as _
from coteach.pages import pictures, wire
from coteach.pages.calm import Calm
from coteach.pages.files import STATIC, ExtensionFiles, StaticFiles
from coteach.pages.kernels import GONE
from coteach.pages.turns import AGAIN

KERNEL = r"(?P<kernel_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
LESSON = r"(?P<digest>[0-9a-f]{8,64})"
MINE_FOREVER = "private, max-age=31536000, immutable"

log = structlog.get_logger("pages")


class VisitorIdentity(IdentityProvider):
    """Knows a request by what the service says about it, and sets no cookie of its own."""

    def __init__(self, visitor_of: Callable[[RequestHandler], str | None]) -> None:
        super().__init__()
        self._visitor_of = visitor_of
        # A token would be a way around the service's own word.
        self.token = ""

    def get_user(self, handler: RequestHandler) -> User | None:
        """Return the visitor, or None."""
        visitor = self._visitor_of(handler)
        return User(username=visitor) if visitor else None


class _OwnKernel(Calm):
    """Refuses kernels that are not the visitor's, before anything else looks at them."""

    async def prepare(self, *args: Any, **kwargs: Any) -> None:
        await super().prepare(*args, **kwargs)  # type: ignore[misc]
        handler: Any = self
        visitor = handler.current_user
        kernels = handler.settings["kernel_manager"]
        kernel_id = str(handler.path_kwargs.get("kernel_id", ""))
        if visitor is None or not kernels.belongs(kernel_id, visitor.username):
            raise HTTPError(404)


UNREADABLE = 1007
"""RFC 6455: data that is not what its type says."""


class KernelSocket(_OwnKernel, VoilaKernelWebsocketHandler):
    """The page's line to its widgets. The kernel manager lets widget messages through only."""

    async def open(self, kernel_id: str) -> None:
        """Note the socket, so that it can be closed when its kernel ends."""
        kernels = self.settings["kernel_manager"]
        owned = kernels.owners.get(kernel_id)
        if owned is None:
            self.close(GONE, "gone")
            return
        owned.sockets.add(self)
        kernels.touch(kernel_id)
        await super().open(kernel_id)

    def on_message(self, ws_message: Any) -> None:
        """Pass a message on and note that somebody does something."""
        if self.ws_connection is None:
            return  # it was closed while this was on its way
        if not wire.is_message(ws_message, self.selected_subprotocol):
            self.close(UNREADABLE, "not a message")
            return
        self.settings["kernel_manager"].touch(self.kernel_id, used=True)
        super().on_message(ws_message)


class KernelModel(_OwnKernel, APIHandler):
    """What JupyterLab's services ask about a kernel before they connect to it."""

    async def get(self, kernel_id: str) -> None:
        """Answer with the kernel's model."""
        self.finish(self.kernel_manager.kernel_model(kernel_id))


class KernelAlive(_OwnKernel, APIHandler):
    """The page asks every few seconds; asking keeps its kernel."""

    async def get(self, kernel_id: str) -> None:
        """Answer 204, or 404 when the kernel is gone."""
        kernels = self.settings["kernel_manager"]
        if not await kernels.alive(kernel_id):
            raise HTTPError(404)
        kernels.touch(kernel_id)
        self.set_status(204)


class _FromOurPages:
    """Lets a request change something only when one of our own pages makes it."""

    def check_xsrf_cookie(self) -> None:
        """Accept what our pages send; a beacon can't carry a header with a token."""
        handler: Any = self
        origin = handler.request.headers.get("Origin")
        site = handler.request.headers.get("Sec-Fetch-Site", "same-origin")
        same = origin is None or urlsplit(origin).netloc == handler.request.host
        if site not in ("same-origin", "none") or not same:
            raise HTTPError(403)


class KernelClose(_FromOurPages, _OwnKernel, APIHandler):
    """The page is being left; a reload or another tab keeps its kernel."""

    async def post(self, kernel_id: str) -> None:
        """Note it."""
        self.settings["kernel_manager"].leaving(kernel_id)
        self.set_status(204)


class _Lesson(Calm, _FromOurPages, APIHandler):
    """Something of a lesson, for visitors only; errors are sentences."""

    needs_open = False
    """Whether it is for a class that goes on; what was shown stays to be read for a while."""

    async def prepare(self, *args: Any, **kwargs: Any) -> None:
        await super().prepare(*args, **kwargs)
        if self.current_user is None:
            raise HTTPError(404)
        self.check_xsrf_cookie()
        set_language(negotiate(cookie=self.get_cookie(LANGUAGE_COOKIE),
                               accept=self.request.headers.get("Accept-Language")))
        if self.needs_open:
            await self.settings["class_pages"].admit(self)
        if digest := self.path_kwargs.get("digest"):
            await self.settings["class_pages"].remember(self, str(digest))


class LessonKernel(_Lesson):
    """Asking for the visitor's kernel of a lesson."""

    needs_open = True

    async def post(self, digest: str) -> None:
        """Answer with the kernel, or with the place in the queue."""
        pages = self.settings["class_pages"]
        kernel, place = await pages.ask_kernel(self.current_user.username, digest)
        if kernel is None:
            self.set_status(202)
            self.finish({"place": place, "again": AGAIN})
        else:
            self.finish({"kernel": kernel, "ahead": pages.kernels.was_ahead(kernel)})


class LessonStates(_Lesson):
    """The states of a lesson's widgets as the page shows them."""

    async def get(self, digest: str) -> None:
        """Answer with JSON that never changes."""
        packed = self.settings["class_pages"].states(digest)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", MINE_FOREVER)
        self.set_header("Vary", "Accept-Encoding")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(packed)
        else:
            self.finish(gzip.decompress(packed))


class LessonCells(_Lesson):
    """The outputs of a lesson for a page that came with its text alone."""

    async def get(self, digest: str) -> None:
        """Answer with HTML by cell, or 202 while the lesson is being executed."""
        base = self.get_query_argument("assets", "")
        if not base.startswith("/") or base.startswith("//") or not all(
                sign.isalnum() or sign in "/-_." for sign in base):
            base = ""
        cells = await self.settings["class_pages"].cells(digest, base)
        self.set_header("Cache-Control", "no-store")
        if cells is None:
            self.set_status(202)
            self.finish({"again": 1})
        else:
            self.finish(cells)


class LessonTrouble(_Lesson):
    """A callback of the lesson failed on somebody's page."""

    needs_open = True

    def post(self, digest: str) -> None:
        """Keep it for the teacher."""
        pages = self.settings["class_pages"]
        page = pages.page(digest)
        pages.troubles.add(digest, page.name, self.request.body,
                           pages.kernels.errors(self.current_user.username, digest),
                           {cell["id"] for cell in page.code})
        self.set_status(204)


class LessonFile(_Lesson):
    """A picture that was taken out of a page; its name is its content."""

    async def get(self, digest: str, name: str) -> None:
        """Answer with the picture."""
        content = self.settings["class_pages"].file(digest, name)
        if content is None:
            raise NotFound(_("There is no such page."))
        self.set_header("Cache-Control", MINE_FOREVER)
        # A picture opened by itself must not run what stands in it.
        self.set_header("Content-Security-Policy",
                        "default-src 'none'; style-src 'unsafe-inline'; sandbox")
        self.finish(content, set_content_type=pictures.KINDS[name.rpartition(".")[2]])

    def head(self, digest: str, name: str) -> Any:
        """Answer with the headers."""
        return self.get(digest, name)


class Formula(_Lesson):
    """A formula that a widget shows only now; those of the page are translated already."""

    needs_open = True

    async def get(self) -> None:
        """Answer with its HTML; the same formula is always the same."""
        tex = self.get_query_argument("tex", "")
        pages = self.settings["class_pages"]
        html, always = await pages.translator.html(
            pages.person(self.current_user.username), tex,
            block=bool(self.get_query_argument("block", "")))
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Cache-Control", "private, max-age=86400" if always else "no-store")
        self.finish(html, set_content_type="text/html; charset=utf-8")


def routes(base: str) -> list[Any]:
    """Return the routes under an address that ends with a slash."""
    return [
        (rf"{base}api/kernels/{KERNEL}", KernelModel),
        (rf"{base}api/kernels/{KERNEL}/channels", KernelSocket),
        (rf"{base}page/kernels/{KERNEL}", KernelAlive),
        (rf"{base}page/kernels/{KERNEL}/close", KernelClose),
        (rf"{base}page/formulas", Formula),
        (rf"{base}page/lessons/{LESSON}/kernel", LessonKernel),
        (rf"{base}page/lessons/{LESSON}/states", LessonStates),
        (rf"{base}page/lessons/{LESSON}/cells", LessonCells),
        (rf"{base}page/lessons/{LESSON}/trouble", LessonTrouble),
        (rf"{base}page/lessons/{LESSON}/files/(?P<name>[\w.]+)", LessonFile),
        (rf"{base}page/static/(.*)", StaticFiles, {"path": str(STATIC)}),
        (rf"{base}page/nbextensions/(.*)", ExtensionFiles,
         {"path": jupyter_path("nbextensions")}),
        (rf"{base}page/labextensions/(.*)", ExtensionFiles,
         {"path": jupyter_path("labextensions")}),
    ]
