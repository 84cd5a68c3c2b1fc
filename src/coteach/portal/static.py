"""Style sheets, scripts and pictures of the design system."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from coteach.portal import compress


class Static(StaticFiles):
    """Static files; an address with its version (`?v=`) may be kept for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with how long it may be kept."""
        answer = await super().get_response(path, scope)
        if isinstance(answer, FileResponse) and answer.status_code == 200:
            answer = _small(answer, Headers(scope=scope).get("accept-encoding", ""), scope)
        versioned = scope.get("query_string", b"").startswith(b"v=")
        answer.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if versioned else "no-cache")
        return answer


def _small(found: FileResponse, accepted: str, scope: Scope) -> Response:
    if scope["method"] != "GET":
        return found
    answer = Response(media_type=mimetypes.guess_type(str(found.path))[0], headers={
        name: found.headers[name] for name in ("etag", "last-modified")})
    try:
        body = Path(found.path).read_bytes()
    except OSError:
        raise HTTPException(404) from None
    compress.fill(answer, body, accepted, static=True)
    return answer
