"""Filling a deployment with the demo alliance."""

from __future__ import annotations

import json
import os
import secrets
import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from coteach.demo import alliance
from coteach.grading import cohort as grading
from coteach.lessonpack import get_lesson
from coteach.settings import Settings
from coteach.store import Database, classes, people, utcnow
from coteach.store.schema import Cohort, CohortMember, Person, School, SchoolClass

_NAMESPACE = uuid.UUID("6f1f0c60-6a55-4e0e-9a53-3f6c1a1b7f0e")
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that look alike: these passwords are read from a terminal."""

COHORT_WEEKS = 5


def _id(kind: str, name: str) -> str:
    # Fixed ids: seeding again finds what it made, and no table needs a column for it.
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


def seed(settings: Settings, password: str | None = None) -> dict[str, Any]:
    """Make what is missing of the demo alliance.

    Parameters
    ----------
    settings
        The deployment; its database is migrated.
    password
        One password for all demo people; a random one each when not given. Passwords that were
        made before are kept.

    Returns
    -------
    dict
        ``{"logins": {username: password}, "class_code": str}``.
    """
    database = Database.of(settings)
    try:
        database.migrate()
        with database.session() as session:
            _schools(session)
            _people(session)
            _cohort(session)
            _class(session)
            code = _open_lesson(session, settings)
            cohort = session.get_one(Cohort, cohort_id())
    finally:
        database.close()
    _release(settings, cohort)
    return {"logins": _logins(settings, password), "class_code": code}


def cohort_id() -> str:
    """Return the id of the demo cohort."""
    return _id("cohort", alliance.COHORT)


def _schools(session: Session) -> None:
    for school in alliance.SCHOOLS:
        if session.get(School, _id("school", school.key)) is None:
            session.add(School(
                id=_id("school", school.key), name=school.name, language=school.language,
                country=school.country, time_zone=school.time_zone, demo=True))
    session.flush()


def _people(session: Session) -> None:
    schools = {school.key: school for school in alliance.SCHOOLS}
    for person in alliance.PEOPLE:
        if people.by_username(session, person.username) is None:
            school = schools[person.school]
            session.add(Person(
                id=_id("person", person.username), username=person.username,
                display_name=person.display_name, role=person.role,
                school_id=_id("school", person.school), language=school.language,
                time_zone=school.time_zone, demo=True))
    session.flush()


def _cohort(session: Session) -> None:
    if session.get(Cohort, cohort_id()) is None:
        now = utcnow()
        session.add(Cohort(
            id=cohort_id(), name=alliance.COHORT, course=alliance.COURSE, starts=now,
            ends=now + timedelta(weeks=COHORT_WEEKS), demo=True))
        session.flush()
    for person in alliance.PEOPLE:
        found = people.by_username(session, person.username)
        if found is not None and session.get(CohortMember, (cohort_id(), found.id)) is None:
            session.add(CohortMember(
                cohort_id=cohort_id(), person_id=found.id, role=person.role))
    session.flush()


def _class(session: Session) -> None:
    class_id = _id("class", alliance.CLASS)
    if session.get(SchoolClass, class_id) is not None:
        return
    teacher = people.get(session, _id("person", alliance.CLASS_TEACHER))
    assert teacher.school_id is not None
    school_class = SchoolClass(
        id=class_id, name=alliance.CLASS, school_id=teacher.school_id, teacher_id=teacher.id,
        language=teacher.language, demo=True)
    session.add(school_class)
    session.flush()
    for nickname, picture in alliance.CARDS:
        classes.add_card(session, school_class, nickname=nickname, picture=picture)


def _open_lesson(session: Session, settings: Settings) -> str:
    school_class = classes.get(session, _id("class", alliance.CLASS))
    soon = utcnow() + timedelta(minutes=30)
    running = [row for row in classes.open_sessions(session, school_class.id) if row.closes > soon]
    if running:
        return running[0].code
    lesson = get_lesson(alliance.LESSON, settings)
    return classes.open_session(
        session, school_class, lesson=lesson.id, version=lesson.version,
        person=people.get(session, school_class.teacher_id),
        minutes=settings.class_code_minutes).code


def _release(settings: Settings, cohort: Cohort) -> None:
    # Here and not when the first teacher opens the module: she would wait some seconds for it.
    for task in grading.tasks(settings, cohort):
        if not grading.is_released(task):
            grading.release(task)


def _logins(settings: Settings, password: str | None) -> dict[str, str]:
    file = settings.layout.demo_file
    logins: dict[str, str] = {}
    if file.exists():
        logins = json.loads(file.read_text(encoding="utf-8"))["logins"]
    wanted = [person.username for person in alliance.PEOPLE]
    if set(wanted) <= set(logins):
        return logins
    for name in wanted:
        logins.setdefault(name, password or _password())
    scratch = file.with_suffix(".new")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump({"logins": logins}, out)
        out.flush()
        os.fsync(out.fileno())
    scratch.replace(file)
    return logins


def _password() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))
