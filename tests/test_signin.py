"""Signing up and in, through the real proxy and the real JupyterHub."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import re
import signal
import sys
import threading
import time
from datetime import timedelta

import httpx
import pytest
from test_supervisor import SERVER

from coteach.cli import _welcome
from coteach.settings import load, secrets_of
from coteach.store import people
from coteach.store.database import Database
from coteach.store.schema import Invitation, Person, School, utcnow
from coteach.supervisor import Supervisor, errorpages, ports
from coteach.supervisor.parts import parts

PASSWORD = "four words by hand"


class House:
    """Proxy and Hub as `coteach up` starts them; the other parts are small HTTP servers."""

    def __init__(self, root):
        chosen = ports.assign(load(root, environ={}), environ={})
        self.settings = dataclasses.replace(chosen, port=ports.free_port("127.0.0.1"))
        self.settings.layout.create()
        (self.settings.layout.demo_file).write_text(json.dumps({"logins": {"demo-amina": PASSWORD}}))
        _welcome.prepare(self.settings, None)
        self.database = Database.of(self.settings)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.call(self._start())

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(90)

    async def _start(self):
        run = "test-" + os.urandom(4).hex()
        self.supervisor = Supervisor(self.settings.layout, run)
        pages = errorpages.write(self.settings.layout.run / "pages")
        services = []
        for service in parts(self.settings, run, self.supervisor.client, pages):
            if service.name in ("portal", "classroom", "live"):
                port = str(getattr(self.settings, f"{service.name}_port"))
                service = dataclasses.replace(service, command=[sys.executable, "-c", SERVER, port])
            services.append(service)
        self.supervisor.start(services)
        await self.supervisor.wait_until_ready(80)

    def close(self):
        self.call(self.supervisor.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
        self.database.close()

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.settings.url, trust_env=False, timeout=30,
                            headers={"Sec-Fetch-Mode": "navigate"})

    def invite(self, **values) -> str:
        with self.database.session() as session:
            row, token = people.invite(session, role="teacher", **values)
            self.last = row.id
        return token


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = House(tmp_path_factory.mktemp("house"))
    yield made
    made.close()


def field(page: httpx.Response, name: str = "_xsrf") -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, page.text
    return found[1]


def sign_up(browser: httpx.Client, token: str, **values) -> httpx.Response:
    page = browser.get("/hub/signup", params={"invite": token})
    if page.status_code != 200:
        return page
    return browser.post("/hub/signup", data={
        "_xsrf": field(page), "invite": token, "display_name": "Mai Lan", "username": "mai",
        "password": PASSWORD, "password_again": PASSWORD, **values})


def sign_in(browser: httpx.Client, username: str, password: str) -> httpx.Response:
    page = browser.get("/hub/login")
    return browser.post("/hub/login", data={
        "_xsrf": field(page), "username": username, "password": password})


def test_an_invitation_makes_the_account_and_signs_in_and_is_used_up(house):
    token = house.invite()
    with house.browser() as browser:
        answer = sign_up(browser, token, username="mai.lan")
        assert (answer.status_code, answer.headers["location"]) == (302, "/login")
        assert browser.get("/hub/home").status_code == 200
        again = browser.get("/hub/signup", params={"invite": token})
        assert again.status_code == 410
        assert "used already" in again.text
    with house.database.reading() as session:
        assert people.by_username(session, "mai.lan").display_name == "Mai Lan"


def test_without_an_invitation_nobody_gets_in(house):
    with house.browser() as browser:
        assert browser.get("/hub/signup").status_code == 404
        page = browser.get("/hub/login")
        answer = browser.post("/hub/signup", data={
            "_xsrf": field(page), "username": "guest", "password": PASSWORD,
            "password_again": PASSWORD, "display_name": "Guest"})
        assert answer.status_code == 404
        assert "does not exist" in answer.text
        assert sign_in(browser, "guest", PASSWORD).status_code == 403


def test_an_expired_and_a_withdrawn_invitation_say_so(house):
    for change, said in (({"expires": utcnow() - timedelta(days=1)}, "has expired"),
                         ({"withdrawn": utcnow()}, "was withdrawn")):
        token = house.invite()
        with house.database.session() as session:
            row = session.get(Invitation, house.last)
            for name, value in change.items():
                setattr(row, name, value)
        with house.browser() as browser:
            answer = browser.get("/hub/signup", params={"invite": token})
            assert answer.status_code == 410
            assert said in answer.text


@pytest.mark.parametrize(("values", "said"), [
    ({"password": "short", "password_again": "short"}, "at least 8"),
    ({"password": "aaaaaaaaaa", "password_again": "aaaaaaaaaa"}, "too easy"),
    ({"password": "x" * 30 + "yz" + "é" * 30, "password_again": "x" * 30 + "yz" + "é" * 30},
     "too long"),
    ({"password_again": "something else"}, "differ"),
    ({"username": "Ünïcode"}, "letters from a to z"),
    ({"username": "a"}, "letters from a to z"),
    ({"username": "../../etc"}, "letters from a to z"),
    ({"display_name": "   "}, "colleagues know you by"),
])
def test_what_can_not_be_used_is_said_and_the_invitation_stays_good(house, values, said):
    token = house.invite()
    with house.browser() as browser:
        answer = sign_up(browser, token, **values)
        assert answer.status_code == 400
        assert said in answer.text
        assert PASSWORD not in answer.text
        assert browser.get("/hub/signup", params={"invite": token}).status_code == 200


def test_a_name_that_is_taken_is_refused_and_its_password_stays(house):
    with house.browser() as first:
        assert sign_up(first, house.invite(), username="taken").status_code == 302
    token = house.invite()
    with house.browser() as second:
        answer = sign_up(second, token, username="Taken", password="another good one",
                         password_again="another good one")
        assert answer.status_code == 409
        assert "taken" in answer.text
        assert second.get("/hub/signup", params={"invite": token}).status_code == 200
    with house.browser() as third:
        assert sign_in(third, "taken", PASSWORD).status_code == 302


def test_the_school_of_the_invitation_is_named_safely(house):
    with house.database.session() as session:
        school = School(name="<b>Đảo</b>", language="vi", country="VN", time_zone="UTC")
        session.add(school)
        session.flush()
        _row, token = people.invite(session, role="teacher", school=school)
    with house.browser() as browser:
        page = browser.get("/hub/signup", params={"invite": token})
        assert "&lt;b&gt;Đảo&lt;/b&gt;" in page.text


def test_demo_people_sign_in_and_land_on_the_portal(house):
    with house.browser() as browser:
        answer = sign_in(browser, "demo-amina", PASSWORD)
        assert (answer.status_code, answer.headers["location"]) == (302, "/login")


def test_a_guesser_has_to_wait_and_others_do_not(house):
    with house.browser() as browser:
        for _try in range(5):
            refused = sign_in(browser, "victim", "wrong wrong")
            assert refused.status_code == 403
            assert "This name and this password do not fit together." in refused.text
        answer = sign_in(browser, "victim", "wrong wrong")
        assert answer.status_code == 429
        assert re.search(r"Wait \d+ seconds", answer.text)
        assert sign_in(browser, "demo-amina", PASSWORD).status_code == 302


@pytest.mark.parametrize("data", [
    {}, {"username": "demo-amina"}, {"username": "demo-amina", "password": "\0"},
    {"username": "x" * 5000, "password": "y" * 5000}])
def test_a_broken_sign_in_form_is_a_wrong_password_and_not_a_fault(house, data):
    with house.browser() as browser:
        page = browser.get("/hub/login")
        assert browser.post("/hub/login", data={"_xsrf": field(page), **data}).status_code == 403


def test_the_pages_speak_the_language_of_the_cookie(house):
    with house.browser() as browser:
        assert '<html lang="en">' in browser.get("/hub/login").text
        page = browser.get("/hub/login", params={"lang": "vi", "next": "/hub/home"})
        assert '<html lang="vi">' in page.text
        assert browser.cookies["coteach_lang"] == "vi"
        assert '<html lang="vi">' in browser.get("/hub/login").text
        assert 'href="?next=%2Fhub%2Fhome&amp;lang=zh-Hant"' in page.text


def oauth_token(house, browser) -> str:
    """A token that the portal would hold for this browser."""
    answer = browser.get("/hub/api/oauth2/authorize", params={
        "client_id": "service-portal", "redirect_uri": "/oauth_callback",
        "response_type": "code", "state": "x"})
    code = re.search(r"code=([^&]+)", answer.headers["location"])[1]
    done = httpx.post(f"{house.settings.url}/hub/api/oauth2/token", trust_env=False, data={
        "client_id": "service-portal", "grant_type": "authorization_code", "code": code,
        "client_secret": secrets_of(house.settings).text("service-portal"),
        "redirect_uri": "/oauth_callback"})
    return done.json()["access_token"]


def whoami(house, token: str) -> str | None:
    """Whose token the Hub takes this for."""
    answer = httpx.get(f"{house.settings.url}/hub/api/user", trust_env=False,
                       headers={"Authorization": f"token {token}"})
    return answer.json()["name"] if answer.status_code == 200 else None


def test_a_password_is_changed_by_who_knows_the_old_one(house):
    with house.browser() as browser:
        sign_up(browser, house.invite(), username="changer")
        xsrf = field(browser.get("/hub/change-password"))
        new = "a brand new one"

        def change(old):
            return browser.post("/hub/change-password", data={
                "_xsrf": xsrf, "old_password": old, "new_password": new, "password_again": new})

        assert change("not this").status_code == 403
        with house.browser() as elsewhere:
            sign_in(elsewhere, "changer", PASSWORD)
            token = oauth_token(house, elsewhere)
            assert elsewhere.get("/hub/change-password").status_code == 200
            assert whoami(house, token) == "changer"
            assert change(PASSWORD).status_code == 200
            assert elsewhere.get("/hub/change-password").status_code == 302
            assert whoami(house, token) is None
        assert browser.get("/hub/change-password").status_code == 200
    with house.browser() as later:
        assert sign_in(later, "changer", PASSWORD).status_code == 403
        assert sign_in(later, "changer", new).status_code == 302


def test_the_portal_is_let_in_without_a_question_and_only_to_its_own_address(house):
    with house.browser() as browser:
        sign_in(browser, "demo-amina", PASSWORD)
        ask = {"client_id": "service-portal", "redirect_uri": "/oauth_callback",
               "response_type": "code", "state": "x"}
        answer = browser.get("/hub/api/oauth2/authorize", params=ask)
        assert answer.status_code == 302
        assert "/oauth_callback?code=" in answer.headers["location"]
        evil = browser.get("/hub/api/oauth2/authorize",
                           params={**ask, "redirect_uri": "https://evil.example/"})
        assert evil.status_code == 400


def test_a_page_that_is_not_there_is_ours(house):
    with house.browser() as browser:
        page = browser.get("/hub/nothing-here")
        assert page.status_code == 404
        assert "There is no such page." in page.text


def test_a_proxy_that_was_killed_serves_everything_again_within_seconds(house):
    old = house.supervisor.pids["proxy"]
    os.kill(old, signal.SIGKILL)
    deadline = time.monotonic() + 10
    with house.browser() as browser:
        while True:
            try:
                codes = [browser.get(path).status_code for path in ("/", "/c/x", "/live/x",
                                                                    "/hub/login")]
                assert codes == [200] * 4
                break
            except (httpx.HTTPError, AssertionError):
                assert time.monotonic() < deadline
                time.sleep(0.1)
    assert house.supervisor.pids["proxy"] != old


def test_a_killed_hub_leaves_the_rest_serving_and_people_signed_in(house):
    with house.browser() as browser:
        sign_in(browser, "demo-amina", PASSWORD)
        os.kill(house.supervisor.pids["hub"], signal.SIGKILL)
        assert browser.get("/").status_code == 200
        away = browser.get("/hub/home")
        assert away.status_code == 503
        assert "loads again by itself" in away.text
        deadline = time.monotonic() + 30
        while browser.get("/hub/home").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        with house.database.reading() as session:
            assert session.query(Person).count() >= 1
