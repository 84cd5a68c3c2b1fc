"""What happens to every request before and after its handler.

Language, the same-origin check, security headers, the log line of a fault. One plain ASGI class, so
that it also covers what the framework answers by itself and never buffers a body.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from urllib.parse import urlsplit

import structlog
from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coteach.errors import Forbidden, StorageFull, UserError
from coteach.hub.session import SESSION_COOKIE, bearer, same_origin
from coteach.i18n import LANGUAGE_COOKIE, match, negotiate, set_language
from coteach.i18n import gettext as _
from coteach.portal import faults, limits
from coteach.portal.dependencies import Parts, maybe_person, person
from coteach.store import people
from coteach.store.full import storage_full
from coteach.store.schema import Person

log = structlog.get_logger()

YEAR = 365 * 24 * 3600

CONTENT_POLICY = "; ".join((
    "default-src 'self'", "img-src 'self' data: blob:", "media-src 'self' blob:",
    "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'self'"))
"""No script and no style from inside a page; JSON blocks are data and run nothing."""

HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def _from_here(request: Request) -> bool:
    """Say whether a page of ours, or the person herself, and no other site led here."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    # Browsers send no Sec-Fetch-Site over http beyond loopback.
    referer = request.headers.get("referer")
    return not referer or urlsplit(referer).netloc == request.headers.get("host")


async def _admit(request: Request) -> None:
    """Refuse, before its body is read, what would be refused after.

    Raises
    ------
    UserError
        It comes from another site, is too large, or is for the API and nobody is signed in.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if not bearer(request.headers.get("authorization")) and not same_origin(request.headers):
        raise Forbidden(_("This was sent from another site and was not done."),
                        hint=_("Open the page here and try again."), code="cross-site")
    if request.url.path.startswith("/api/"):
        await person(await maybe_person(request))
    limits.check(request.url.path, request.headers.get("content-length", ""))


class Guard:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self._app, self._parts = app, parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        asked = match(request.query_params.get("lang", ""))
        set_language(await self._language(request, asked))
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._finish(MutableHeaders(scope=message), request, asked)
            await send(message)

        try:
            try:
                await _admit(request)
            except UserError as error:
                await faults.answer(request, error)(scope, receive, sending)
                return
            await self._app(scope, limits.counted(request.url.path, receive), sending)
        except Exception as error:
            full = storage_full(error)
            if full is not None and not started:
                log.error("the disk is full", method=request.method, path=request.url.path)
                await faults.answer(request, full)(scope, receive, sending)
                return
            reference = secrets.token_hex(4)
            log.error("fault", reference=reference, method=request.method, path=request.url.path,
                      exc_info=error)
            if started:
                raise
            await faults.unknown(request, reference)(scope, receive, sending)

    def _finish(self, headers: MutableHeaders, request: Request, asked: str | None) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if not request.url.path.startswith("/static/"):
            # Pages hold what one person may see; no cache on the way may keep them.
            headers.setdefault("Cache-Control", "no-store")
        if asked and _from_here(request):
            secure = "; Secure" if self._parts.settings.url.startswith("https") else ""
            headers.append("Set-Cookie", f"{LANGUAGE_COOKIE}={asked}; Path=/; Max-Age={YEAR}; "
                                         f"SameSite=Lax{secure}")

    async def _language(self, request: Request, asked: str | None) -> str:
        cookie = request.cookies.get(LANGUAGE_COOKIE)
        mine = None
        if asked or not match(cookie or ""):
            mine = await self._parts.sessions.person_of_cookie(request.cookies.get(SESSION_COOKIE))
        if asked and mine is not None and asked != mine.language and _from_here(request):
            await asyncio.to_thread(self._keep, mine.id, asked)
        return negotiate(query=asked, cookie=cookie, person=mine.language if mine else None,
                         accept=request.headers.get("accept-language"))

    def _keep(self, person_id: str, language: str) -> None:
        # The page comes in that language all the same.
        with contextlib.suppress(StorageFull), self._parts.database.session() as session:
            person: Person = people.get(session, person_id)
            person.language = language
