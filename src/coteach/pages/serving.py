"""The HTTP server of class pages: what somebody may send before anybody knows who it is.

Rule: tornado keeps a whole body in memory before its handler is asked, so a body is small unless a
handler reads it as it comes and says itself how much goes by (`allow`). Who begins to send and then
stops is hung up on.
"""

from __future__ import annotations

from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

MOST_BODY = 48_000
"""Bytes of a body for a handler that does not say more: the trouble of a lesson, a beacon."""
BODY_SECONDS = 30.0
"""Seconds in which such a body has to be there."""
LONG_SECONDS = 300.0
"""The same for a handler that takes more: an answer with a photo over a bad line."""
MOST_BUFFER = 10_000_000
"""Bytes that one connection may hold; a widget's picture from a phone is one message of 8 MB."""


def serve(application: Application, **more: Any) -> HTTPServer:
    """Return a server of an application that does not listen yet.

    Parameters
    ----------
    more
        Goes to tornado's server.
    """
    return HTTPServer(application, max_body_size=MOST_BODY, body_timeout=BODY_SECONDS,
                      max_buffer_size=MOST_BUFFER, **more)


def allow(handler: RequestHandler, most: int) -> None:
    """Let a longer body come, for this request; call it in `prepare` of a handler that streams."""
    connection: Any = handler.request.connection
    connection.set_max_body_size(most)
    connection.set_body_timeout(LONG_SECONDS)
