"""The routes of class pages. Each one for a kernel asks first whether it is this visitor's.

A kernel of somebody else answers as one that does not exist. Nothing here starts, interrupts or
runs anything: a browser can talk to its widgets and say that its page is closed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import APIHandler, FileFindHandler
from tornado.web import HTTPError, RequestHandler, StaticFileHandler
from voila.paths import collect_static_paths
from voila.static_file_handler import MultiStaticFileHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from coteach.pages.kernels import LessonKernels

STATIC = Path(__file__).parent / "static"
KERNEL = r"(?P<kernel_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"


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


class _OwnKernel:
    """Refuses kernels that are not the visitor's, before anything else looks at them."""

    async def prepare(self, *args: Any, **kwargs: Any) -> None:
        await super().prepare(*args, **kwargs)  # type: ignore[misc]
        handler: Any = self
        visitor = handler.current_user
        kernels: LessonKernels = handler.settings["kernel_manager"]
        kernel_id = str(handler.path_kwargs.get("kernel_id", ""))
        if visitor is None or not kernels.belongs(kernel_id, visitor.username):
            raise HTTPError(404)
        kernels.touch(kernel_id)


class KernelSocket(_OwnKernel, VoilaKernelWebsocketHandler):
    """The page's line to its widgets. The kernel manager lets widget messages through only."""

    def on_message(self, ws_message: Any) -> None:
        """Pass a message on and note that the page is alive."""
        self.settings["kernel_manager"].touch(self.kernel_id)
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
        if not await self.settings["kernel_manager"].alive(kernel_id):
            raise HTTPError(404)
        self.set_status(204)


class KernelClose(_OwnKernel, APIHandler):
    """The page is being left."""

    def check_xsrf_cookie(self) -> None:
        """Accept a beacon of our own pages; it can't carry a header with a token."""
        origin = self.request.headers.get("Origin")
        site = self.request.headers.get("Sec-Fetch-Site", "same-origin")
        same = origin is None or urlsplit(origin).netloc == self.request.host
        if site not in ("same-origin", "none") or not same:
            raise HTTPError(403)

    async def post(self, kernel_id: str) -> None:
        """End the kernel."""
        await self.settings["kernel_manager"].close(kernel_id)
        self.set_status(204)


class VoilaFiles(MultiStaticFileHandler):
    """Voila's scripts. All but the entry point have their content's hash or chunk in the name."""

    def set_extra_headers(self, path: str) -> None:
        """Let browsers keep them for a day; a new Voila comes with a new release of coteach."""
        self.set_header("Cache-Control", "public, max-age=86400")


class ExtensionFiles(FileFindHandler):
    """Scripts of front-end extensions; readable by everybody, like all scripts."""

    @allow_unauthenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        """Serve a file."""
        await StaticFileHandler.get(self, path, include_body)

    @allow_unauthenticated
    def head(self, path: str) -> Any:
        """Serve a file's headers."""
        return self.get(path, include_body=False)

    def set_extra_headers(self, path: str) -> None:
        """As for Voila's own scripts."""
        self.set_header("Cache-Control", "public, max-age=86400")


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def versioned(base: str, name: str) -> str:
    """Return the address of one of the page's own files, new whenever its content is."""
    return f"{base}{name}?v={_digest(name)}"


def routes(base: str, extensions: list[str]) -> list[Any]:
    """Return the routes under an address that ends with a slash."""
    return [
        (rf"{base}api/kernels/{KERNEL}", KernelModel),
        (rf"{base}api/kernels/{KERNEL}/channels", KernelSocket),
        (rf"{base}page/kernels/{KERNEL}", KernelAlive),
        (rf"{base}page/kernels/{KERNEL}/close", KernelClose),
        # Voila's own word at leaving; its own handler wants a token that a beacon can't carry.
        (rf"{base}voila/api/shutdown/{KERNEL}", KernelClose),
        (rf"{base}page/static/(.*)", StaticFileHandler, {"path": str(STATIC)}),
        (rf"{base}voila/static/(.*)", VoilaFiles,
         {"paths": collect_static_paths(["voila", "nbconvert"], "lab")}),
        (rf"{base}voila/labextensions/(.*)", ExtensionFiles, {"path": extensions}),
    ]
