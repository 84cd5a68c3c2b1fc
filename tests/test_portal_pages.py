"""Home, cohort, invitation and settings pages, and the API of the same things."""

from __future__ import annotations

import csv
import io
import re
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from portal_site import MODULE, Alliance

from coteach import i18n
from coteach.settings import Settings
from coteach.store import Database, classes, events, people, utcnow
from coteach.store.schema import Cohort, Mark, Person, Recording


@pytest.fixture
def alliance(settings: Settings):
    database = Database.of(settings)
    database.migrate()
    yield Alliance(settings, database)
    database.close()


async def home(alliance, who):
    async with alliance.client(who) as browser:
        return (await browser.get("/api/v1/home")).json()


async def page(alliance, who, address="/", **headers):
    async with alliance.client(who, **headers) as browser:
        return await browser.get(address)


# Home

async def test_without_signing_in_there_are_two_doors(alliance):
    text = (await page(alliance, None)).text
    assert 'href="/login"' in text and 'href="/c/"' in text


async def test_a_new_teacher_is_sent_to_the_first_step_in_jupyterlab(alliance):
    text = (await page(alliance, "amina")).text
    assert "Sit at the far end" in text
    lab = f"/hub/user-redirect/lab/tree/teaching-at-a-distance/{MODULE}/module.ipynb"
    assert re.search(rf'class="button primary" href="{re.escape(lab)}"', text)
    assert "Open module 1 in JupyterLab" in text
    assert text.count('"button primary"') == 1


async def test_what_is_next_moves_on_with_what_is_done(alliance):
    walked = []
    for act in (lambda: alliance.tick("amina", "far-end"),
                lambda: alliance.tick("amina", "sound-light-frame"),
                lambda: alliance.tick("amina", "", "device-checked", {"overall": "weak"}),
                lambda: alliance.tick("amina", "co-teacher"), lambda: alliance.record("amina"),
                lambda: alliance.hand_in("amina")):
        walked.append((await home(alliance, "amina"))["next"]["step"])
        act()
    assert walked == [s["id"] for s in (await home(alliance, "amina"))["learning"][0]["modules"][0]["steps"]][:6]
    assert (await home(alliance, "amina"))["next"]["kind"] == "wait"


async def test_a_device_check_that_found_something_is_not_done(alliance):
    alliance.tick("amina", "", "device-checked", {"overall": "bad"})
    steps = (await home(alliance, "amina"))["learning"][0]["modules"][0]["steps"]
    check = next(s for s in steps if s["kind"] == "device-check")
    assert check["state"] == "under-way"
    alliance.tick("amina", "", "device-checked", {"overall": "good"})
    steps = (await home(alliance, "amina"))["learning"][0]["modules"][0]["steps"]
    assert next(s for s in steps if s["kind"] == "device-check")["state"] == "done"


async def test_feedback_that_came_is_first_and_done_when_read(alliance):
    key = alliance.hand_in("amina", grade="graded", released=True)
    found = await home(alliance, "amina")
    assert (found["next"]["kind"], found["next"]["url"]) == ("feedback", f"/submissions/{key}")
    alliance.tick("amina", "", "feedback-read")
    found = await home(alliance, "amina")
    assert found["next"]["kind"] == "read"
    assert found["learning"][0]["modules"][0]["steps"][-1]["state"] == "done"


async def test_marks_that_are_not_released_look_like_no_marks(alliance):
    alliance.hand_in("amina", grade="graded")
    text = (await page(alliance, "amina")).text
    assert "With your trainer" in text and "Feedback is here" not in text
    step = (await home(alliance, "amina"))["learning"][0]["modules"][0]["steps"][-1]
    assert (step["state"], step["url"]) == ("waiting", "")


async def test_home_counts_comments_alone_and_says_seconds_below_a_minute(alliance):
    recording = alliance.record("amina", remarks=1)
    with alliance.database.session() as session:
        session.get_one(Recording, recording).duration = 17.4
        session.add_all(Mark(recording_id=recording, author_id=alliance.id("trainer"),
                             rubric_line=f"line-{n}", level=2, rubric_version="1")
                        for n in range(5))
    text = (await page(alliance, "amina")).text
    assert "1 comment<" in text and "17 s<" in text and "0:17" not in text


