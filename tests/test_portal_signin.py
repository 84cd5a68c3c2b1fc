"""Signing in to the portal and out again: the real proxy, the real JupyterHub, the real portal."""

from __future__ import annotations

import dataclasses
import os
import sys

import httpx
import pytest
from test_signin import PASSWORD, House, field, sign_up
from test_supervisor import SERVER

from coteach.hub.session import SESSION_COOKIE, Sessions
from coteach.portal.signin import safe_next
from coteach.supervisor import Supervisor, errorpages
from coteach.supervisor.parts import parts


class PortalHouse(House):
    """The house with its real portal."""

    async def _start(self):
        run = "test-" + os.urandom(4).hex()
        self.supervisor = Supervisor(self.settings.layout, run)
        pages = errorpages.write(self.settings.layout.run / "pages")
        services = []
        for service in parts(self.settings, run, self.supervisor.client, pages):
            if service.name in ("classroom", "live"):
                port = str(getattr(self.settings, f"{service.name}_port"))
                service = dataclasses.replace(service, command=[sys.executable, "-c", SERVER, port])
            services.append(service)
        self.supervisor.start(services)
        await self.supervisor.wait_until_ready(80)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = PortalHouse(tmp_path_factory.mktemp("portal-house"))
    yield made
    made.close()


@pytest.fixture
def browser(house):
    with httpx.Client(base_url=house.settings.url, trust_env=False, timeout=30,
                      follow_redirects=True, headers={"Sec-Fetch-Mode": "navigate"}) as made:
        yield made


def member(house, browser, name: str) -> None:
    """Sign somebody up with an invitation."""
    answer = sign_up(browser, house.invite(), username=name, display_name=name.title())
    assert answer.status_code == 200, answer.text


def post(browser, address, **options):
    return browser.post(address, headers={"Sec-Fetch-Site": "same-origin"}, **options)


def test_who_signed_up_is_at_home_without_a_second_door(house, browser):
    page = browser.get(f"/invite/{house.invite()}")
    assert "/hub/signup?invite=" in page.text
    member(house, browser, "ann")
    page = browser.get("/")
    assert "Ann" in page.text and "You are in no course yet." in page.text
    assert browser.get("/api/v1/me").json()["username"] == "ann"


def test_a_page_that_needs_somebody_comes_back_after_the_password(house, browser):
    member(house, browser, "ben")
    with httpx.Client(base_url=house.settings.url, trust_env=False, timeout=30,
                      follow_redirects=True, headers={"Sec-Fetch-Mode": "navigate"}) as other:
        page = other.get("/me")
        assert page.url.path == "/hub/login"
        page = other.post(str(page.url), data={
            "_xsrf": field(page), "username": "ben", "password": PASSWORD})
        assert page.url.path == "/me" and 'value="Ben"' in page.text


def test_a_script_gets_its_session_silently(house, browser):
    member(house, browser, "cara")
    browser.get("/")
    browser.cookies.delete(SESSION_COOKIE)
    assert browser.get("/api/v1/me").status_code == 401
    assert browser.get("/login?next=/api/v1/me").json()["username"] == "cara"
    assert browser.get("/api/v1/me").status_code == 200


def test_the_hubs_token_in_a_header_is_enough(house, browser):
    member(house, browser, "dan")
    browser.get("/")
    token = Sessions(house.settings, house.database).token_of_cookie(browser.cookies[SESSION_COOKIE])
    with house.browser() as lab:
        answer = lab.get("/api/v1/me", headers={"Authorization": f"token {token}"})
    assert answer.json()["username"] == "dan"


def test_signing_out_ends_the_session_here_and_at_the_hub(house, browser):
    member(house, browser, "eva")
    browser.get("/")
    kept = browser.cookies[SESSION_COOKIE]
    page = post(browser, "/logout")
    assert page.status_code == 200
    assert SESSION_COOKIE not in browser.cookies
    assert 'href="/login"' in browser.get("/").text
    assert browser.get("/me").url.path == "/hub/login"
    with house.browser() as thief:
        thief.cookies.set(SESSION_COOKIE, kept)
        assert thief.get("/api/v1/me").status_code == 401


def test_another_site_cant_sign_one_out(house, browser):
    member(house, browser, "fay")
    browser.get("/")
    answer = browser.post("/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert browser.get("/api/v1/me").status_code == 200


def test_a_browser_that_keeps_no_cookies_is_told_so_and_not_sent_in_circles(house, browser):
    member(house, browser, "gus")
    browser.follow_redirects = False
    address, hops = "/login?next=/me", 0
    while hops < 9:
        browser.cookies = httpx.Cookies({
            c.name: c.value for c in browser.cookies.jar if not c.name.startswith("coteach_state")})
        answer = browser.get(address)
        hops += 1
        if answer.status_code not in (302, 303):
            break
        address = answer.headers["location"]
    assert answer.status_code == 403
    assert "your browser did not keep our cookie" in answer.text


def test_a_made_up_return_leads_home(house, browser):
    for query in ("", "?code=x", "?code=x&state=y", "?state=" + "z" * 3000):
        assert browser.get(f"/oauth_callback{query}").url.path == "/"


def test_signing_in_never_leads_to_another_site(house, browser):
    member(house, browser, "hal")
    for wanted in ("//evil.test/", "https://evil.test", "/\\evil.test", "/a\nb", "javascript:1"):
        page = browser.get("/login", params={"next": wanted})
        assert page.url.host == "127.0.0.1" and page.url.path == "/"


def test_a_lab_opened_by_its_address_asks_who_it_is_and_comes_back(house, browser):
    member(house, browser, "iris")
    browser.get("/")
    browser.cookies.delete(SESSION_COOKIE)
    page = {"Accept": "text/html"}
    answer = browser.get("/user/iris/lab/tree/a.ipynb?reset", headers=page)
    # Her Lab does not run: the Hub says so, as it did without a gate before it.
    assert answer.url.path.startswith(("/hub/user/iris/", "/user/iris/"))
    assert [hop.url.path for hop in answer.history].count("/login") == 1
    assert SESSION_COOKIE in browser.cookies and "belongs to another person" not in answer.text
    other = browser.get("/user/ann/lab", headers=page)
    assert other.status_code == 403 and "belongs to another person" in other.text
    with house.browser() as stranger:
        assert stranger.get("/user/iris/lab", headers=page).headers["location"] == (
            "/login?next=%2Fuser%2Firis%2Flab")
        stranger.follow_redirects = True
        assert stranger.get("/user/iris/lab", headers=page).url.path == "/hub/login"


def test_signing_in_never_leads_out_again(house, browser):
    member(house, browser, "jon")
    for wanted in ("/hub/logout", "/logout", "/hub/logout?x=1", "/hub/./logout/", "/hub//logout",
                   "/c/../hub/%6cogout", "/%2Fhub/logout", "/hub/login?next=/hub/logout"):
        assert browser.get("/login", params={"next": wanted}).url.path == "/"
        assert browser.get("/api/v1/me").json()["username"] == "jon"
    assert safe_next("/hub/logouts?next=/logout") == "/hub/logouts?next=/logout"
