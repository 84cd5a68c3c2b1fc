"""Marking a step of a module as done; the server decides what may be marked by hand."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from coteach.errors import Conflict, NotFound
from coteach.i18n import gettext as _
from coteach.lessonpack import Module, Step, get_course
from coteach.store import events, people
from coteach.store.schema import Cohort, Person

VERBS = {"read": "step-done", "device-check": "device-checked", "practice": "practised",
         "feedback": "feedback-read"}


def find(session: Session, person: Person, module_id: str, step_id: str
         ) -> tuple[Cohort, Module, Step]:
    """Return where somebody learns this step.

    Raises
    ------
    NotFound
        She is in no cohort with such a module, or the module has no such step.
    """
    for cohort in people.cohorts_of(session, person):
        if people.membership(session, cohort.id, person.id) != "teacher":
            continue
        for module in get_course(cohort.course).modules:
            if module.id == module_id:
                return cohort, module, module.step(step_id)
    raise NotFound(_("You are in no course with the module {module!r}.").format(
        module=module_id[:120]), code="no-module")


def tick(session: Session, person: Person, *, module: str, step: str,
         value: dict[str, Any] | None = None, event_id: str | None = None) -> str:
    """Store that a step is done and return the event's id; sent again it is stored once.

    Raises
    ------
    NotFound
        As `find`.
    Conflict
        An assignment is done by handing it in and by nothing else.
    """
    cohort, found, the_step = find(session, person, module, step)
    if the_step.kind == "assignment":
        raise Conflict(_("This step is done when you hand the assignment in."),
                       hint=_("Hand it in from JupyterLab."), code="not-by-hand")
    key = event_id or str(uuid.uuid4())
    events.append(session, [{
        "id": key, "actor": person.id, "session": cohort.id, "lesson": found.id,
        "cell": the_step.id, "verb": VERBS[the_step.kind], "value": value,
        "demo": person.demo}])
    return key
