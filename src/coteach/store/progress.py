"""How far people are: the state of each step of a module, worked out from what is stored.

Nothing here is written down twice. A step is done because there is an event, a recording, a hand-in
or feedback that was read; the facts of a whole cohort are read in a handful of queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from coteach.store.schema import Cohort, Comment, Event, Grade, Mark, Recording, Submission

VERBS = ("step-done", "device-checked", "practised", "feedback-read")

OPEN, UNDER_WAY, WAITING, NEW, DONE = "open", "under-way", "waiting", "new", "done"
"""States of a step: nothing yet; begun; somebody else's turn; something came for her; done."""


class StepLike(Protocol):
    """What is needed of a course's step."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...


class ModuleLike(Protocol):
    """What is needed of a course's module."""

    @property
    def id(self) -> str: ...
    @property
    def assignment(self) -> str: ...
    @property
    def steps(self) -> Sequence[StepLike]: ...


@dataclass(frozen=True)
class StepState:
    """How far somebody is with one step."""

    id: str
    kind: str
    state: str
    at: datetime | None = None
    """When it came into this state, where that is known."""
    late: bool = False
    """An assignment handed in after its deadline."""


@dataclass
class HandIn:
    """A hand-in with what marking found, and whether the marks may be read."""

    submission: Submission
    grade: Grade | None


@dataclass
class Watched:
    """A recording and what others left on it: remarks, and marks by rubric line."""

    recording: Recording
    remarks: int = 0
    marks: int = 0

    @property
    def is_answered(self) -> bool:
        """Whether somebody else has said or marked anything."""
        return bool(self.remarks or self.marks)


@dataclass
class Facts:
    """What is stored about one person in one cohort."""

    events: list[Event] = field(default_factory=list)
    recordings: list[Watched] = field(default_factory=list)
    hand_ins: list[HandIn] = field(default_factory=list)

    @property
    def last_seen(self) -> datetime | None:
        """When she last did something that is stored."""
        times = [e.received for e in self.events]
        times += [w.recording.ended or w.recording.started for w in self.recordings]
        times += [h.submission.received for h in self.hand_ins]
        return max(times, default=None)

    def newest(self, assignment: str) -> HandIn | None:
        """Return the newest hand-in of an assignment: the one that counts."""
        return max((h for h in self.hand_ins if h.submission.assignment == assignment),
                   key=lambda h: h.submission.received, default=None)


def facts(session: Session, cohort: Cohort, person_ids: Iterable[str]) -> dict[str, Facts]:
    """Read what is stored about these people in a cohort."""
    ids = list(person_ids)
    found: dict[str, Facts] = {person_id: Facts() for person_id in ids}
    for event in session.scalars(
            select(Event).where(Event.actor.in_(ids), Event.verb.in_(VERBS),
                                Event.session.in_((cohort.id, "")))
            .order_by(Event.received, Event.client_seq)):
        found[event.actor].events.append(event)
    rows = session.execute(
        select(Submission, Grade).outerjoin(Grade, Grade.submission_id == Submission.id)
        .where(Submission.cohort_id == cohort.id, Submission.person_id.in_(ids))
        .order_by(Submission.received.desc()))
    for submission, grade in rows:
        found[submission.person_id].hand_ins.append(HandIn(submission, grade))
    _recordings(session, cohort, ids, found)
    return found


def _recordings(session: Session, cohort: Cohort, ids: list[str], found: dict[str, Facts]) -> None:
    watched = {}
    for recording in session.scalars(
            select(Recording).where(Recording.cohort_id == cohort.id, Recording.person_id.in_(ids),
                                    Recording.status != "deleted")
            .order_by(Recording.started.desc())):
        watched[recording.id] = Watched(recording)
        found[recording.person_id].recordings.append(watched[recording.id])
    if not watched:
        return
    for table, extra in ((Comment, (Comment.removed.is_(None),)), (Mark, ())):
        left: dict[str, int] = defaultdict(int)
        for recording_id, author in session.execute(
                select(table.recording_id, table.author_id)
                .where(table.recording_id.in_(list(watched)), *extra)):
            if author != watched[recording_id].recording.person_id:
                left[recording_id] += 1
        for recording_id, count in left.items():
            if table is Comment:
                watched[recording_id].remarks = count
            else:
                watched[recording_id].marks = count


def steps(module: ModuleLike, known: Facts) -> list[StepState]:
    """Return the state of each step of a module for one person."""
    mine = [e for e in known.events if e.lesson == module.id]
    return [_state(module, step, known, mine) for step in module.steps]