async def test_a_late_hand_in_is_called_late(alliance):
    alliance.hand_in("amina", late=True)
    assert "Handed in late" in (await page(alliance, "amina")).text


async def test_a_colleagues_open_practice_can_be_joined_from_home(alliance):
    room = alliance.open_room("bruno")
    assert f'href="/rooms/{room}"' in (await page(alliance, "amina")).text
    assert room not in (await page(alliance, "bruno")).text
    assert room not in (await page(alliance, "zoe")).text


async def test_a_trainer_sees_what_waits_for_her(alliance):
    assert (await home(alliance, "trainer"))["next"]["kind"] == "wait"
    alliance.record("bruno")
    alliance.hand_in("amina")
    alliance.hand_in("chen", grade="graded")
    found = await home(alliance, "trainer")
    assert found["next"]["kind"] == "mark"
    assert [(n["kind"], n["count"]) for n in found["running"][0]["needs"]] == [
        ("mark", 1), ("release", 1), ("watch", 1)]
    assert (await home(alliance, "other"))["running"][0]["needs"] == []


async def test_a_second_hand_in_replaces_the_first_for_marking(alliance):
    alliance.hand_in("amina", grade="graded", released=True)
    alliance.hand_in("amina")
    needs = (await home(alliance, "trainer"))["running"][0]["needs"]
    assert [(n["kind"], n["count"]) for n in needs] == [("mark", 1)]


async def test_somebody_in_no_course_is_told_what_to_do(alliance):
    with alliance.database.session() as session:
        session.add(Person(username="new", display_name="New", role="teacher"))
    alliance.hub.tokens["token-new"] = "new"
    assert "You are in no course yet." in (await page(alliance, "new")).text


# Steps

async def test_a_step_sent_twice_is_stored_once(alliance):
    body = {"module": MODULE, "step": "far-end", "id": str(uuid.uuid4())}
    async with alliance.client("amina") as browser:
        answers = [await browser.post("/api/v1/steps", json=body) for _i in range(2)]
    assert [a.json() for a in answers] == [{"id": body["id"]}] * 2
    with alliance.database.reading() as session:
        stored = events.read(session, actor=alliance.id("amina"), verbs=["step-done"])
    assert [(e.cell, e.lesson, e.session) for e in stored] == [
        ("far-end", MODULE, alliance.cohort.id)]


async def test_a_step_marked_on_the_page_is_done(alliance):
    async with alliance.client("amina") as browser:
        answer = await browser.post("/steps", data={"module": MODULE, "step": "far-end"})
        assert answer.status_code == 303
        assert "Sound, light, frame" in (await browser.get("/")).text.split("</h1>")[0]


