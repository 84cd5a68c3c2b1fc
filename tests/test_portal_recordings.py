"""Rooms and recordings in the portal: who may, who may not, and what seeking players need."""

from __future__ import annotations

import os
import uuid

import httpx
import pytest
from fastapi.testclient import TestClient

from coteach.hub.api import HubApi
from coteach.hub.session import SESSION_COOKIE, Sessions
from coteach.lessonpack import find_courses
from coteach.portal.app import create_application
from coteach.settings import secrets_of
from coteach.store import Database, events, outcomes, recordings, rooms, utcnow
from coteach.store.schema import Cohort, CohortMember, Person, Recording
from coteach.tokens import TokenSigner


class Alliance:
    """Two teachers and a trainer of a cohort, a stranger, and a recording of the first teacher."""

    def __init__(self, settings):
        self.settings = settings
        self.database = Database.of(settings)
        self.database.migrate()
        course = next(iter(find_courses()), None)
        self.module = course.modules[0].id if course else "m1"
        self.rubric = course.modules[0].rubric if course else ()
        with self.database.session() as session:
            cohort = Cohort(name="C", course=course.id if course else "c", starts=utcnow(),
                            ends=utcnow())
            people = {n: Person(username=n, display_name=n.title(), role=r) for n, r in (
                ("linh", "teacher"), ("mei", "teacher"), ("trainer", "trainer"),
                ("stranger", "teacher"))}
            session.add_all([cohort, *people.values()])
            session.flush()
            for name, person in people.items():
                if name != "stranger":
                    session.add(CohortMember(cohort_id=cohort.id, person_id=person.id,
                                             role=person.role))
            session.flush()
            room = rooms.own(session, people["linh"], self.module)
            made = recordings.start(session, room, purpose="p", days=30)
            made.status, made.duration, made.ended = "ready", 60.0, utcnow()
            made.tracks = [{"person": people["linh"].id, "name": "Linh", "file": "1.webm",
                            "kind": "audio+video", "offset": 0, "duration": 60.0}]
            self.room, self.recording = room.name, made.id
            self.people = {n: p.id for n, p in people.items()}
        self.folder = settings.layout.recordings / self.recording
        self.folder.mkdir()
        self.bytes = os.urandom(5000)
        (self.folder / "1.webm").write_bytes(self.bytes)
        hub = HubApi(settings, httpx.AsyncClient(transport=httpx.MockTransport(
            lambda r: httpx.Response(200, json={
                "kind": "user", "name": r.headers["authorization"].removeprefix("token for-")}))))
        self.app = create_application(settings, self.database, hub)
        self.sessions = Sessions(settings, self.database, hub)

    def client(self, name) -> TestClient:
        return TestClient(self.app, cookies={SESSION_COOKIE: self.sessions.mint(f"for-{name}", name, 600)},
                          headers={"sec-fetch-site": "same-origin"}, base_url="http://coteach")

    def url(self, *more) -> str:
        return "/".join(["/api/v1/recordings", self.recording, *more])


@pytest.fixture
def alliance(settings):
    made = Alliance(settings)
    yield made
    made.database.close()


def test_teacher_and_trainer_watch_a_recording_and_nobody_else(alliance):
    for name, status in (("linh", 200), ("trainer", 200), ("mei", 403), ("stranger", 403)):
        client = alliance.client(name)
        for path in (alliance.url(), alliance.url("media", "0"), alliance.url("comments"),
                     alliance.url("marks"), f"/recordings/{alliance.recording}"):
            assert client.get(path).status_code == status, (name, path)
        listed = client.get("/api/v1/recordings").json()["recordings"]
        assert [r["id"] for r in listed] == ([alliance.recording] if status == 200 else [])
    assert TestClient(alliance.app).get(alliance.url()).status_code == 401


def test_media_answers_ranges_so_that_a_player_can_seek(alliance):
    answer = alliance.client("linh").get(alliance.url("media", "0"), headers={"range": "bytes=100-199"})
    assert answer.status_code == 206 and answer.content == alliance.bytes[100:200]
    assert answer.headers["content-type"] == "video/webm"
    assert "no-store" not in answer.headers["cache-control"]
    for number in ("1", "-1"):
        assert alliance.client("linh").get(alliance.url("media", number)).status_code == 404


def test_a_comment_is_pinned_to_its_second_and_only_its_author_takes_it_back(alliance):
    trainer, linh = alliance.client("trainer"), alliance.client("linh")
    made = trainer.post(alliance.url("comments"), json={"at": 12.5, "text": " Look up. "})
    assert made.status_code == 201 and made.json()["comment"]["text"] == "Look up."
    trainer.post(alliance.url("comments"), json={"at": 3, "text": "Good start."})
    seen = linh.get(alliance.url()).json()["recording"]["comments"]
    assert [(c["at"], c["author"], c["mine"]) for c in seen] == [
        (3, "Trainer", False), (12.5, "Trainer", False)]
    one = alliance.url("comments", made.json()["comment"]["id"])
    assert linh.delete(one).status_code == 404
    assert trainer.delete(one).status_code == 200
    assert len(linh.get(alliance.url("comments")).json()["comments"]) == 1


@pytest.mark.parametrize(("body", "status"), [
    ({"at": 5, "text": "   "}, 400), ({"at": 500, "text": "late"}, 400),
    ({"at": -1, "text": "early"}, 422), ({"at": 5, "text": "x" * 4001}, 400),
    ({"text": "when?"}, 422), ({"at": 5, "text": "x", "rubric_line": "no-such"}, 404),
])
def test_a_comment_that_makes_no_sense_is_refused_with_a_sentence(alliance, body, status):
    answer = alliance.client("linh").post(alliance.url("comments"), json=body)
    assert answer.status_code == status and answer.json()["error"]["message"].endswith(".")


