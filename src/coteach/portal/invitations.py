"""`/invite/TOKEN`: the first page of somebody who was invited. Open to whoever has the link."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from fastapi.responses import Response

from coteach.i18n import LANGUAGE_COOKIE, match, set_language
from coteach.portal.dependencies import TheDatabase, TheSettings
from coteach.portal.guard import YEAR
from coteach.portal.templating import render
from coteach.store import invitations, people

router = APIRouter(include_in_schema=False)

IN_APP = re.compile(r"\bLine/|MicroMessenger|\bZalo\b|ZaloTheme|FBAN|FBAV|Instagram|KAKAOTALK",
                    re.IGNORECASE)
"""Browsers inside of messengers: they have no camera, and forget who signed in."""


@router.get("/invite/{token}")
def invited(request: Request, database: TheDatabase, settings: TheSettings,
            token: str) -> Response:
    """Show who invites, let her choose the language, and go on to make an account."""
    with database.reading() as session:
        shown = invitations.described(session, people.invitation(session, token))
    chosen = match(request.query_params.get("lang", "")) or match(
        request.cookies.get(LANGUAGE_COOKIE, ""))
    language = chosen or shown.invitation.language
    # Who invites knows her language better than the school's laptop does.
    set_language(language)
    answer = render(
        request, "invite.html", shown=shown, token=token,
        in_app=bool(IN_APP.search(request.headers.get("user-agent", ""))),
        link=str(request.base_url).rstrip("/") + f"/invite/{token}")
    if not chosen:
        answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR, path="/", samesite="lax",
                          secure=settings.url.startswith("https"))
    return answer
