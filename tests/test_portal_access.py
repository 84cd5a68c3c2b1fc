"""Who gets in: denied by default, to pages, API and other people's cohorts."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute
from portal_site import MODULE, Alliance

from coteach.settings import Settings
from coteach.store import Database
from coteach.store.schema import Person

OPEN = {"/", "/healthz", "/login", "/oauth_callback", "/logout", "/invite/{token}",
        "/widgets/{file}", "/api/v1/openapi.json"}
"""What somebody who is not signed in may ask for."""


@pytest.fixture
def alliance(settings: Settings):
    database = Database.of(settings)
    database.migrate()
    yield Alliance(settings, database)
    database.close()


def routes(alliance: Alliance):
    """Every (method, path) of the portal; what is in a path is filled with a word."""
    def walk(found):
        for route in found:
            if isinstance(route, APIRoute):
                yield route
            elif hasattr(route, "original_router"):
                yield from walk(route.original_router.routes)
            elif hasattr(route, "routes"):
                yield from walk(route.routes)
    return [(method, route.path, re.sub(r"\{[^}]*\}", "x", route.path))
            for route in walk(alliance.app.routes) for method in sorted(route.methods)]


async def test_every_address_is_closed_to_those_who_are_not_signed_in(alliance):
    listed = routes(alliance)
    assert len(listed) > 15
    async with alliance.client() as browser:
        for method, path, address in listed:
            if path in OPEN:
                continue
            answer = await browser.request(method, address)
            if path.startswith("/api/"):
                assert answer.status_code == 401, path
                assert answer.json()["error"]["code"] == "sign-in-needed"
            elif method == "GET":
                assert answer.status_code == 303, path
                assert answer.headers["location"].startswith("/login?next="), path
            else:
                assert answer.status_code == 401, path


async def test_a_page_asks_to_sign_in_and_comes_back_to_where_one_was(alliance):
    async with alliance.client() as browser:
        answer = await browser.get("/cohorts/abc?part=2")
    assert answer.headers["location"] == "/login?next=%2Fcohorts%2Fabc%3Fpart%3D2"


@pytest.mark.parametrize("who", ["amina", "other", "zoe"])
async def test_a_cohort_is_its_trainers_only(alliance, who):
    here = f"/cohorts/{alliance.cohort.id}"
    async with alliance.client(who) as browser:
        for address in (here, f"{here}/progress.csv", f"{here}/invitations/x/withdraw",
                        f"/api/v1/cohorts/{alliance.cohort.id}/progress"):
            answer = await browser.get(address)
            assert answer.status_code == 403, address
            assert "Amina" not in answer.text.replace(">Amina<", "") or who == "amina"
        for address in (f"{here}/invitations", f"{here}/invitations/x/withdraw"):
            assert (await browser.post(address, data={"language": "en"})).status_code == 403


async def test_a_cohort_that_is_not_there_looks_like_somebody_elses(alliance):
    async with alliance.client("amina") as browser:
        missing = await browser.get("/api/v1/cohorts/none/progress")
        foreign = await browser.get(f"/api/v1/cohorts/{alliance.elsewhere.id}/progress")
    assert (missing.status_code, missing.json()) == (foreign.status_code, foreign.json())


async def test_an_invitation_of_another_cohort_cant_be_withdrawn_through_ones_own(alliance):
    async with alliance.client("trainer") as trainer:
        await trainer.post(f"/cohorts/{alliance.cohort.id}/invitations", data={"language": "en"})
        page = await trainer.get(f"/cohorts/{alliance.cohort.id}")
    key = re.search(r"/invitations/([^/]+)/withdraw", page.text)[1]
    async with alliance.client("other") as other:
        answer = await other.post(f"/cohorts/{alliance.elsewhere.id}/invitations/{key}/withdraw")
    assert answer.status_code == 404


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "", "Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site", "Origin": "http://school.test"},
])
async def test_another_sites_form_changes_nothing(alliance, headers):
    async with alliance.client("amina") as browser:
        answer = await browser.post("/steps", data={"module": MODULE, "step": "far-end"},
                                    headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text


async def test_a_browser_that_tells_only_its_origin_is_believed_when_it_is_ours(alliance):
    async with alliance.client("amina") as browser:
        del browser.headers["Sec-Fetch-Site"]
        refused = await browser.post("/steps", data={"module": MODULE, "step": "far-end"})
        served = await browser.post("/steps", data={"module": MODULE, "step": "far-end"},
                                    headers={"Origin": "http://school.test"})
    assert (refused.status_code, served.status_code) == (403, 303)


async def test_a_labs_token_opens_the_api_as_its_owner(alliance):
    async with alliance.client() as lab:
        del lab.headers["Sec-Fetch-Site"]
        for scheme in ("token", "Bearer"):
            answer = await lab.get("/api/v1/me", headers={"Authorization": f"{scheme} token-amina"})
            assert answer.json()["username"] == "amina"
        done = await lab.post("/api/v1/steps", headers={"Authorization": "token token-amina"},
                              json={"module": MODULE, "step": "far-end"})
        wrong = await lab.get("/api/v1/me", headers={"Authorization": "token guessed"})
    assert (done.status_code, wrong.status_code) == (201, 401)


async def test_a_stranger_with_a_hub_account_is_told_so(alliance):
    alliance.hub.tokens["token-eve"] = "eve"
    async with alliance.client("eve") as browser:
        page = await browser.get("/")
        api = await browser.get("/api/v1/home")
    assert page.status_code == 403
    assert "The account eve has no place in coteach yet." in page.text
    assert 'action="/logout"' in page.text
    assert api.json()["error"]["code"] == "no-person"


async def test_every_answer_carries_the_safe_headers(alliance):
    async with alliance.client("amina") as browser:
        for address in ("/", "/nowhere", "/api/v1/me", "/static/base.css", "/healthz"):
            headers = (await browser.get(address)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'self'" in policy and "frame-ancestors 'self'" in policy
            assert "unsafe-inline" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert "camera=(self)" in headers["permissions-policy"]
        assert (await browser.get("/")).headers["cache-control"] == "no-store"


async def test_pages_run_no_script_and_style_of_their_own(alliance):
    async with alliance.client("trainer") as browser:
        pages = [await browser.get(a) for a in ("/", "/me", f"/cohorts/{alliance.cohort.id}")]
        pages.append(await browser.post(f"/cohorts/{alliance.cohort.id}/invitations", data={"language": "en"}))
    for page in pages:
        assert page.status_code == 200
        for tag in re.findall(r"<script[^>]*>", page.text):
            assert 'type="application/json"' in tag or 'src="/static/' in tag
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page.text)


async def sent(megabytes: int, read: list[int]):
    """A body without a stated length, which notes how far it was read."""
    for _part in range(megabytes * 16):
        read.append(1 << 16)
        yield b" " * (1 << 16)


@pytest.mark.parametrize("path", ["/api/v1/steps", "/api/v1/rooms", "/me", "/logout"])
async def test_a_body_above_the_limit_is_refused_in_a_sentence(alliance, path):
    read: list[int] = []
    async with alliance.client("amina", **{"Content-Type": "application/json"}) as browser:
        stated = await browser.post(path, content=b" " * (2 << 20))
        assert stated.status_code == 413 and "larger than 1 MB" in stated.text
        if path != "/logout":  # it asks for no body, so none is read
            counted = await browser.post(path, content=sent(40, read), headers={
                "Content-Type": "application/json" if "api" in path
                else "application/x-www-form-urlencoded"})
            assert counted.status_code == 413 and "larger than 1 MB" in counted.text
    assert sum(read) < 3 << 20


async def test_the_api_reads_no_body_of_who_is_not_signed_in(alliance):
    read: list[int] = []
    async with alliance.client() as browser:
        for path in ("/api/v1/steps", "/api/v1/submissions", "/api/v1/line"):
            answer = await browser.post(path, content=sent(4, read))
            assert answer.status_code == 401 and answer.json()["error"]["code"] == "sign-in-needed"
    async with alliance.client(Authorization="Bearer forged") as program:
        assert (await program.post("/api/v1/steps", content=sent(4, read))).status_code == 401
    assert read == []


async def test_a_measurement_and_a_hand_in_have_larger_limits_of_their_own(alliance):
    async with alliance.client("amina") as browser:
        assert (await browser.post("/api/v1/line", content=b"x" * (1 << 20))).status_code == 200
        large = b'{"assignment": "x", "notebook": "' + b"x" * (2 << 20) + b'"}'
        answer = await browser.post("/api/v1/submissions", content=large, headers={
            "Content-Type": "application/json"})
        assert answer.status_code == 404, "read, and there is no such assignment"


@pytest.mark.parametrize(("method", "path", "body"), [
    ("PUT", "/api/v1/submissions/x/marks", {"grade_id": "q", "points": 1}),
    ("POST", "/api/v1/steps", {"module": MODULE, "step": "x"}),
    ("POST", "/api/v1/rooms", {"module": MODULE}),
    ("POST", "/api/v1/recordings/x/comments", {"at": 1, "text": "x"}),
    ("POST", "/api/v1/recordings/x/marks", {"rubric_line": "x", "level": 1}),
    ("POST", "/api/v1/device-checks", {"id": "0" * 32, "overall": "good", "parts": {}})])
async def test_the_api_refuses_fields_it_does_not_know(alliance, method, path, body):
    async with alliance.client("trainer") as browser:
        answer = await browser.request(method, path, json=body | {"pointz": 3})
    assert answer.status_code == 422 and "pointz" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("headers", "kept"), [
    ({"Sec-Fetch-Site": "same-origin"}, "vi"), ({"Sec-Fetch-Site": "none"}, "vi"),
    ({"Sec-Fetch-Site": "same-site"}, "en"), ({"Sec-Fetch-Site": "cross-site"}, "en")])
async def test_a_link_on_another_site_changes_no_language_for_good(alliance, headers, kept):
    async with alliance.client("amina", **headers) as browser:
        page = await browser.get("/", params={"lang": "vi"})
        assert '<html lang="vi">' in page.text
        assert f'<html lang="{kept}">' in (await browser.get("/")).text
    with alliance.database.reading() as session:
        assert session.get(Person, alliance.id("amina")).language == kept
