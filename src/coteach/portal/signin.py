"""Signing in through the Hub, and out of it.

The browser goes to the Hub with a state that only it and we know, comes back with a code, and the
code becomes the session cookie. A sign-in that took too long starts again by itself, once.
"""

from __future__ import annotations

import posixpath
import secrets
from urllib.parse import unquote, urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from coteach.errors import Forbidden, UserError
from coteach.hub.api import CALLBACK, HubApi, HubAway
from coteach.hub.session import SESSION_COOKIE
from coteach.i18n import LANGUAGE_COOKIE, match
from coteach.i18n import gettext as _
from coteach.portal.dependencies import TheSessions, TheSettings
from coteach.settings import Settings, secrets_of
from coteach.tokens import TokenSigner

router = APIRouter(include_in_schema=False)

DOORS = ("/logout", "/hub/logout", "/hub/login")
"""Where signing in never leads; the Hub's own door would lead on to any of its pages."""
STATE_LIFETIME = 3600
"""Seconds for typing a password, or for signing up."""


def safe_next(wanted: str | None) -> str:
    """Return a path of this site to go to; `/` for what leads elsewhere or signs out."""
    if (not wanted or not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted
            or len(wanted) > 2000 or any(ord(c) < 33 or ord(c) == 127 for c in wanted)):
        return "/"
    # A link that signs in must not be one that signs out; a path has many spellings.
    path = posixpath.normpath("/" + unquote(urlsplit(wanted).path).lstrip("/"))
    return "/" if any(path == door or path.startswith(f"{door}/") for door in DOORS) else wanted


def _signer(settings: Settings) -> TokenSigner:
    return TokenSigner(secrets_of(settings).get("session"), "oauth-state")


def _https(settings: Settings) -> bool:
    return settings.url.startswith("https")


@router.get("/login")
def login(request: Request, settings: TheSettings, next: str = "/", again: int = 0) -> Response:
    """Send the browser to the Hub."""
    nonce, verifier = secrets.token_urlsafe(12), HubApi.new_verifier()
    state = _signer(settings).mint(
        {"nonce": nonce, "next": safe_next(next), "again": bool(again)}, lifetime=STATE_LIFETIME)
    answer = RedirectResponse(HubApi.authorize_url(state, verifier), status_code=302)
    # One cookie a tab: two tabs that sign in at once don't spoil each other.
    answer.set_cookie(f"coteach_state_{nonce}", verifier, max_age=STATE_LIFETIME, path=CALLBACK,
                      httponly=True, samesite="lax", secure=_https(settings))
    return answer


@router.get(CALLBACK)
async def callback(request: Request, settings: TheSettings, sessions: TheSessions,
                   code: str = "", state: str = "") -> Response:
    """Make the session cookie from the Hub's code."""
    try:
        claims = _signer(settings).read(state)
    except Forbidden:
        return RedirectResponse("/", status_code=303)
    cookie = f"coteach_state_{claims['nonce']}"
    verifier, back = request.cookies.get(cookie), safe_next(claims["next"])
    try:
        grant = await sessions.hub.token_for_code(code, verifier) if verifier and code else None
        username = await sessions.ask(grant.token) if grant else None
    except HubAway:
        raise UserError(_("Signing in does not work right now."),
                        hint=_("Try again in a minute."), status=503, code="hub-away") from None
    if grant is None or username is None:
        if claims["again"]:
            raise Forbidden(_("Signing in did not work: your browser did not keep our cookie."),
                            hint=_("Allow cookies for this site, or open it in another browser."),
                            code="no-cookies")
        return RedirectResponse("/login?" + urlencode({"next": back, "again": 1}), status_code=303)
    answer = RedirectResponse(back, status_code=303)
    answer.set_cookie(SESSION_COOKIE, sessions.mint(grant.token, username, grant.lifetime),
                      max_age=int(grant.lifetime), path="/", httponly=True, samesite="lax",
                      secure=_https(settings))
    answer.delete_cookie(cookie, path=CALLBACK)
    person = await sessions.person(username)
    if person is not None and not match(request.cookies.get(LANGUAGE_COOKIE, "")):
        answer.set_cookie(LANGUAGE_COOKIE, person.language, max_age=31536000, path="/",
                          samesite="lax", secure=_https(settings))
    return answer


@router.post("/logout")
def logout(request: Request, settings: TheSettings, sessions: TheSessions) -> Response:
    """Forget the session here and go on to sign out of the Hub, which ends its tokens."""
    token = sessions.token_of_cookie(request.cookies.get(SESSION_COOKIE))
    if token:
        sessions.forget(token)
    answer = RedirectResponse("/hub/logout", status_code=303)
    answer.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax",
                         secure=_https(settings))
    # The next person at a shared laptop has her own language.
    answer.delete_cookie(LANGUAGE_COOKIE, path="/", samesite="lax", secure=_https(settings))
    return answer
