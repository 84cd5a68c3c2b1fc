"""Questions about cohorts."""

from __future__ import annotations

from sqlalchemy.orm import Session

from coteach.errors import Forbidden
from coteach.i18n import gettext as _
from coteach.store.schema import Cohort


def get(session: Session, cohort_id: str) -> Cohort:
    """Return a cohort.

    Raises
    ------
    Forbidden
        There is none. The same answer as for somebody else's, so that nobody can try ids.
    """
    found = session.get(Cohort, cohort_id)
    if found is None:
        raise Forbidden(_("This page is not for you."),
                        hint=_("Ask your trainer if you think it should be."))
    return found
