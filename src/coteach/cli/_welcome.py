"""What a deployment needs before its first page: tables, secrets, and somebody who may come in."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.settings import Settings, secrets_of
from coteach.store import people
from coteach.store.database import Database
from coteach.store.schema import Invitation, Person, utcnow

SECRETS = ("session", "live", "guest", "hub-cookie", "proxy", "oauth-portal", "service-portal",
           "service-classroom", "service-live", "service-culler", "service-supervisor")


def prepare(settings: Settings, demo_password: str | None) -> dict[str, Any]:
    """Bring the database up to date and return who can sign in.

    Returns
    -------
    dict
        ``logins`` and ``class_code`` of a demo; ``invitation``, a link, when nobody is there yet.

    Raises
    ------
    UserError
        The database can't be used.
    """
    secrets = secrets_of(settings)
    for name in SECRETS:
        secrets.get(name)
    _make_private(settings)
    database = Database.of(settings)
    try:
        database.migrate()
        if settings.demo:
            return _demo(settings, demo_password)
        with database.session() as session:
            if session.scalar(select(func.count()).select_from(Person)):
                return {}
            return {"invitation": _first_invitation(session, settings)}
    except SQLAlchemyError as error:
        raise UserError(
            _("The database can't be used: {reason}.").format(
                reason=str(getattr(error, "orig", error)).strip().splitlines()[0]),
            hint=_hint(settings), status=500, code="no-database") from None
    finally:
        database.close()


def _file_of(settings: Settings) -> str | None:
    url = make_url(settings.store_url)
    return url.database if url.get_backend_name() == "sqlite" else None


def _hint(settings: Settings) -> str:
    file = _file_of(settings)
    if file is None:
        return _("Check database_url, and that the server runs.")
    return _("Its file is {file}. Check that it is yours and that the disk is not full; if the "
             "file is damaged, put a saved copy in its place.").format(file=file)


def _make_private(settings: Settings) -> None:
    # SQLite gives its -wal and -shm files the mode of this one.
    if file := _file_of(settings):
        with contextlib.suppress(OSError):
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _demo(settings: Settings, password: str | None) -> dict[str, Any]:
    from coteach import demo

    return demo.seed(settings, password)


def _first_invitation(session: Session, settings: Settings) -> str:
    # Links of earlier starts that nobody used end here: only the newest printed one is good.
    session.execute(
        update(Invitation).where(Invitation.created_by.is_(None), Invitation.redeemed.is_(None))
        .values(withdrawn=utcnow()))
    _row, token = people.invite(session, role="trainer")
    return f"{settings.url}/invite/{token}"
