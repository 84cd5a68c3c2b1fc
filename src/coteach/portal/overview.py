"""Everything that home shows, for a page and for the API, read in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from coteach.access import Action, allowed
from coteach.i18n import gettext as _
from coteach.i18n import ngettext
from coteach.portal import journey, links
from coteach.portal.journey import Learning, Next
from coteach.store import classes, people, progress, rooms
from coteach.store.schema import Cohort, Person, SchoolClass


@dataclass(frozen=True)
class Need:
    """Something that waits for a trainer."""

    kind: str
    """``mark``, ``release`` or ``watch``."""
    count: int
    text: str
    label: str
    url: str


@dataclass(frozen=True)
class Running:
    """A cohort that somebody runs."""

    cohort: Cohort
    teachers: int
    needs: tuple[Need, ...]


@dataclass(frozen=True)
class OpenRoom:
    """A colleague's practice or webcast that is going on."""

    name: str
    owner: str
    said: str
    label: str
    url: str


@dataclass(frozen=True)
class Taught:
    """A class of a teacher."""

    name: str
    label: str
    url: str


@dataclass(frozen=True)
class Overview:
    """What home shows."""

    next: Next
    learning: tuple[Learning, ...]
    running: tuple[Running, ...]
    rooms: tuple[OpenRoom, ...]
    classes: tuple[Taught, ...]
    can_teach: bool
    """Whether she can make classes: a class belongs to a school."""


def needs_of(cohort: Cohort, waiting: progress.Needs) -> tuple[Need, ...]:
    """Return what waits in a cohort, in words, most urgent first."""
    found = []
    if n := len(waiting.to_mark):
        found.append(Need("mark", n, ngettext(
            "{n} hand-in waits to be marked", "{n} hand-ins wait to be marked", n).format(n=n),
            _("Mark"), links.grading(cohort.id)))
    if n := len(waiting.to_release):
        found.append(Need("release", n, ngettext(
            "{n} marked hand-in is not given back yet",
            "{n} marked hand-ins are not given back yet", n).format(n=n),
            _("Give back"), links.grading(cohort.id)))
    if n := len(waiting.to_watch):
        found.append(Need("watch", n, ngettext(
            "{n} recording waits for your eyes", "{n} recordings wait for your eyes", n
            ).format(n=n), _("Watch"), links.recording(waiting.to_watch[0].recording.id)))
    return tuple(found)


def running(session: Session, cohort: Cohort) -> Running:
    """Return a cohort with what waits for its trainers."""
    ids = [p.id for p in people.members(session, cohort.id)]
    waiting = progress.needs(progress.facts(session, cohort, ids))
    return Running(cohort, len(ids), needs_of(cohort, waiting))


def open_rooms(session: Session, person: Person) -> tuple[OpenRoom, ...]:
    """Return the practices of colleagues that a person can join now."""
    found = []
    for room in rooms.open_now(session, person):
        if room.kind == "check" or room.owner_id == person.id or not allowed(
                session, person, Action.JOIN_ROOM, room):
            continue
        owner = people.get(session, room.owner_id).display_name
        said, label = ((_("{name} is live."), _("Watch {name}")) if room.kind == "webcast" else
                       (_("{name} is practising."), _("Join {name}’s practice")))
        found.append(OpenRoom(room.name, owner, said.format(name=owner), label.format(name=owner),
                              links.room(room.name)))
    return tuple(found)


def overview(session: Session, person: Person) -> Overview:
    """Return what home shows to a person."""
    learns, runs = [], []
    for cohort in people.cohorts_of(session, person):
        if people.membership(session, cohort.id, person.id) == "teacher":
            learns.append(journey.learning(session, person, cohort))
        elif allowed(session, person, Action.RUN_COHORT, cohort):
            runs.append(running(session, cohort))
    return Overview(_next(learns, runs), tuple(learns), tuple(runs), open_rooms(session, person),
                    tuple(taught(session, person)), person.school_id is not None)


def taught(session: Session, person: Person) -> list[Taught]:
    """Return the classes of a teacher; one with an open lesson leads there."""
    found = []
    for each in session.scalars(select(SchoolClass).where(SchoolClass.teacher_id == person.id)
                                .order_by(SchoolClass.name)):
        opened = classes.open_sessions(session, each.id)
        found.append(Taught(each.name, _("Go to the class"), links.lesson(opened[0].id))
                     if opened else Taught(each.name, _("Open a lesson"), links.CLASSES))
    return found


def _next(learns: list[Learning], runs: list[Running]) -> Next:
    if learns or not runs:
        return journey.what_is_next(learns)
    for each in runs:
        for need in each.needs:
            return Next(need.kind, _("Next: {cohort}").format(cohort=each.cohort.name), need.text,
                        "", need.label, need.url, each.cohort.id)
    return Next("wait", _("All done"), _("Nothing waits for you."),
                _("When a teacher hands in or records something, you see it here."))
