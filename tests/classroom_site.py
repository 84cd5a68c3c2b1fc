"""A school with two teachers and their classes, and the real classroom service on a free port.

The Hub's one answer, whose token this is, comes from a small server here.
"""

from __future__ import annotations

import json
import re
import shutil
import uuid
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import tornado.web
from ports import free_port

from coteach.classroom.service import create_application
from coteach.hub.session import SESSION_COOKIE, Sessions
from coteach.pages import serving
from coteach.settings import Settings
from coteach.store import Database, classes
from coteach.store.schema import Event, Person, School, SchoolClass

LESSON = Path(__file__).parent / "data" / "lesson"
TEACHERS = ("lan", "otto")
NAMES = (("Mai", "crab"), ("Long", "turtle"), ("Hoa", "kite"))


class HubUser(tornado.web.RequestHandler):
    """Says that a token belongs to the person it names."""

    def get(self) -> None:
        name = self.request.headers["Authorization"].partition(" ")[2]
        if name == "nobody":
            self.set_status(403)
            return
        self.finish({"kind": "user", "name": name})


def settled(settings: Settings) -> Settings:
    """Settings with free ports."""
    return replace(settings, classroom_port=free_port(), hub_port=free_port())


def fill(settings: Settings, secrets: bool = False) -> tuple[Database, dict[str, str]]:
    """Make the school; return the database and the ids of what is in it.

    Its classes want picture secrets only when a test says so.
    """
    shutil.copytree(LESSON, settings.layout.lessons / "swing")
    database = Database.of(settings)
    database.migrate()
    with database.session() as session:
        school = School(name="Sandbar", language="en", country="VN",
                        time_zone="Asia/Ho_Chi_Minh")
        session.add(school)
        session.flush()
        for name in TEACHERS:
            session.add(Person(username=name, display_name=name.title(), role="teacher",
                               school_id=school.id, time_zone="Asia/Ho_Chi_Minh"))
    return database, open_class(database, secrets)


def open_class(database: Database, secrets: bool = False) -> dict[str, str]:
    """Make a new class of each teacher and open the lesson in the first one; return the ids."""
    with database.session() as session:
        found = {}
        for name in TEACHERS:
            person = session.query(Person).filter(Person.username == name).one()
            made = SchoolClass(name=f"Class of {name}", school_id=person.school_id,
                               teacher_id=person.id, secrets=secrets)
            session.add(made)
            session.flush()
            found[name], found[f"class-{name}"] = person.id, made.id
        mine = classes.get(session, found["class-lan"])
        for nickname, picture in NAMES:
            card = classes.add_card(session, mine, nickname=nickname, picture=picture)
            found[nickname], found[f"actor-{nickname}"] = card.id, card.pseudonym
        row = classes.open_session(session, mine, lesson="swing", version="1",
                                   person=session.get(Person, found["lan"]), minutes=60)
        found["session"], found["code"] = row.id, row.code
    return found


class Site:
    """The running service and what a test needs of it."""

    def __init__(self, settings, database, ids, application) -> None:
        self.settings, self.database, self.ids = settings, database, ids
        self.room = application.settings["room"]
        self.url = settings.internal("classroom")

    def browser(self, **headers: str) -> httpx.AsyncClient:
        """A browser without cookies."""
        return httpx.AsyncClient(base_url=self.url, follow_redirects=True, timeout=60,
                                 trust_env=False,
                                 headers={"Sec-Fetch-Site": "same-origin", **headers})

    def teacher(self, name: str = "lan") -> httpx.AsyncClient:
        """A browser of somebody who is signed in."""
        made = self.browser()
        made.cookies.set(SESSION_COOKIE, session_cookie(self.settings, name), path="/")
        return made

    async def pupil(self, nickname: str) -> Pupil:
        """A browser in which a pupil chose her card; her page is not opened yet."""
        browser = self.browser()
        answer = await browser.post(f"/c/{self.ids['code']}/enter",
                                    data={"card": self.ids[nickname]}, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return Pupil(self, browser, nickname)

    def answers(self) -> list[Event]:
        """What is in the store, read through a connection of its own."""
        with Database(self.database.url).reading() as session:
            return list(session.query(Event).filter(Event.verb == "answered")
                        .order_by(Event.received, Event.client_seq))


class Pupil:
    """A pupil's browser."""

    def __init__(self, site: Site, browser: httpx.AsyncClient, nickname: str) -> None:
        self.site, self.browser = site, browser
        self.guest = site.room.guests.read(browser.cookies["coteach_guest"])

    async def page(self) -> str:
        """Open the class page to its end."""
        return (await self.browser.get(f"/c/{self.site.ids['code']}")).text

    async def send(self, *events: dict, pupil: str | None = None) -> httpx.Response:
        """Post answers."""
        return await self.browser.post("/c/api/answers", json={
            "pupil": pupil or self.guest.pupil, "events": list(events)})

    async def mine(self) -> httpx.Response:
        """Get one's own answers."""
        return await self.browser.get("/c/api/answers", params={"pupil": self.guest.pupil})


def answer(choice: int = 0, *, seq: int = 1, cell: str = "q-choice", **more) -> dict:
    """An event as the widget sends it."""
    return {"id": str(uuid.uuid4()), "cell": cell, "verb": "answered",
            "value": {"kind": "choice", "key": "slower",
                      "answer": {"choice": choice, "text": "The long one"}},
            "client_time": "1999-01-01T00:00:00Z", "client_seq": seq, **more}


def session_cookie(settings: Settings, name: str) -> str:
    """What the portal would have set."""
    return Sessions(settings, None, object()).mint(name, name, 3600)  # type: ignore[arg-type]


def page_data(html: str) -> dict:
    """What the page tells its scripts."""
    return json.loads(re.search(r'id="coteach-page">(.*?)</script>', html).group(1))


@asynccontextmanager
async def running(settings: Settings, secrets: bool = False):
    """Run the service."""
    settings = settled(settings)
    database, ids = fill(settings, secrets)
    hub = tornado.web.Application([("/hub/api/user", HubUser)]).listen(
        settings.hub_port, "127.0.0.1")
    application = create_application(settings, database)
    server = serving.serve(application, xheaders=True)
    server.listen(settings.classroom_port, "127.0.0.1")
    try:
        yield Site(settings, database, ids, application)
    finally:
        server.stop()
        hub.stop()
        await application.settings["room"].close()
        await server.close_all_connections()
