"""Choices of columns for grades that leave a cohort, kept under a name.

Rule: each saving is an event, so nothing is lost when two trainers use one name; the newest counts,
and one that is taken away is an event too.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from coteach.store import events
from coteach.store.schema import Cohort, Person, new_id

VERB = "grade-columns"


def of(session: Session, cohort: Cohort) -> dict[str, dict[str, Any]]:
    """Return the choices of a cohort by name."""
    found: dict[str, dict[str, Any]] = {}
    for event in events.read(session, session_id=cohort.id, verbs=[VERB]):
        found[event.value["name"]] = event.value["mapping"]
    return {name: found[name] for name in sorted(found) if found[name] is not None}


def keep(session: Session, cohort: Cohort, person: Person, name: str,
         mapping: dict[str, Any] | None) -> None:
    """Keep a choice under a name; None takes it away."""
    events.append(session, [{
        "id": new_id(), "actor": person.id, "session": cohort.id, "verb": VERB,
        "value": {"name": name, "mapping": mapping}}])
