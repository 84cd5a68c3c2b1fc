"""The scripts and styles of class pages: compressed once, kept by browsers for ever."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import FileFindHandler
from tornado.web import RequestHandler, StaticFileHandler

from coteach.pages import questions
from coteach.pages.calm import Calm

STATIC = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"


class ExtensionFiles(Calm, FileFindHandler):
    """Modules of other packages' widgets; readable by everybody, like all scripts."""

    @allow_unauthenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        """Serve a file."""
        await StaticFileHandler.get(self, path, include_body)

    @allow_unauthenticated
    def head(self, path: str) -> Any:
        """Serve a file's headers."""
        return self.get(path, include_body=False)

    def set_extra_headers(self, path: str) -> None:
        """Let browsers keep them for a day."""
        self.set_header("Cache-Control", "public, max-age=86400")


@lru_cache(maxsize=64)
def _packed(path: str, _changed: str) -> bytes:
    return gzip.compress(Path(path).read_bytes(), 9)


class StaticFiles(Calm, StaticFileHandler):
    """The page's own scripts and styles, compressed once."""

    async def get(self, path: str, include_body: bool = True) -> None:
        """Serve a file, packed for browsers that can unpack it."""
        if path in MADE:
            self._finish(gzip.compress(MADE[path][0]()), MADE[path][1])
            return
        packs = path.endswith((".js", ".css", ".json", ".svg")) and include_body
        if not packs or "gzip" not in self.request.headers.get("Accept-Encoding", ""):
            await super().get(path, include_body)
            return
        self.path = self.parse_url_path(path)
        absolute = self.validate_absolute_path(self.root,
                                               self.get_absolute_path(self.root, self.path))
        if absolute is None:
            return
        self.absolute_path = absolute
        self._finish(_packed(absolute, str(self.get_modified_time())), self.get_content_type())

    def _finish(self, packed: bytes, kind: str) -> None:
        self.set_header("Content-Type", kind)
        self.set_header("Vary", "Accept-Encoding")
        self.set_extra_headers(self.request.path)
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(packed)
        else:
            self.finish(gzip.decompress(packed))

    def compute_etag(self) -> str | None:
        """Return the tag of a file, or of what was put together."""
        if getattr(self, "absolute_path", None) is None:
            return RequestHandler.compute_etag(self)
        return super().compute_etag()

    def set_extra_headers(self, path: str) -> None:
        """What is asked for by content never changes; the built parts have it in their names."""
        forever = self.get_query_argument("v", None) or "/runtime/" in self.request.path
        self.set_header("Cache-Control", FOREVER if forever else "no-cache")


MADE: dict[str, tuple[Callable[[], bytes], str]] = {
    "questions.js": (questions.script, "text/javascript; charset=utf-8"),
    "waiting.js": (questions.waiting_script, "text/javascript; charset=utf-8"),
    "questions.css": (questions.style, "text/css; charset=utf-8"),
}
"""Files that are put together from the widgets' own."""


@cache
def _digest(name: str) -> str:
    content = MADE[name][0]() if name in MADE else (STATIC / name).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]


def own(base: str, name: str) -> str:
    """Return the address of one of the page's own files, new whenever its content is."""
    return f"{base}page/static/{name}?v={_digest(name)}"