def test_the_newest_mark_of_each_marker_counts(alliance):
    if not alliance.rubric:
        pytest.fail("the course has no rubric")
    line = alliance.rubric[0].id
    trainer, linh = alliance.client("trainer"), alliance.client("linh")
    for level in (1, 3):
        assert trainer.post(alliance.url("marks"),
                            json={"rubric_line": line, "level": level}).status_code == 201
    linh.post(alliance.url("marks"), json={"rubric_line": line, "level": 2})
    seen = trainer.get(alliance.url("marks")).json()["marks"]
    assert sorted((m["author"], m["level"]) for m in seen) == [("Linh", 2), ("Trainer", 3)]
    assert {m["author"]: m["self"] for m in seen} == {"Linh": True, "Trainer": False}
    with alliance.database.reading() as session:
        assert outcomes.marks(session, [alliance.recording]) == [(alliance.recording, line, 3)]
    for body in ({"rubric_line": line, "level": 4}, {"rubric_line": "none", "level": 1}):
        assert trainer.post(alliance.url("marks"), json=body).status_code in (400, 404)
    assert alliance.client("mei").post(
        alliance.url("marks"), json={"rubric_line": line, "level": 1}).status_code == 403


def test_deleting_needs_the_id_and_removes_the_files(alliance):
    linh = alliance.client("linh")
    assert linh.request("DELETE", alliance.url(), json={}).json()["error"]["code"] == "not-confirmed"
    assert alliance.client("mei").request(
        "DELETE", alliance.url(), json={"confirm": alliance.recording}).status_code == 403
    assert alliance.folder.exists()
    done = linh.request("DELETE", alliance.url(), json={"confirm": alliance.recording})
    assert done.status_code == 200 and not alliance.folder.exists()
    assert linh.get(alliance.url()).status_code == 404
    with alliance.database.reading() as session:
        assert session.get(Recording, alliance.recording).status == "deleted"


def test_a_pass_says_who_and_where_and_only_her_cohort_gets_one(alliance):
    linh = alliance.client("linh")
    room = linh.post("/api/v1/rooms", json={"kind": "practice", "module": alliance.module}).json()
    assert room["room"] == alliance.room
    got = linh.post(f"/api/v1/rooms/{alliance.room}/token").json()
    claims = TokenSigner(secrets_of(alliance.settings).get("live"), "live").read(got["token"])
    assert claims["owner"] is True and claims["room"] == alliance.room
    assert got["events"] == f"/live/{alliance.room}/events" and got["purpose"]
    peer = alliance.client("mei").post(f"/api/v1/rooms/{alliance.room}/token").json()
    assert peer["owner"] is False
    assert alliance.client("stranger").post(
        f"/api/v1/rooms/{alliance.room}/token").status_code == 403
    assert linh.post("/api/v1/rooms/none/token").status_code == 404
    assert linh.post("/api/v1/rooms", json={"module": "../x"}).status_code == 400
    unknown = linh.post("/api/v1/rooms", json={"module": "m99-not-there"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "no-module")


def test_rooms_with_somebody_in_them_are_listed_for_the_cohort(alliance):
    mei = alliance.client("mei")
    assert mei.get("/api/v1/rooms").json()["rooms"] == []
    with alliance.database.session() as session:
        rooms.seen(session, [alliance.room])
    assert [r["owner"] for r in mei.get("/api/v1/rooms").json()["rooms"]] == ["Linh"]
    assert alliance.client("stranger").get("/api/v1/rooms").json()["rooms"] == []
    assert mei.get(f"/rooms/{alliance.room}").status_code == 200
    assert alliance.client("stranger").get(f"/rooms/{alliance.room}").status_code == 403


def test_a_device_check_is_stored_once(alliance):
    linh = alliance.client("linh")
    check = {"id": str(uuid.uuid4()), "module": alliance.module, "overall": "good", "parts": {
        "camera": {"state": "good", "value": "640x360"},
        "line": {"state": "weak", "code": "slow", "value": {"down": 1.0, "up": 0.5}}}}
    for _ in range(2):
        assert linh.post("/api/v1/device-checks", json=check).status_code == 201
    with alliance.database.reading() as session:
        found = events.read(session, verbs=["device-checked"])
    assert len(found) == 1 and found[0].actor == alliance.people["linh"]
    assert found[0].value["parts"]["line"]["code"] == "slow"


def test_the_line_is_measured_with_a_limit(alliance):
    linh = alliance.client("linh")
    assert len(linh.get("/api/v1/line?kb=64").content) == 65536
    assert linh.get("/api/v1/line?kb=100000").status_code == 422
    assert linh.post("/api/v1/line", content=b"x" * 1000).json() == {"bytes": 1000}
    assert linh.post("/api/v1/line", content=b"x" * (1 << 20) + b"x").status_code == 413


def test_the_pages_scripts_and_styles_come_from_here(alliance):
    linh = alliance.client("linh")
    for name, page in (("room_page", f"/rooms/{alliance.room}"),
                       ("recording_page", f"/recordings/{alliance.recording}")):
        text = linh.get(page).text
        for kind in ("js", "css"):
            assert f'/widgets/{name}.{kind}?v=' in text
            assert len(linh.get(f"/widgets/{name}.{kind}").text) > 1000
    assert linh.get("/widgets/practice.js").status_code == 404
