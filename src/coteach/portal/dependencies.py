"""What handlers get by asking for it: the person, the database, the settings, the sessions.

Rule: a handler that takes `CurrentPerson` is closed to everybody who is not signed in; one that
takes `MaybePerson` is open and says so by that.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from coteach.errors import Forbidden, UserError
from coteach.hub.api import HubAway
from coteach.hub.session import SESSION_COOKIE, Sessions, bearer
from coteach.i18n import gettext as _
from coteach.settings import Settings
from coteach.store import people
from coteach.store.database import Database
from coteach.store.schema import Person


@dataclass(frozen=True)
class Parts:
    """What the portal is made of; `app.state.parts`."""

    settings: Settings
    database: Database
    sessions: Sessions


class SignInNeeded(UserError):
    """Nobody is signed in: a page sends the browser to sign in, the API answers 401."""

    def __init__(self) -> None:
        super().__init__(_("You are not signed in."), hint=_("Sign in and try again."),
                         status=401, code="sign-in-needed")


def parts(request: Request) -> Parts:
    """Return what the portal is made of."""
    found: Parts = request.app.state.parts
    return found


def settings(request: Request) -> Settings:
    """Return the settings."""
    return parts(request).settings


def database(request: Request) -> Database:
    """Return the database."""
    return parts(request).database


def sessions(request: Request) -> Sessions:
    """Return the sessions."""
    return parts(request).sessions


def token_of(request: Request) -> str | None:
    """Return the Hub token of a request: of its `Authorization` header, else of its cookie."""
    return bearer(request.headers.get("authorization")) or parts(request).sessions.token_of_cookie(
        request.cookies.get(SESSION_COOKIE))


async def maybe_person(request: Request) -> Person | None:
    """Return the person who is signed in, or None.

    Raises
    ------
    Forbidden
        Somebody is signed in at the Hub whom the store does not know.
    """
    if not hasattr(request.state, "person"):
        request.state.person = None
        found = parts(request).sessions
        try:
            username = await found.ask(token_of(request))
        except HubAway:
            raise UserError(_("We can't see who you are right now."),
                            hint=_("Nothing is lost. Try again in a minute."), status=503,
                            code="hub-away") from None
        if username is not None:
            request.state.person = await found.person(username)
            if request.state.person is None:
                request.state.stranger = username
                raise Forbidden(
                    _("The account {name} has no place in coteach yet.").format(name=username),
                    hint=_("Ask your trainer for an invitation, or sign in with another account."),
                    code="no-person")
            await asyncio.to_thread(people.seen, parts(request).database, request.state.person)
    person: Person | None = request.state.person
    return person


async def person(found: Annotated[Person | None, Depends(maybe_person)]) -> Person:
    """Return the person who is signed in.

    Raises
    ------
    SignInNeeded
        Nobody is.
    """
    if found is None:
        raise SignInNeeded
    return found


CurrentPerson = Annotated[Person, Depends(person)]
MaybePerson = Annotated[Person | None, Depends(maybe_person)]
TheDatabase = Annotated[Database, Depends(database)]
TheSettings = Annotated[Settings, Depends(settings)]
TheSessions = Annotated[Sessions, Depends(sessions)]
