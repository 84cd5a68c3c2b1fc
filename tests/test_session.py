"""Sessions: whose cookie or token it is, asked seldom and known for a while without the Hub."""

from __future__ import annotations

import dataclasses

import httpx
import pytest
from portal_site import Hub

from coteach.hub import session as session_module
from coteach.hub.api import HubApi, HubAway
from coteach.hub.session import Sessions, bearer, same_origin
from coteach.settings import Settings
from coteach.store import Database
from coteach.store.schema import Person
from coteach.tokens import TokenSigner


@pytest.fixture
def hub() -> Hub:
    made = Hub()
    made.tokens["t1"] = "amina"
    return made


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now
    made = Clock()
    monkeypatch.setattr(session_module, "time", made)
    return made


@pytest.fixture
def sessions(settings: Settings, hub: Hub):
    database = Database.of(settings)
    database.migrate()
    with database.session() as session:
        session.add(Person(username="amina", display_name="Amina", role="teacher"))
    yield Sessions(settings, database, HubApi(settings, httpx.AsyncClient(
        transport=httpx.MockTransport(hub))))
    database.close()


async def test_a_cookie_names_its_person(sessions):
    person = await sessions.person_of_cookie(sessions.mint("t1", "amina", 60))
    assert person.display_name == "Amina"


async def test_a_forged_expired_or_foreign_cookie_names_nobody(sessions, settings, hub):
    other = TokenSigner(b"0" * 64, "session").mint({"token": "t1"}, lifetime=60)
    purpose = TokenSigner(session_module.secrets_of(settings).get("session"), "live").mint(
        {"token": "t1"}, lifetime=60)
    for value in (None, "", "x", other, purpose, sessions.mint("t1", "amina", -1), sessions.mint("t1", "amina", 60)[:-2]):
        assert await sessions.person_of_cookie(value) is None
    assert hub.asked == 0


async def test_the_hub_is_asked_once_a_minute(sessions, hub, clock):
    for _i in range(5):
        assert await sessions.username_of_token("t1") == "amina"
    assert hub.asked == 1
    clock.now += 61
    await sessions.username_of_token("t1")
    assert hub.asked == 2


async def test_a_token_that_was_taken_back_is_refused_after_a_minute(sessions, hub, clock):
    await sessions.username_of_token("t1")
    hub.tokens.clear()
    clock.now += 61
    assert await sessions.username_of_token("t1") is None


async def test_signing_out_is_seen_at_once(sessions, hub):
    await sessions.username_of_token("t1")
    hub.tokens.clear()
    sessions.forget("t1")
    assert await sessions.username_of_token("t1") is None


@pytest.mark.parametrize("way", ["away", "fault"])
async def test_while_the_hub_is_away_known_people_stay_and_others_are_not_called_nobody(
        sessions, hub, clock, way):
    await sessions.username_of_token("t1")
    setattr(hub, way, True)
    clock.now += 600
    assert await sessions.username_of_token("t1") == "amina"
    with pytest.raises(HubAway):
        await sessions.ask("t2")
    clock.now += 3600
    assert await sessions.username_of_token("t1") is None


async def test_a_services_token_is_nobody(sessions, hub, settings):
    def service(request):
        return httpx.Response(200, json={"kind": "service", "name": "amina"})
    api = HubApi(settings, httpx.AsyncClient(transport=httpx.MockTransport(service)))
    assert await api.whoami("s") is None


async def test_strange_tokens_are_not_sent_on(sessions, hub):
    for token in ("ü", "x" * 2000, "", None, "a\r\nX: b" * 200):
        assert await sessions.username_of_token(token) is None
    assert hub.asked == 0


@pytest.mark.parametrize(("header", "token"), [
    ("Bearer abc", "abc"), ("token abc", "abc"), ("Basic abc", None), ("Bearer ", None), (None, None)])
def test_a_bearer_token_comes_in_two_spellings(header, token):
    assert bearer(header) == token


@pytest.mark.parametrize(("headers", "ours"), [
    ({"sec-fetch-site": "same-origin"}, True), ({"sec-fetch-site": "none"}, True),
    ({"sec-fetch-site": "same-site"}, False), ({"sec-fetch-site": "cross-site"}, False),
    ({"origin": "https://a.test", "host": "a.test"}, True),
    ({"origin": "http://a.test:8000", "host": "a.test:8000"}, True),
    ({"origin": "http://a.test:8001", "host": "a.test:8000"}, False),
    ({"origin": "null", "host": "a.test"}, False), ({"host": "a.test"}, False), ({}, False)])
def test_same_origin_believes_only_what_a_browser_says_itself(headers, ours):
    assert same_origin(headers) is ours


def test_the_hub_is_asked_where_the_settings_say(settings):
    api = HubApi(dataclasses.replace(settings, hub_port=5), None)
    assert api._base == "http://127.0.0.1:5/hub/api"
