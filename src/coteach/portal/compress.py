"""Smaller answers for slow lines: pages, style sheets and scripts, and nothing that is media.

Nothing in front of the portal compresses. Media must stay as they are, or seeking in them breaks.
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from starlette.responses import Response

LEAST = 1000
"""Bytes below which it is not worth it."""


@lru_cache(maxsize=64)
def kept(body: bytes) -> bytes:
    """Return a file compressed as well as can be; done once, for files that many ask for."""
    return gzip.compress(body, 9, mtime=0)


def fill(answer: Response, body: bytes, accepted: str, *, static: bool = False) -> None:
    """Put a body into an answer, compressed if the browser takes that.

    Parameters
    ----------
    accepted
        The request's `Accept-Encoding`.
    static
        The same body comes again and again.
    """
    answer.headers["Vary"] = "Accept-Encoding, Cookie" if not static else "Accept-Encoding"
    if len(body) >= LEAST and "gzip" in accepted.lower():
        body = kept(body) if static else gzip.compress(body, 5, mtime=0)
        answer.headers["Content-Encoding"] = "gzip"
    answer.body = body
    answer.headers["Content-Length"] = str(len(body))
