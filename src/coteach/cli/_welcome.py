"""What a deployment needs before its first page: tables, secrets, and somebody who may come in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
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
            hint=_("Check database_url, and that the server runs."), status=500,
            code="no-database") from None
    finally:
        database.close()


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
