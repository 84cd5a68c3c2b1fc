"""Errors of the pages' own addresses as short JSON, with a sentence that may be read.

jupyter_server would look for its templates, which are not here.
"""

from __future__ import annotations

import json
from typing import Any

import structlog
from tornado.web import HTTPError

from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _

log = structlog.get_logger("pages")


class Calm:
    """Put before a handler's class: its errors become sentences."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with a sentence as JSON."""
        handler: Any = self
        error = _told(kwargs)
        if error is None:
            error = NotFound(_("There is no such page.")) if status_code == 404 else UserError(
                _("This request could not be understood.") if status_code < 500 else
                _("Something went wrong here, and it is not your fault."),
                hint=_("Try again in a moment.") if status_code >= 500 else "",
                status=status_code, code="internal" if status_code >= 500 else "bad-request")
        handler.set_status(error.status)
        handler.set_header("Content-Type", "application/json")
        handler.set_header("Cache-Control", "no-store")
        # Not `finish`: a socket that was refused has one of its own.
        handler.write(json.dumps({"error": {
            "message": error.message, "hint": error.hint, "code": error.code}}))
        handler.finish()

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Keep the status of a `UserError`."""
        error = _told(kwargs)
        super().send_error(  # type: ignore[misc]
            status_code if error is None else error.status, **kwargs)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log faults of ours only."""
        handler: Any = self
        if not isinstance(value, (UserError, HTTPError)):
            log.error("fault", path=handler.request.path, exc_info=(typ, value, tb))


def _told(about: dict[str, Any]) -> UserError | None:
    error = (about.get("exc_info") or (None, None, None))[1]
    return error if isinstance(error, UserError) else None
