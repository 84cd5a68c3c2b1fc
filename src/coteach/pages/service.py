"""The class pages of one service: Voila's front end, its kernels, and writing a page.

`ClassPages` is all that a service needs: `handlers` and `settings` for its tornado application,
`write_page` in a handler, `close` at the end.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import structlog
from jupyter_server.auth.authorizer import AllowAllAuthorizer
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.web import RequestHandler

from coteach.i18n import gettext as _
from coteach.pages import frontend
from coteach.pages import handlers as routes
from coteach.pages.kernels import lesson_kernels
from coteach.pages.renderer import LessonRenderer, executor_config
from coteach.settings import Settings

CELL_SECONDS = 20
log = structlog.get_logger("pages")


@dataclass(frozen=True)
class Page:
    """What a class page shows besides the lesson itself."""

    notebook: nbformat.NotebookNode
    """In the reader's language; it is changed while it runs."""
    folder: Path | None
    """The lesson pack; its kernel may read it."""
    language: str
    title: str
    source_language: str = "en"
    notice: str = ""
    header: str = ""
    """HTML of ours, already escaped."""
    footer: str = ""
    stylesheets: tuple[str, ...] = ()
    asset_base: str = ""
    """Address of the folder `assets/`, with a slash at the end."""
    data: dict[str, Any] = field(default_factory=dict)
    """For the page's scripts, as JSON in the element `coteach-page`."""
    env: dict[str, str] = field(default_factory=dict)


def words() -> dict[str, str]:
    """Return the template's sentences in the language in force."""
    return {
        "preparing": _("Getting the moving parts ready…"),
        "again": _("Try again"),
        "failed_part": _("This part did not work. You can go on with the rest."),
        "gone": _("The moving parts of this page have stopped. Your answers are safe."),
        "restart": _("Start them again"),
        "over": _("Your teacher has closed this class. What you have sent is kept."),
    }


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
        request for a kernel asks it.
    """

    def __init__(self, settings: Settings, base_url: str,
                 visitor_of: Callable[[RequestHandler], str | None]) -> None:
        self.base_url = base_url
        self.kernels = lesson_kernels(settings)
        self.visitor_of = visitor_of
        self._page_config = frontend.page_config(base_url)

    @property
    def settings(self) -> dict[str, Any]:
        """What jupyter_server's handlers look for in a tornado application's settings."""
        identity = routes.VisitorIdentity(self.visitor_of)
        return {
            "base_url": self.base_url, "kernel_manager": self.kernels,
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
        """The routes: kernels, Voila's scripts, the page's own script and style."""
        return routes.routes(self.base_url, frontend.extension_paths())

    async def write_page(self, handler: RequestHandler, page: Page, visitor: str) -> LessonRenderer:
        """Write a page to a handler's answer as it comes into being, and finish it.

        Parameters
        ----------
        handler
            Its answer is written; the text first, each output as its cell has run.
        page
            What to show.
        visitor
            Whose kernel it gets; what `visitor_of` will return for this browser.
        """
        handler.set_header("Content-Type", "text/html; charset=utf-8")
        handler.set_header("Cache-Control", "no-store")
        # The lesson's own scripts (widgets are modules made from text) but nothing from elsewhere.
        handler.set_header("Content-Security-Policy", (
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; "
            "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
            "media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob: data:; "
            "frame-ancestors 'self'; base-uri 'none'; form-action 'self'"))
        handler.set_header("X-Accel-Buffering", "no")
        renderer = self._renderer(page, visitor)
        await renderer.initialize()
        error: BaseException | None = None
        try:
            async for snippet, _resources in renderer.generate_content_generator():
                handler.write(snippet)
                # Not awaited: a slow line must not hold up the kernel's turn.
                handler.flush()
        except BaseException as caught:
            error = caught
            raise
        finally:
            await renderer.close(error)
        await handler.finish()
        return renderer

    def _renderer(self, page: Page, visitor: str) -> LessonRenderer:
        static = f"{self.base_url}page/static/"
        env = {"PATH": os.environ.get("PATH", os.defpath), "COTEACH_LANG": page.language,
               "MPLBACKEND": "module://matplotlib_inline.backend_inline", **page.env}
        return LessonRenderer(
            page.notebook, self.kernels, visitor=visitor, env=env, folder=page.folder,
            base_url=self.base_url, page_config=self._page_config,
            config=executor_config(CELL_SECONDS), asset_base=page.asset_base,
            resources={
                "language": page.language, "source_language": page.source_language,
                "language_code": page.language, "page_title": page.title, "notice": page.notice,
                "page_header": page.header, "page_footer": page.footer, "words": words(),
                "stylesheets": [*page.stylesheets, routes.versioned(static, "page.css")],
                "page_script": routes.versioned(static, "page.js"),
                "voila_script": f"{self.base_url}voila/static/voila.js",
                "page_data": {"base": self.base_url, **page.data},
                "places": {str(cell.get("id")): place for place, cell in
                           enumerate(page.notebook.cells, start=1)},
            })

    async def close(self) -> None:
        """End all kernels."""
        await self.kernels.close_all()
