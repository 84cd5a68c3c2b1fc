"""A small alliance in a real database, the real portal, and people who are signed in to it.

The Hub's one answer, whose token this is, comes from a table here; tests/test_portal_signin.py has
the real one.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

import httpx

from coteach.hub.api import HubApi
from coteach.hub.session import SESSION_COOKIE
from coteach.portal.app import create_application
from coteach.settings import Settings
from coteach.store import Database, events, utcnow
from coteach.store.schema import (
    Cohort,
    CohortMember,
    Comment,
    Grade,
    Person,
    Recording,
    Room,
    School,
    SchoolClass,
    Submission,
)

MODULE = "m1-set-up-the-online-classroom"


class Hub:
    """What the Hub would say; `away` makes it answer nothing."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.asked = 0
        self.away = False
        self.fault = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.away:
            raise httpx.ConnectError("no Hub", request=request)
        if self.fault:
            return httpx.Response(500)
        name = self.tokens.get(request.headers.get("authorization", "").partition(" ")[2])
        if name is None:
            return httpx.Response(403)
        if request.url.path == "/hub/api/user":
            return httpx.Response(200, json={"kind": "user", "name": name})
        return httpx.Response(200, json={"name": name, "servers": {}})


class Alliance:
    """Two cohorts: one with teachers who got somewhere, one of another trainer."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database, self.hub = settings, database, Hub()
        api = HubApi(settings, httpx.AsyncClient(transport=httpx.MockTransport(self.hub)))
        self.app = create_application(settings, database, api)
        self.people: dict[str, Person] = {}
        with database.session() as session:
            self._fill(session)

    def _fill(self, session) -> None:
        now = utcnow()
        school = School(name="Sandbar Island School", language="en", country="AU",
                        time_zone="Australia/Brisbane")
        taipei = School(name="海風國小", language="zh-Hant", country="TW", time_zone="Asia/Taipei")
        session.add_all([school, taipei])
        session.flush()
        self.school = school.id
        for name, shown, role, home in (
                ("trainer", "Tara", "trainer", school), ("other", "Otto", "trainer", school),
                ("amina", "Amina", "teacher", school), ("bruno", "Bruno", "teacher", school),
                ("chen", "陳老師", "teacher", taipei), ("zoe", "Zoe", "teacher", school)):
            self.people[name] = Person(
                username=name, display_name=shown, role=role, school_id=home.id,
                language=home.language, time_zone=home.time_zone)
            self.hub.tokens[f"token-{name}"] = name
        session.add_all(self.people.values())
        self.cohort = Cohort(name="First steps", course="teaching-at-a-distance",
                             starts=now - timedelta(days=3), ends=now + timedelta(weeks=4))
        self.elsewhere = Cohort(name="Elsewhere", course="teaching-at-a-distance", starts=now,
                                ends=now + timedelta(weeks=4))
        session.add_all([self.cohort, self.elsewhere])
        session.flush()
        for cohort, names in ((self.cohort, ("trainer", "amina", "bruno", "chen")),
                              (self.elsewhere, ("other", "zoe"))):
            session.add_all(CohortMember(cohort_id=cohort.id, person_id=self.people[n].id,
                                         role=self.people[n].role) for n in names)
        session.flush()

    def id(self, name: str) -> str:
        return self.people[name].id

    def tick(self, name: str, step: str, verb: str = "step-done", value=None) -> None:
        with self.database.session() as session:
            events.append(session, [{
                "id": str(uuid.uuid4()), "actor": self.id(name), "session": self.cohort.id,
                "lesson": MODULE, "cell": step, "verb": verb, "value": value}])

    def record(self, name: str, *, status: str = "ready", remarks: int = 0) -> str:
        now = utcnow()
        with self.database.session() as session:
            recording = Recording(
                room=f"practice-{name}", person_id=self.id(name), cohort_id=self.cohort.id,
                module=MODULE, purpose="practice", started=now - timedelta(minutes=9),
                ended=None if status == "recording" else now, status=status, duration=247.0,
                bytes=1, tracks=[], delete_after=now + timedelta(days=180))
            session.add(recording)
            session.flush()
            session.add_all(Comment(recording_id=recording.id, author_id=self.id("trainer"),
                                    at=float(i), text="Well heard.") for i in range(remarks))
            return recording.id

    def hand_in(self, name: str, *, grade: str | None = None, released: bool = False,
                late: bool = False) -> str:
        now = utcnow()
        with self.database.session() as session:
            submission = Submission(
                cohort_id=self.cohort.id, person_id=self.id(name), course=self.cohort.course,
                assignment=MODULE, notebook="assignment.ipynb", sha256=uuid.uuid4().hex * 2,
                size=9, late=late)
            session.add(submission)
            session.flush()
            if grade:
                session.add(Grade(submission_id=submission.id, status=grade, score=8, max_score=10,
                                  released=now if released else None))
            return submission.id

    def open_room(self, name: str) -> str:
        with self.database.session() as session:
            room = Room(name=f"practice-{self.id(name)[:8]}-{MODULE}", owner_id=self.id(name),
                        cohort_id=self.cohort.id, module=MODULE, last_seen=utcnow())
            session.add(room)
            return room.name

    def school_class(self, name: str) -> None:
        with self.database.session() as session:
            session.add(SchoolClass(name="Class 5", school_id=self.school,
                                    teacher_id=self.id(name)))

    def cookie(self, name: str) -> str:
        return self.app.state.parts.sessions.mint(f"token-{name}", name, 3600)

    def client(self, name: str | None = None, **headers: str) -> httpx.AsyncClient:
        """A browser, of somebody or of nobody, that sends what browsers send."""
        cookies = {SESSION_COOKIE: self.cookie(name)} if name else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://school.test", cookies=cookies,
            headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html", **headers})