def _state(module: ModuleLike, step: StepLike, known: Facts, mine: list[Event]) -> StepState:
    ticked = next((e for e in mine if e.verb == "step-done" and e.cell == step.id), None)
    if step.kind == "device-check":
        return _device_check(step, mine, ticked)
    if step.kind == "practice":
        return _practice(module, step, known, mine, ticked)
    if step.kind == "assignment":
        return _assignment(module, step, known)
    if step.kind == "feedback":
        return _feedback(module, step, known, mine)
    if ticked is not None:
        return StepState(step.id, step.kind, DONE, ticked.received)
    return StepState(step.id, step.kind, OPEN)


def _device_check(step: StepLike, mine: list[Event], ticked: Event | None) -> StepState:
    checks = [e for e in mine if e.verb == "device-checked"]
    passed = [e for e in checks
              if not isinstance(e.value, dict) or e.value.get("overall") != "bad"]
    first = passed[0] if passed else ticked
    if first is not None:
        return StepState(step.id, step.kind, DONE, first.received)
    if checks:
        return StepState(step.id, step.kind, UNDER_WAY, checks[-1].received)
    return StepState(step.id, step.kind, OPEN)


def _practice(module: ModuleLike, step: StepLike, known: Facts, mine: list[Event],
              ticked: Event | None) -> StepState:
    made = [w.recording for w in known.recordings if w.recording.module == module.id]
    ready = [r for r in made if r.status == "ready"]
    ticked = ticked or next((e for e in mine if e.verb == "practised"), None)
    if ready:
        return StepState(step.id, step.kind, DONE, min(r.ended or r.started for r in ready))
    if ticked is not None:
        return StepState(step.id, step.kind, DONE, ticked.received)
    if any(r.status == "recording" for r in made):
        return StepState(step.id, step.kind, UNDER_WAY, made[0].started)
    return StepState(step.id, step.kind, OPEN)


def _assignment(module: ModuleLike, step: StepLike, known: Facts) -> StepState:
    newest = known.newest(module.assignment)
    if newest is None:
        return StepState(step.id, step.kind, OPEN)
    return StepState(step.id, step.kind, DONE, newest.submission.received,
                     late=newest.submission.late)


def released(module: ModuleLike, known: Facts) -> datetime | None:
    """Return when the newest feedback of a module was given to her, or None."""
    if module.assignment:
        return max((h.grade.released for h in known.hand_ins
                    if h.submission.assignment == module.assignment and h.grade is not None
                    and h.grade.released is not None), default=None)
    remarked = [w.recording for w in known.recordings
                if w.recording.module == module.id and w.is_answered]
    return max((r.ended or r.started for r in remarked), default=None)


def _feedback(module: ModuleLike, step: StepLike, known: Facts, mine: list[Event]) -> StepState:
    given = released(module, known)
    if given is None:
        begun = (known.newest(module.assignment) if module.assignment
                 else any(w.recording.module == module.id for w in known.recordings))
        return StepState(step.id, step.kind, WAITING if begun else OPEN)
    read = [e for e in mine if e.received >= given
            and (e.verb == "feedback-read" or (e.verb == "step-done" and e.cell == step.id))]
    if read:
        return StepState(step.id, step.kind, DONE, read[0].received)
    return StepState(step.id, step.kind, NEW, given)


@dataclass(frozen=True)
class Needs:
    """What waits for a cohort's trainers."""

    to_mark: tuple[HandIn, ...]
    to_release: tuple[HandIn, ...]
    to_watch: tuple[Watched, ...]

    @property
    def any(self) -> bool:
        """Whether something waits."""
        return bool(self.to_mark or self.to_release or self.to_watch)


def needs(known: dict[str, Facts]) -> Needs:
    """Return what waits for the trainers of the people in `known`, oldest first."""
    mark: list[HandIn] = []
    release: list[HandIn] = []
    for person in known.values():
        for assignment in {h.submission.assignment for h in person.hand_ins}:
            newest = person.newest(assignment)
            if newest is None:
                continue
            if newest.grade is None or newest.grade.status in ("needs_manual", "failed"):
                mark.append(newest)
            elif newest.grade.released is None:
                release.append(newest)
    watch = [w for person in known.values() for w in person.recordings
             if w.recording.status == "ready" and not w.is_answered]
    return Needs(tuple(sorted(mark, key=lambda h: h.submission.received)),
                 tuple(sorted(release, key=lambda h: h.submission.received)),
                 tuple(sorted(watch, key=lambda w: w.recording.started)))