@pytest.mark.parametrize(("body", "status", "code"), [
    ({"module": MODULE, "step": "nothing"}, 404, "not-found"),
    ({"module": "m99", "step": "far-end"}, 404, "no-module"),
    ({"module": MODULE, "step": "assignment"}, 409, "not-by-hand"),
    ({"module": MODULE}, 422, "invalid"),
    ({"module": "m" * 500, "step": "far-end"}, 422, "invalid"),
    ({"module": MODULE, "step": "far-end", "id": "not a uuid"}, 422, "invalid"),
    ({"module": MODULE, "step": "far-end", "value": {"x": "y" * 9000}}, 413, "too-large"),
    ({"module": MODULE, "step": "far-end\u0000"}, 404, "not-found"),
])
async def test_a_wrong_step_gets_a_sentence(alliance, body, status, code):
    if body.get("step") == "assignment":
        steps = (await home(alliance, "amina"))["learning"][0]["modules"][0]["steps"]
        body["step"] = next(s["id"] for s in steps if s["kind"] == "assignment")
    async with alliance.client("amina") as browser:
        answer = await browser.post("/api/v1/steps", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"].endswith(".")


async def test_what_is_not_json_gets_a_sentence(alliance):
    async with alliance.client("amina") as browser:
        answer = await browser.post("/api/v1/steps", content=b"\xff{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


# A trainer's cohort

async def test_the_cohort_page_shows_who_has_done_what(alliance):
    alliance.tick("chen", "far-end")
    alliance.hand_in("bruno", late=True)
    text = (await page(alliance, "trainer", f"/cohorts/{alliance.cohort.id}")).text
    for said in ("Amina", "Bruno", "陳老師", "海風國小", "Done (late)", "Never", "progress.csv"):
        assert said in text
    assert "Zoe" not in text


async def test_progress_as_csv_opens_in_a_spreadsheet_and_runs_no_formula(alliance):
    with alliance.database.session() as session:
        people.get(session, alliance.id("bruno")).display_name = "=HYPERLINK(1)"
    alliance.tick("chen", "far-end")
    answer = await page(alliance, "trainer", f"/cohorts/{alliance.cohort.id}/progress.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [r[0] for r in rows] == ["Teacher", "'=HYPERLINK(1)", "Amina", "陳老師"]
    assert rows[3][3].startswith(str(utcnow().year)) and rows[2][3] == "Not yet"
    assert rows[0][2] == "Last seen (Brisbane time)" and "+00:00" not in answer.text


async def test_after_the_deadline_home_says_that_it_is_late_and_still_taken(alliance):
    before = (await page(alliance, "amina", "/api/v1/home")).json()["learning"][0]["modules"][0]
    assert before["overdue"] is False
    with alliance.database.session() as session:
        session.get_one(Cohort, alliance.cohort.id).starts -= timedelta(days=60)
    after = (await page(alliance, "amina", "/api/v1/home")).json()["learning"][0]["modules"][0]
    said = next(s["word"] for s in after["steps"] if s["kind"] == "assignment")
    assert after["overdue"] is True
    assert said.startswith("It was due ") and "it will be marked as late" in said


async def test_home_leads_into_a_lesson_that_is_open(alliance):
    alliance.school_class("chen")
    assert "Open a lesson" in (await page(alliance, "chen", "/?lang=en")).text
    with alliance.database.session() as session:
        chen = people.get(session, alliance.id("chen"))
        row = classes.open_session(session, classes.of_teacher(session, chen)[0], lesson="tides",
                                   version="1", person=chen, minutes=45)
        opened = row.id
    text = (await page(alliance, "chen", "/?lang=en")).text
    assert "Go to the class" in text and f'href="/c/teach/{opened}"' in text
    assert "Open a lesson" not in text
    assert 'href="/c/teach"' in text and 'href="/c/teach/new"' in text


async def test_an_invitation_is_shown_once_and_leads_to_the_sign_up(alliance):
    here = f"/cohorts/{alliance.cohort.id}"
    async with alliance.client("trainer") as browser:
        made = await browser.post(f"{here}/invitations", data={
            "display_name": "  Dao  Nguyen ", "language": "vi", "school_id": alliance.school})
        link = re.search(r'value="(http://school\.test/invite/[\w-]+)"', made.text)[1]
        again = await browser.get(here)
    token = link.rsplit("/", 1)[1]
    assert token not in again.text and "Dao Nguyen" in again.text
    async with alliance.client() as guest:
        shown = await guest.get(f"/invite/{token}")
    assert shown.status_code == 200
    assert f'href="/hub/signup?invite={token}"' in shown.text
    assert "Dao Nguyen" in shown.text and "Tara" in shown.text
    # Nobody chose a language yet, so it is the invitation's, and stays so on the next page.
    assert '<html lang="vi">' in shown.text
    assert "coteach_lang=vi" in shown.headers["set-cookie"]


async def test_withdrawing_asks_first_and_then_the_link_is_dead(alliance):
    here = f"/cohorts/{alliance.cohort.id}"
    async with alliance.client("trainer") as browser:
        made = await browser.post(f"{here}/invitations", data={"language": "en"})
        token = re.search(r"/invite/([\w-]+)", made.text)[1]
        ask = re.search(rf'href="({here}/invitations/[^"]+/withdraw)"', made.text)[1]
        assert "Withdraw the invitation?" in (await browser.get(ask)).text
        assert (await browser.get(f"/invite/{token}")).status_code == 200
        assert (await browser.post(ask)).status_code == 303
        dead = await browser.get(f"/invite/{token}")
    assert dead.status_code == 410
    assert "This invitation was withdrawn." in dead.text and "Ask your trainer" in dead.text


async def test_used_and_unknown_invitations_get_their_own_sentences(alliance):
    with alliance.database.session() as session:
        _row, token = people.invite(session, role="teacher", cohort=alliance.cohort)
        people.redeem(session, token, username="ivy", display_name="Ivy")
        _old, late = people.invite(session, role="teacher", days=-1)
    used, unknown, expired = [await page(alliance, None, f"/invite/{t}")
                              for t in (token, "x" * 32, late)]
    assert (used.status_code, unknown.status_code, expired.status_code) == (410, 404, 410)
    assert "was used already" in used.text and "does not exist" in unknown.text


@pytest.mark.parametrize("agent", ["Mozilla/5.0 (Linux; Android 12) Line/13.1.0", "… MicroMessenger/8.0", "… Zalo iOS/1"])
async def test_inside_a_messenger_the_link_is_to_be_copied(alliance, agent):
    with alliance.database.session() as session:
        _row, token = people.invite(session, role="teacher", cohort=alliance.cohort)
    agent = agent.replace("…", "Mozilla/5.0")
    text = (await page(alliance, None, f"/invite/{token}", **{"User-Agent": agent})).text
    assert "You are inside a messenger." in text
    assert f'value="http://school.test/invite/{token}"' in text


@pytest.mark.parametrize(("data", "status"), [
    ({"language": "xx"}, 400), ({"language": "en", "school_id": "none"}, 400),
    ({"language": "en", "display_name": "n" * 121}, 422)])
async def test_a_wrong_invitation_gets_a_sentence(alliance, data, status):
    async with alliance.client("trainer") as browser:
        answer = await browser.post(f"/cohorts/{alliance.cohort.id}/invitations", data=data)
    assert answer.status_code == status and "<h1>" in answer.text


# Settings, language, errors

async def test_settings_are_kept_and_change_the_clock_and_language_of_pages(alliance):
    async with alliance.client("amina") as browser:
        answer = await browser.post("/me", data={
            "display_name": "Amina B", "language": "zh-Hant", "time_zone": "Asia/Taipei"})
        assert answer.status_code == 303
        shown = await browser.get("/me?saved=1")
    assert 'value="Amina B"' in shown.text and '<html lang="zh-Hant">' in shown.text
    assert "台北" in shown.text


@pytest.mark.parametrize("data", [
    {"display_name": " ", "language": "en", "time_zone": "UTC"},
    {"display_name": "A", "language": "tlh", "time_zone": "UTC"},
    {"display_name": "A", "language": "en", "time_zone": "../../etc/passwd"}])
async def test_wrong_settings_are_refused_and_nothing_changes(alliance, data):
    async with alliance.client("amina") as browser:
        assert (await browser.post("/me", data=data)).status_code == 400
        assert (await browser.get("/api/v1/me")).json()["display_name"] == "Amina"


async def test_script_in_a_name_is_text(alliance):
    evil = "<script>alert(1)</script>"
    async with alliance.client("amina") as browser:
        await browser.post("/me", data={"display_name": evil, "language": "en", "time_zone": "UTC"})
        mine = (await browser.get("/")).text
    alliance.open_room("amina")
    others = [(await page(alliance, who, address)).text for who, address in (
        ("trainer", f"/cohorts/{alliance.cohort.id}"), ("bruno", "/"))]
    for text in (mine, *others):
        assert "<script>alert" not in text and "&lt;script&gt;alert" in text


async def test_the_language_asked_for_now_wins_and_becomes_the_persons(alliance):
    answer = await page(alliance, "amina", "/?lang=vi")
    assert '<html lang="vi">' in answer.text and "coteach_lang=vi" in answer.headers["set-cookie"]
    assert (await page(alliance, "amina")).text.count('<html lang="vi">') == 1
    with alliance.database.reading() as session:
        assert people.get(session, alliance.id("amina")).language == "vi"


async def test_another_site_cant_change_a_persons_language(alliance):
    await page(alliance, "amina", "/?lang=vi", **{"Sec-Fetch-Site": "cross-site"})
    with alliance.database.reading() as session:
        assert people.get(session, alliance.id("amina")).language == "en"


@pytest.mark.parametrize(("headers", "wanted"), [
    ({"Accept-Language": "fr, zh-TW;q=0.8"}, "zh-Hant"), ({"Accept-Language": "vi-VN"}, "vi"),
    ({"Accept-Language": "fr"}, "en"), ({"Cookie": "coteach_lang=vi", "Accept-Language": "zh"}, "vi"),
    ({"Cookie": "coteach_lang=<script>"}, "en")])
async def test_the_language_is_negotiated_for_those_who_are_not_signed_in(alliance, headers, wanted):
    assert f'<html lang="{wanted}">' in (await page(alliance, None, "/", **headers)).text


async def test_the_switcher_keeps_the_rest_of_the_address(alliance):
    text = (await page(alliance, None, "/nowhere?a=1&lang=vi&b=%22%3E")).text
    assert 'href="?a=1&amp;b=%22%3E&amp;lang=en"' in text


async def test_every_language_renders_every_page(alliance):
    alliance.hand_in("amina", grade="graded", released=True)
    alliance.record("amina", remarks=1)
    alliance.open_room("bruno")
    alliance.school_class("amina")
    for tag in i18n.LANGUAGES:
        for who, address in (("amina", "/"), ("trainer", "/"), ("amina", "/me"), (None, "/"),
                             ("trainer", f"/cohorts/{alliance.cohort.id}")):
            answer = await page(alliance, who, f"{address}?lang={tag}")
            assert answer.status_code == 200 and f'<html lang="{tag}">' in answer.text


async def test_a_fault_of_ours_gets_a_calm_page_and_a_number_that_the_log_has(alliance, capsys):
    @alliance.app.get("/broken")
    def broken():
        raise RuntimeError("secret detail")

    answer = await page(alliance, "amina", "/broken")
    assert answer.status_code == 500 and "secret detail" not in answer.text
    number = re.search(r'<strong class="code">([0-9a-f]{8})</strong>', answer.text)[1]
    logged = capsys.readouterr().out
    assert number in logged and "secret detail" in logged


async def test_the_api_describes_itself_and_only_itself(alliance):
    document = (await page(alliance, None, "/api/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert {"/api/v1/me", "/api/v1/home", "/api/v1/steps"} <= set(document["paths"])
    assert all(path.startswith("/api/v1/") for path in document["paths"])


async def test_pages_and_style_sheets_are_small_on_the_line(alliance):
    async with alliance.client("amina", **{"Accept-Encoding": "gzip"}) as browser:
        sizes = {}
        for address in ("/", "/static/base.css", "/static/tokens.css"):
            async with browser.stream("GET", address) as answer:
                sizes[address] = len(b"".join([part async for part in answer.aiter_raw()]))
                assert answer.headers["content-encoding"] == "gzip"
                assert int(answer.headers["content-length"]) == sizes[address]
        assert sum(sizes.values()) < 15_000
        again = await browser.get("/static/base.css", headers={"If-None-Match": (
            await browser.get("/static/base.css")).headers["etag"]})
        assert again.status_code == 304
    async with alliance.client("amina", **{"Accept-Encoding": "identity"}) as browser:
        assert "content-encoding" not in (await browser.get("/")).headers


@pytest.mark.parametrize("demo", [False, True])
async def test_home_says_whether_people_and_work_are_made_up(settings, demo):
    chosen = replace(settings, demo=demo)
    database = Database.of(chosen)
    database.migrate()
    async with Alliance(chosen, database).client("amina") as browser:
        assert (await browser.get("/api/v1/home")).json()["demo"] is demo
    database.close()
