"""`/cohorts/ID`: a cohort as its trainers see it, and inviting teachers to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from coteach.access import Action, require
from coteach.errors import TooMany, UserError
from coteach.i18n import LANGUAGES
from coteach.i18n import gettext as _
from coteach.lessonpack import get_course
from coteach.portal import links, matrix
from coteach.portal.dependencies import CurrentPerson, TheDatabase
from coteach.portal.overview import running
from coteach.portal.templating import render
from coteach.store import cohorts, invitations, people
from coteach.store.schema import Cohort, Person, School

router = APIRouter(include_in_schema=False)

MOST_OPEN = 200
"""Open invitations of one cohort."""
DAYS = 14


def _mine(session: Session, person: Person, cohort_id: str) -> Cohort:
    cohort = cohorts.get(session, cohort_id)
    require(session, person, Action.RUN_COHORT, cohort)
    return cohort


def _page(request: Request, session: Session, person: Person, cohort: Cohort,
          new_link: str = "", invited: str = "") -> Response:
    open_ones = invitations.open_ones(session, cohort.id)
    return render(
        request, "cohort.html", cohort=cohort, running=running(session, cohort),
        course=get_course(cohort.course), progress=matrix.progress_of(
            session, cohort, person.time_zone),
        state_word=matrix.state_word, invitations=open_ones, new_link=new_link, invited=invited,
        schools=invitations.schools(session), days=DAYS, links=links)


@router.get("/cohorts/{cohort_id}")
def cohort_page(request: Request, person: CurrentPerson, database: TheDatabase,
                cohort_id: str) -> Response:
    """Show what needs the trainer, who has done what, and the invitations that are out."""
    with database.reading() as session:
        return _page(request, session, person, _mine(session, person, cohort_id))


@router.get("/cohorts/{cohort_id}/progress.csv")
def progress_csv(person: CurrentPerson, database: TheDatabase, cohort_id: str) -> Response:
    """Return who has done what, for a spreadsheet."""
    with database.reading() as session:
        cohort = _mine(session, person, cohort_id)
        text = matrix.as_csv(matrix.progress_of(session, cohort, person.time_zone),
                             person.time_zone)
    return Response(text, media_type="text/csv; charset=utf-8", headers={
        "Content-Disposition": 'attachment; filename="progress.csv"'})


@router.post("/cohorts/{cohort_id}/invitations")
def invite(request: Request, person: CurrentPerson, database: TheDatabase, cohort_id: str,
           display_name: Annotated[str, Form(max_length=120)] = "",
           language: Annotated[str, Form()] = "en",
           school_id: Annotated[str, Form()] = "") -> Response:
    """Make an invitation link and show it, this once."""
    if language not in LANGUAGES:
        raise UserError(_("{language!r} is no language of coteach.").format(
            language=language[:35]), code="no-language")
    name = " ".join(display_name.split())
    with database.session() as session:
        cohort = _mine(session, person, cohort_id)
        school = session.get(School, school_id) if school_id else None
        if school_id and school is None:
            raise UserError(_("There is no such school."), code="no-school")
        if len(invitations.open_ones(session, cohort.id)) >= MOST_OPEN:
            raise TooMany(_("{limit} invitations of this cohort are out already.").format(
                limit=MOST_OPEN), hint=_("Withdraw those that are not needed."))
        _made, token = people.invite(session, role="teacher", school=school, cohort=cohort,
                                     language=language, display_name=name, created_by=person,
                                     days=DAYS)
        session.flush()
        # As the trainer's browser knows this site: that address works from where she is.
        base = str(request.base_url).rstrip("/")
        return _page(request, session, person, cohort, f"{base}/invite/{token}", name)


@router.get("/cohorts/{cohort_id}/invitations/{invitation_id}/withdraw")
def ask_withdraw(request: Request, person: CurrentPerson, database: TheDatabase, cohort_id: str,
                 invitation_id: str) -> Response:
    """Ask before a link is made worthless."""
    with database.reading() as session:
        cohort = _mine(session, person, cohort_id)
        found = invitations.of_cohort(session, cohort.id, invitation_id)
        return render(request, "withdraw.html", cohort=cohort, invitation=found, links=links)


@router.post("/cohorts/{cohort_id}/invitations/{invitation_id}/withdraw")
def withdraw(person: CurrentPerson, database: TheDatabase, cohort_id: str,
             invitation_id: str) -> Response:
    """Make a link worthless."""
    with database.session() as session:
        cohort = _mine(session, person, cohort_id)
        invitations.withdraw(session, invitations.of_cohort(session, cohort.id, invitation_id))
    return RedirectResponse(f"/cohorts/{cohort.id}#invitations", status_code=303)
