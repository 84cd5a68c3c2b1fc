"""`/api/v1/…` of the portal itself: who I am, what is next, a step done, a cohort's progress."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from coteach.access import Action, require
from coteach.errors import UserError
from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.portal import matrix, steps
from coteach.portal.dependencies import CurrentPerson, TheDatabase, TheSettings
from coteach.portal.journey import Learning, Next
from coteach.portal.overview import Running, overview
from coteach.store import cohorts
from coteach.store.schema import School

router = APIRouter(prefix="/api/v1")

MOST_VALUE = 4096


class SchoolModel(BaseModel):
    """A school."""

    id: str
    name: str
    time_zone: str


class Me(BaseModel):
    """The person who asks."""

    id: str
    username: str
    display_name: str
    role: str
    language: str
    """The language of this answer."""
    time_zone: str
    school: SchoolModel | None


class StepModel(BaseModel):
    """A step of a module, as far as she is with it."""

    id: str
    kind: str
    title: str
    cell: str
    state: str
    word: str
    at: datetime | None
    url: str
    can_tick: bool


class ModuleModel(BaseModel):
    """A module of a course."""

    id: str
    number: int
    title: str
    minutes: int
    deadline: datetime | None
    deadline_local: str | None
    """As she reads it, with the zone named."""
    overdue: bool
    """Whether the deadline is over: what is handed in now is late."""
    url: str
    current: str
    done: int
    steps: list[StepModel]


class CohortModel(BaseModel):
    """A cohort in which she learns."""

    id: str
    name: str
    course: str
    title: str
    modules: list[ModuleModel]


class NeedModel(BaseModel):
    """Something that waits for a trainer."""

    kind: str
    count: int
    text: str
    label: str
    url: str


class RunningModel(BaseModel):
    """A cohort that she runs."""

    id: str
    name: str
    teachers: int
    needs: list[NeedModel]


class NextModel(BaseModel):
    """The one thing to do now; `label` and `url` are empty when there is nothing to do."""

    kind: str
    eyebrow: str
    title: str
    text: str
    label: str
    url: str
    cohort: str
    module: str
    step: str


class RoomModel(BaseModel):
    """A colleague's practice that is going on."""

    name: str
    owner: str
    label: str
    url: str


class Home(BaseModel):
    """What home shows."""

    next: NextModel
    learning: list[CohortModel]
    running: list[RunningModel]
    rooms: list[RoomModel]
    demo: bool
    """Whether people and work here are made up."""


class StepDone(BaseModel, extra="forbid"):
    """A step that is done."""

    module: str = Field(max_length=120)
    step: str = Field(max_length=120)
    id: UUID | None = None
    """Made by the client, so that it may send again until it is answered."""
    value: dict[str, Any] | None = None


class Stored(BaseModel):
    """What was stored."""

    id: str


def _cohort(each: Learning) -> CohortModel:
    return CohortModel(
        id=each.cohort.id, name=each.cohort.name, course=each.course.id, title=each.title,
        modules=[ModuleModel(
            id=m.id, number=m.number, title=m.title, minutes=m.minutes, deadline=m.deadline,
            deadline_local=m.deadline_local, overdue=m.overdue,
            url=m.url, current=m.current, done=m.done,
            steps=[StepModel(**vars(s)) for s in m.steps]) for m in each.modules])


def _running(each: Running) -> RunningModel:
    return RunningModel(id=each.cohort.id, name=each.cohort.name, teachers=each.teachers,
                        needs=[NeedModel(**vars(n)) for n in each.needs])


def _next(found: Next) -> NextModel:
    return NextModel(**{name: getattr(found, name) for name in NextModel.model_fields})


@router.get("/me", tags=["me"])
def me(person: CurrentPerson, database: TheDatabase) -> Me:
    """Say who is signed in."""
    with database.reading() as session:
        school = session.get(School, person.school_id) if person.school_id else None
    return Me(
        id=person.id, username=person.username, display_name=person.display_name,
        role=person.role, language=get_language(), time_zone=person.time_zone,
        school=SchoolModel(id=school.id, name=school.name, time_zone=school.time_zone)
        if school else None)


@router.get("/home", tags=["me"])
def home(person: CurrentPerson, database: TheDatabase, settings: TheSettings) -> Home:
    """Return what is next, her modules with their steps, and what waits for her."""
    with database.reading() as session:
        shown = overview(session, person)
    return Home(next=_next(shown.next), learning=[_cohort(c) for c in shown.learning],
                running=[_running(c) for c in shown.running],
                rooms=[RoomModel(**vars(r)) for r in shown.rooms], demo=settings.demo)


@router.post("/steps", status_code=201, tags=["me"])
def step_done(person: CurrentPerson, database: TheDatabase, done: StepDone) -> Stored:
    """Store that a step is done; sent again it is stored once."""
    if len(json.dumps(done.value)) > MOST_VALUE:
        raise UserError(_("This is more than the {limit} bytes that fit.").format(
            limit=MOST_VALUE), status=413, code="too-large")
    with database.session() as session:
        key = steps.tick(session, person, module=done.module, step=done.step, value=done.value,
                         event_id=str(done.id) if done.id else None)
    return Stored(id=key)


@router.get("/cohorts/{cohort_id}/progress", tags=["cohorts"])
def cohort_progress(person: CurrentPerson, database: TheDatabase, cohort_id: str
                    ) -> matrix.Progress:
    """Return who has done what in a cohort, for its trainers."""
    with database.reading() as session:
        cohort = cohorts.get(session, cohort_id)
        require(session, person, Action.RUN_COHORT, cohort)
        return matrix.progress_of(session, cohort, person.time_zone)
