"""A teacher's way through her course, ready to be shown: modules, steps, and what is next.

Both the home page and the API (for the sidebar in JupyterLab) show exactly this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from coteach.i18n import get_language
from coteach.i18n import gettext as _
from coteach.lessonpack import Course, Module, get_course
from coteach.portal import links
from coteach.store import progress, utcnow
from coteach.store.progress import DONE, NEW, OPEN, UNDER_WAY, WAITING, Facts, StepState
from coteach.store.schema import Cohort, Person
from coteach.ui import times


@dataclass(frozen=True)
class StepView:
    """One step as it is shown."""

    id: str
    kind: str
    title: str
    cell: str
    state: str
    word: str
    """The state in words; empty when there is nothing to say."""
    at: datetime | None
    url: str
    can_tick: bool
    """Whether she says herself that it is done."""


@dataclass(frozen=True)
class ModuleView:
    """One module as it is shown."""

    id: str
    number: int
    title: str
    minutes: int
    deadline: datetime | None
    deadline_local: str | None
    overdue: bool
    """Whether the deadline is over."""
    url: str
    steps: tuple[StepView, ...]
    current: str
    """Id of the step that is next in this module; empty when none is."""

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(step.state == DONE for step in self.steps)


@dataclass(frozen=True)
class Learning:
    """A cohort in which somebody learns."""

    cohort: Cohort
    course: Course
    title: str
    modules: tuple[ModuleView, ...]
    facts: Facts


@dataclass(frozen=True)
class Next:
    """The one thing to do now."""

    kind: str
    """A step's kind, or ``wait``, ``finished``, ``empty``, ``mark``, ``release``, ``watch``."""
    eyebrow: str
    title: str
    text: str
    label: str = ""
    url: str = ""
    cohort: str = ""
    module: str = ""
    step: str = ""
    in_lab: bool = False


def deadline_of(cohort: Cohort, module: Module) -> datetime | None:
    """Return until when a module's assignment is on time."""
    if not module.assignment:
        return None
    return cohort.starts + timedelta(days=module.deadline_days)


def is_over(deadline: datetime | None) -> bool:
    """Say whether what is handed in now is late."""
    return deadline is not None and utcnow() > deadline


def _word(state: StepState, deadline: datetime | None, time_zone: str) -> str:
    at = times.local(state.at, time_zone) if state.at else ""
    if state.state == DONE:
        if state.kind == "assignment":
            return (_("Handed in late, {when}") if state.late else _("Handed in {when}")).format(
                when=at)
        said = {"device-check": _("Checked {when}"), "practice": _("Recorded {when}"),
                "feedback": _("Read {when}")}.get(state.kind, _("Done {when}"))
        return said.format(when=at)
    if state.state == NEW:
        return _("Your trainer has answered.")
    if state.state == WAITING:
        return _("Your trainer has your work. Nothing to do for you now.")
    if state.state == UNDER_WAY:
        return (_("Recording now") if state.kind == "practice"
                else _("The last check found something to fix."))
    if state.kind == "assignment" and deadline is not None:
        said = (_("It was due {when}. You can still hand in; it will be marked as late.")
                if is_over(deadline) else _("Hand in by {when}"))
        return said.format(when=times.when(deadline, time_zone))
    return ""


def _url(course: Course, module: Module, state: StepState, facts: Facts) -> str:
    if state.kind == "assignment":
        return links.assignment(course, module)
    if state.kind != "feedback":
        return links.module(course, module)
    if state.state not in (NEW, DONE):
        return ""
    given = [h for h in facts.hand_ins if h.submission.assignment == module.assignment
             and h.grade is not None and h.grade.released is not None]
    if given:
        return links.submission(max(given, key=lambda h: h.submission.received).submission.id)
    remarked = [w.recording for w in facts.recordings
                if w.recording.module == module.id and w.is_answered]
    return links.recording(remarked[0].id) if remarked else ""


def module_view(cohort: Cohort, course: Course, module: Module, facts: Facts,
                time_zone: str) -> ModuleView:
    """Return a module as one person sees it."""
    language, deadline = get_language(), deadline_of(cohort, module)
    views = []
    for step, state in zip(module.steps, progress.steps(module, facts), strict=True):
        views.append(StepView(
            id=step.id, kind=step.kind, title=step.title_in(language), cell=step.cell,
            state=state.state, word=_word(state, deadline, time_zone), at=state.at,
            url=_url(course, module, state, facts),
            can_tick=step.kind == "read" and state.state == OPEN))
    current = next((v for v in views if v.state == NEW), None) or next(
        (v for v in views if v.state in (OPEN, UNDER_WAY) and v.url), None)
    number = [m.id for m in course.modules].index(module.id) + 1
    return ModuleView(
        id=module.id, number=number, title=module.title_in(language), minutes=module.minutes,
        deadline=deadline,
        deadline_local=times.when(deadline, time_zone) if deadline else None,
        overdue=is_over(deadline),
        url=links.module(course, module), steps=tuple(views),
        current=current.id if current else "")


def learning(session: Session, person: Person, cohort: Cohort) -> Learning:
    """Return a cohort in which a person learns, with how far she is."""
    course = get_course(cohort.course)
    facts = progress.facts(session, cohort, [person.id])[person.id]
    modules = tuple(module_view(cohort, course, m, facts, person.time_zone)
                    for m in course.modules)
    return Learning(cohort, course, course.title_in(get_language()), modules, facts)


def what_is_next(courses: Sequence[Learning]) -> Next:
    """Return the one thing a teacher does now: feedback first, then the next open step."""
    waiting = any(s.state == WAITING for c in courses for m in c.modules for s in m.steps)
    found = [(c, m, s) for c in courses for m in c.modules for s in m.steps if s.id == m.current]
    found.sort(key=lambda each: each[2].state != NEW)
    if found:
        return _step_next(*found[0])
    if waiting:
        return Next("wait", _("Well done"), _("Your trainer has your work."),
                    _("There is nothing for you to do now. You see the answer here."))
    if courses:
        return Next("finished", _("Well done"), _("You have finished all modules."),
                    _("You can open them again at any time."))
    return Next("empty", _("Welcome"), _("You are in no course yet."),
                _("Ask your trainer to put you into a course."))


def _step_next(course: Learning, module: ModuleView, step: StepView) -> Next:
    eyebrow = _("Next: module {number}, {title}").format(number=module.number, title=module.title)
    label = _("Open module {number} in JupyterLab").format(number=module.number)
    text = {
        "read": _("Read this part of the module and try what it asks for."),
        "device-check": _("Check camera, microphone, light and line. It takes two minutes."),
        "practice": _("Teach a few minutes on camera. Colleagues can join, and you can record."),
    }.get(step.kind, "")
    if step.kind == "assignment":
        label, text = _("Open the assignment in JupyterLab"), step.word
    if step.kind == "feedback":
        label, text = _("Read your feedback"), _("Your trainer has answered.")
    return Next(step.kind, eyebrow, step.title, text, label, step.url, course.cohort.id,
                module.id, step.id, in_lab=step.kind != "feedback")
