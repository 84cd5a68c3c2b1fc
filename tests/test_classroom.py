"""The classroom: pupils enter, answer once, and reach nothing of each other; teachers see and close."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
import uuid

import pytest
from classroom_site import answer, running

from coteach.classroom.lessons import LessonHere
from coteach.classroom.limits import (
    ALL,
    EACH,
    FEW,
    MOST_NEAR_6,
    SCHOOL,
    WINDOW,
    WrongCodes,
    places,
)
from coteach.errors import TooMany
from coteach.store import classes
from coteach.store.schema import ClassSession, Event


@pytest.fixture
async def site(settings):
    async with running(settings) as made:
        yield made


async def test_a_code_typed_in_any_way_leads_to_the_name_cards(site):
    async with site.browser() as browser:
        code = site.ids["code"]
        page = await browser.get("/c/", params={"code": f" {code[:2].lower()} {code[2:].lower()}"})
    assert page.status_code == 200 and page.url.path == f"/c/{code}"
    assert all(name in page.text for name in ("Mai", "Long", "Hoa"))
    assert "@" not in page.text and "type=\"email\"" not in page.text


async def test_a_wrong_code_gets_a_sentence_and_can_be_corrected(site):
    async with site.browser() as browser:
        page = await browser.get("/c/", params={"code": "wrong"})
    assert page.status_code == 404
    assert "No class has the code WRONG." in page.text and 'value="wrong"' in page.text


async def test_guessing_codes_is_stopped_for_one_address_only(site):
    async with site.browser() as browser:
        for _try in range(20):
            await browser.get("/c/", params={"code": "AAAAA"})
        assert (await browser.get("/c/", params={"code": site.ids["code"]})).status_code == 429
        other = await browser.get(f"/c/{site.ids['code']}",
                                  headers={"X-Forwarded-For": "203.0.113.9"})
    assert other.status_code == 200


async def test_a_phones_own_language_holds_in_a_class_of_another(site):
    async with site.browser() as browser:
        code = site.ids["code"]
        for accept, tag in (("vi-VN,vi;q=0.9", "vi"), ("en-US,en", "en"), ("zh-TW", "zh-Hant")):
            page = await browser.get(f"/c/{code}", headers={"Accept-Language": accept})
            assert f'lang="{tag}"' in page.text


async def test_the_language_is_switched_before_entering_and_kept(site):
    async with site.browser() as browser:
        page = await browser.get("/c/", params={"lang": "vi"})
        assert '<html lang="vi">' in page.text
        assert '<html lang="vi">' in (await browser.get("/c/")).text


async def test_choosing_a_card_gives_a_pass_for_this_class_only(site):
    pupil = await site.pupil("Mai")
    assert pupil.guest.session == site.ids["session"]
    cookie = next(c for c in pupil.browser.cookies.jar if c.name == "coteach_guest")
    assert cookie.path == "/c/" and "HttpOnly" in cookie._rest
    with site.database.reading() as session:
        entered = session.query(Event).one()
    assert (entered.verb, entered.actor) == ("entered", site.ids["actor-Mai"])


async def test_a_service_that_knows_no_lesson_yet_finds_the_one_that_a_guests_class_shows(site):
    pupil = await site.pupil("Mai")
    other = site.settings.layout.lessons / "other"  # which this class does not show
    shutil.copytree(site.settings.layout.lessons / "swing", other)
    about = (other / "lesson.toml").read_text(encoding="utf-8")
    (other / "lesson.toml").write_text(about.replace('"swing"', '"other"'), encoding="utf-8")
    digests = {name: LessonHere.find(site.settings, name, "en").digest
               for name in ("swing", "other")}

    async def asked(name: str) -> int:
        return (await pupil.browser.get(f"/c/page/lessons/{digests[name]}/cells")).status_code

    assert await asked("other") == 404
    assert await asked("swing") in (200, 202)
    with site.database.session() as session:
        classes.close_session(session.get(ClassSession, site.ids["session"]))
    site.room.pages._known._lessons.clear()
    assert await asked("swing") == 404


async def test_a_card_of_another_class_is_refused(site):
    with site.database.session() as session:
        other = classes.add_card(session, classes.get(session, site.ids["class-otto"]),
                                 nickname="Eve", picture="owl")
    async with site.browser() as browser:
        page = await browser.post(f"/c/{site.ids['code']}/enter", data={"card": other.id})
    assert page.status_code == 404 and "coteach_guest" not in browser.cookies


async def test_another_site_can_choose_no_card(site):
    async with site.browser(**{"Sec-Fetch-Site": "cross-site"}) as browser:
        page = await browser.post(f"/c/{site.ids['code']}/enter", data={"card": site.ids["Mai"]})
    assert page.status_code == 403


async def test_an_answer_sent_twice_is_stored_once_and_comes_back_after_a_reload(site):
    pupil = await site.pupil("Mai")
    event = answer(1)
    for _try in range(2):
        assert (await pupil.send(event)).json() == {"stored": [event["id"]]}
    assert [row.id for row in site.answers()] == [event["id"]]
    row = site.answers()[0]
    assert (row.actor, row.session, row.lesson) == (
        site.ids["actor-Mai"], site.ids["session"], "swing")
    assert row.client_time is None, "a clock that is wrong by years is not believed"
    assert (await pupil.mine()).json()["events"][0]["value"]["answer"]["choice"] == 1


async def test_the_newest_answer_counts_whatever_the_device_clock_says(site):
    pupil = await site.pupil("Mai")
    await pupil.send(answer(0, seq=1, client_time="2030-01-01T00:00:00Z"), answer(1, seq=2))
    events = (await pupil.mine()).json()["events"]
    assert [e["value"]["answer"]["choice"] for e in events] == [1]


@pytest.mark.parametrize("wrong", [
    {"id": "7"}, {"verb": "entered"}, {"cell": "../x"}, {"cell": 3}, {"client_seq": -1},
    {"client_seq": True}, {"value": "text"}, {"value": {"kind": "choice", "answer": {}}},
    {"value": {"kind": "essay", "answer": {"text": "x"}}},
    {"value": {"kind": "text", "key": "k", "answer": {"text": "x" * 5000}}},
    {"value": {"kind": "number", "key": "k", "answer": {"number": "3"}}}])
async def test_a_malformed_answer_is_refused_in_a_sentence(site, wrong):
    pupil = await site.pupil("Mai")
    refusal = await pupil.send(answer(**{}) | wrong)
    assert refusal.status_code == 400
    assert refusal.json()["error"]["message"].startswith("This answer could not be taken")
    assert site.answers() == []


async def test_numbers_that_are_none_and_huge_bodies_are_refused(site):
    pupil = await site.pupil("Mai")
    event = answer() | {"value": {"kind": "number", "key": "", "answer": {"number": float("nan")}}}
    body = json.dumps({"pupil": pupil.guest.pupil, "events": [event]})
    assert (await pupil.browser.post("/c/api/answers", content=body)).status_code == 400
    assert (await pupil.browser.post("/c/api/answers", content="x" * 400_000)).status_code == 413
    deep = "[" * 100_000
    assert (await pupil.browser.post("/c/api/answers", content=deep)).status_code == 400


async def test_a_very_long_number_is_taken_and_shown_to_the_teacher(site):
    pupil = await site.pupil("Mai")
    sent = await pupil.send({**answer(cell="q-number"), "value": {
        "kind": "number", "key": "period", "answer": {"number": -99999999999999999999}}})
    assert sent.status_code == 200
    async with site.teacher() as browser:
        page = await browser.get(f"/c/teach/{site.ids['session']}")
        table = await browser.get(f"/c/teach/{site.ids['session']}/answers.csv")
    assert "-100000000000000000000" in page.text and "-1e+20" in table.text


async def test_answers_without_a_pass_or_with_a_forged_one_are_refused(site):
    async with site.browser() as browser:
        body = {"pupil": "x", "events": [answer()]}
        assert (await browser.post("/c/api/answers", json=body)).status_code == 401
        browser.cookies.set("coteach_guest", "eyJzZXNzaW9uIjoiMSJ9.forged", path="/c/")
        assert (await browser.post("/c/api/answers", json=body)).status_code == 401


async def test_one_pupil_can_neither_write_nor_read_as_another(site):
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    event = answer()
    await mai.send(event)
    assert (await long.send(answer(), pupil=mai.guest.pupil)).status_code == 409
    assert (await long.browser.get("/c/api/answers", params={
        "pupil": mai.guest.pupil})).status_code == 403
    taken = await long.send(event | {"actor": site.ids["actor-Mai"]})
    assert taken.status_code == 403, "an id that is somebody else's is not acknowledged"
    assert (await long.mine()).json()["events"] == []
    assert [row.actor for row in site.answers()] == [site.ids["actor-Mai"]]


async def test_leaving_takes_the_pass_away(site):
    pupil = await site.pupil("Mai")
    page = await pupil.browser.post("/c/leave")
    assert page.url.path == f"/c/{site.ids['code']}" and "Who are you?" in page.text
    assert (await pupil.mine()).status_code == 401


async def test_a_closed_class_refuses_entering_with_the_reason_and_says_what_comes_late(site):
    pupil = await site.pupil("Mai")
    async with site.teacher() as teacher:
        asked = await teacher.get(f"/c/teach/{site.ids['session']}/close")
        assert "Close the class?" in asked.text
        assert "They are taken in for 24 hours after the close" in asked.text
        await teacher.post(f"/c/teach/{site.ids['session']}/close")
    for ask in (pupil.browser.get, pupil.browser.head):
        assert (await ask(f"/c/{site.ids['code']}")).status_code == 410


async def test_a_class_whose_time_is_over_is_closed(site):
    with site.database.session() as session:
        row = session.get(ClassSession, site.ids["session"])
        row.closes = row.opened
    async with site.browser() as browser:
        page = await browser.get(f"/c/{site.ids['code']}")
    assert page.status_code == 410 and "The time of this class is over." in page.text


async def test_a_nickname_can_hold_no_script(site):
    async with site.teacher() as teacher:
        await teacher.post(f"/c/teach/class/{site.ids['class-lan']}", data={
            "nickname": "<b onclick=x>", "picture": "owl"})
        watch = await teacher.get(f"/c/teach/{site.ids['session']}")
    async with site.browser() as browser:
        page = await browser.get(f"/c/{site.ids['code']}")
    for text in (watch.text, page.text):
        assert "<b onclick" not in text


async def test_a_class_with_all_its_cards_says_that_it_is_full(site):
    with site.database.session() as session:
        mine = classes.get(session, site.ids["class-lan"])
        for place in range(classes.MOST_CARDS - 3):
            classes.add_card(session, mine, nickname=f"P{place}", picture="star")
    async with site.teacher() as teacher:
        page = await teacher.post(f"/c/teach/class/{mine.id}", data={"nickname": "One more"})
        assert page.status_code == 409 and "This class is full" in page.text


async def test_who_is_not_signed_in_goes_to_sign_in_and_comes_back(site):
    async with site.browser() as browser:
        page = await browser.get("/c/teach/", follow_redirects=False)
    assert page.status_code == 303 and page.headers["Location"] == "/login?next=/c/teach/"


async def test_another_teacher_may_do_nothing_with_the_class(site):
    session = site.ids["session"]
    async with site.teacher("otto") as otto:
        for path in ("", "/board", "/close", "/events", "/answers.csv"):
            assert (await otto.get(f"/c/teach/{session}{path}")).status_code == 403
        assert (await otto.post(f"/c/teach/{session}/close")).status_code == 403
        opened = await otto.post("/c/teach/open", data={
            "class": site.ids["class-lan"], "lesson": "swing"})
        assert opened.status_code == 403
    assert (await (await site.pupil("Mai")).send(answer())).status_code == 200


async def test_a_pupils_pass_opens_no_teachers_page(site):
    pupil = await site.pupil("Mai")
    page = await pupil.browser.get(f"/c/teach/{site.ids['session']}", follow_redirects=False)
    assert page.status_code == 303


async def test_opening_a_class_makes_a_fresh_code_and_ends_the_old_one(site):
    async with site.teacher() as teacher:
        page = await teacher.post("/c/teach/open", data={
            "class": site.ids["class-lan"], "lesson": "swing"})
        assert page.status_code == 200 and "<svg" in page.text
        board = await teacher.get(f"{page.url.path}/board")
    with site.database.reading() as session:
        row = session.get(ClassSession, page.url.path.rpartition("/")[2])
    assert row.code in board.text and row.code != site.ids["code"]
    assert len(row.code) == 5 and set(row.code) <= set(classes.ALPHABET)
    async with site.browser() as browser:
        assert (await browser.get(f"/c/{site.ids['code']}")).status_code == 410


async def test_a_lesson_that_is_not_there_opens_no_class(site):
    async with site.teacher() as teacher:
        page = await teacher.post("/c/teach/open", data={
            "class": site.ids["class-lan"], "lesson": "nothing"})
    assert page.status_code == 404


async def test_the_teacher_sees_answers_as_they_come(site):
    pupil = await site.pupil("Mai")
    states = []

    async def watch():
        async with site.teacher() as teacher, teacher.stream(
                "GET", f"/c/teach/{site.ids['session']}/events") as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    states.append(json.loads(line[6:]))
                    if states[-1]["questions"][0]["count"]:
                        return
    watching = asyncio.create_task(watch())
    while not states:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await pupil.send(answer(1))
    await asyncio.wait_for(watching, 3)
    first, last = states[0], states[-1]
    assert first["questions"][0]["prompt"] == "Which swing is slower?"
    assert [bar["count"] for bar in last["questions"][0]["bars"]] == [0, 1]
    assert {card["name"]: card["state"] for card in last["cards"]} == {
        "Mai": "here", "Long": "not-yet", "Hoa": "not-yet"}


async def test_csv_holds_the_newest_answers_and_no_formula(site):
    pupil = await site.pupil("Mai")
    for seq, text in enumerate(("first", '=HYPERLINK("http://x")'), start=1):
        await pupil.send({**answer(seq=seq, cell="q-text"), "value": {
            "kind": "text", "key": "why", "answer": {"text": text}}})
    await pupil.send({**answer(seq=3, cell="q-number"), "value": {
        "kind": "number", "key": "period", "answer": {"number": -3.5}}})
    async with site.teacher() as teacher:
        got = await teacher.get(f"/c/teach/{site.ids['session']}/answers.csv")
    rows = list(csv.reader(io.StringIO(got.content.decode("utf-8-sig"))))
    assert [row[:3] for row in rows[1:]] == [
        ["Why?", "Mai", '\'=HYPERLINK("http://x")'],
        ["How long does the 4 m swing take?", "Mai", "-3.5"]]


async def test_thirty_pupils_answering_at_once_lose_nothing(site):
    with site.database.session() as session:
        mine = classes.get(session, site.ids["class-lan"])
        for place in range(27):
            card = classes.add_card(session, mine, nickname=f"P{place}", picture="star")
            site.ids[f"P{place}"] = card.id
    names = ["Mai", "Long", "Hoa", *(f"P{place}" for place in range(27))]
    pupils = await asyncio.gather(*(site.pupil(name) for name in names))
    sent = [answer(seq=n) for n in range(30)]
    done = await asyncio.gather(*(p.send(e) for p, e in zip(pupils, sent, strict=True)))
    assert all(reply.status_code == 200 for reply in done)
    assert {row.id for row in site.answers()} == {e["id"] for e in sent}


async def test_unknown_addresses_and_methods_get_a_calm_page(site):
    async with site.browser() as browser:
        for path in ("/c/nothing/here", f"/c/files/{uuid.uuid4()}/x.png", "/c/teach/7"):
            page = await browser.get(path)
            assert page.status_code in (403, 404) and "<h1>" in page.text
        assert (await browser.get("/c/healthz")).json() == {"ok": True}


def guess(site, count: int, network: str):
    """Type wrong codes, each from an address of its own."""
    for place in range(count):
        site.room.wrong_codes.wrong(network.format(place))


async def test_guessers_shut_no_class_for_others_and_none_for_those_inside(site):
    inside = await site.pupil("Mai")
    code = site.ids["code"]
    guess(site, 400, "198.51.{}.7")
    guess(site, 250, "203.0.113.{}")
    for _try in range(SCHOOL):
        site.room.wrong_codes.wrong("127.0.0.1")
    async with site.browser() as other:
        assert (await other.get(f"/c/{code}")).status_code == 429
        for address in ("192.0.2.1", "203.0.113.251", "2001:db8::1"):
            page = await other.get(f"/c/{code}", headers={"X-Forwarded-For": address})
            assert page.status_code == 200, address
    assert (await inside.browser.head(f"/c/{code}")).status_code == 204
    assert (await inside.browser.get("/c/", params={"code": code})).status_code == 200


async def test_a_device_changes_hands_though_somebody_beside_it_guesses_codes(site):
    pupil = await site.pupil("Mai")
    for _try in range(20):
        site.room.wrong_codes.wrong("127.0.0.1")
    page = await pupil.browser.post("/c/leave")
    assert page.status_code == 200 and "Who are you?" in page.text
    page = await pupil.browser.post(f"/c/{site.ids['code']}/enter", data={"card": site.ids["Long"]},
                                    follow_redirects=False)
    assert page.status_code == 303
    assert site.room.guests.read_door(pupil.browser.cookies["coteach_door"]) == site.ids["session"]
    assert site.room.guests.read(pupil.browser.cookies["coteach_door"]) is None
    assert site.room.guests.read_door(pupil.browser.cookies["coteach_guest"]) == ""


async def test_the_address_is_what_the_proxy_appended_and_no_word_of_the_caller(site):
    async with site.browser() as browser:
        for place in range(21):
            page = await browser.get("/c/", params={"code": "AAAAA"}, headers={
                "X-Forwarded-For": f"192.0.2.{place}, 198.51.100.4",
                "X-Real-Ip": f"192.0.2.{place}"})
        assert page.status_code == 429
        for named, status in (("192.0.2.1, 198.51.100.4", 429), ("198.51.100.4, 192.0.2.1", 200)):
            page = await browser.get(f"/c/{site.ids['code']}", headers={"X-Forwarded-For": named})
            assert page.status_code == status


def refused(limits: WrongCodes, address: str) -> bool:
    """Whether an address may try no code now."""
    try:
        limits.check(address)
    except TooMany:
        return True
    return False


def test_strangers_have_few_tries_while_many_guess_and_a_school_has_all_of_its_own():
    now = [0.0]
    limits = WrongCodes(lambda: now[0])
    limits.right("192.0.2.8")
    for place in range(ALL):
        limits.wrong(f"198.51.{place}.1")
    for _try in range(FEW):
        assert not refused(limits, "192.0.2.7")
        limits.wrong("192.0.2.7")
        limits.wrong("192.0.2.8")
    assert refused(limits, "192.0.2.7") and not refused(limits, "192.0.2.8")
    now[0] = WINDOW + 1
    assert not refused(limits, "192.0.2.7"), "the others have stopped"


def test_a_child_who_plays_with_the_field_shuts_no_school_out_soon():
    limits = WrongCodes(lambda: 0.0)
    limits.right("192.0.2.8")
    for _try in range(SCHOOL - 1):
        limits.wrong("192.0.2.8")
        limits.wrong("192.0.2.7")
    assert refused(limits, "192.0.2.7") and not refused(limits, "192.0.2.8")
    limits.wrong("192.0.2.8")
    assert refused(limits, "192.0.2.8")


def test_an_ipv6_host_is_one_address_however_it_numbers_itself():
    limits = WrongCodes(lambda: 0.0)
    for place in range(EACH):
        limits.wrong(f"2001:db8:0:1::{place:x}")
    assert refused(limits, "2001:db8:0:1::ffff") and not refused(limits, "2001:db8:0:2::1")
    for place in range(MOST_NEAR_6):
        limits.wrong(f"2001:db8:7:{place:x}::1")
    assert refused(limits, "2001:db8:7:ffff::1") and not refused(limits, "2001:db8:8::1")
    assert places("::ffff:192.0.2.1") == places("192.0.2.1")


@pytest.mark.parametrize("value", [
    {"kind": ["x"], "answer": {}}, {"kind": {"a": 1}},
    {"kind": "choice", "answer": {"choice": 10**400}}])
async def test_values_of_odd_types_are_refused_in_a_sentence(site, value):
    pupil = await site.pupil("Mai")
    refusal = await pupil.browser.post("/c/api/answers", content=json.dumps({
        "pupil": pupil.guest.pupil, "events": [answer() | {"value": value}]}))
    assert refusal.status_code == 400
    assert refusal.json()["error"]["message"].startswith("This answer could not be taken")


@pytest.mark.parametrize("stated", [True, False])
async def test_bodies_of_megabytes_are_refused_in_a_sentence_on_an_open_line(site, stated):
    async def parts():
        for _part in range(80):
            yield b"x" * 100_000

    async with site.browser() as browser:
        for path in ("/c/api/answers", f"/c/{site.ids['code']}/enter"):
            done = await browser.post(path, content=b"x" * 8_000_000 if stated else parts(), headers={
                "Content-Type": "application/x-www-form-urlencoded"})
            assert done.status_code == 413 and "too large" in done.text
        assert (await browser.get("/c/healthz")).status_code == 200


@pytest.mark.parametrize("wrong", [
    {"cell": "nowhere"}, {"cell": "intro"},
    {"value": {"kind": "choice", "key": "other", "answer": {"choice": 0}}},
    {"value": {"kind": "text", "key": "slower", "answer": {"text": "x"}}},
    {"value": {"kind": "choice", "key": "slower", "answer": {"choice": 2}}},
    {"value": {"kind": "choice", "key": "slower", "answer": {"choice": -1}}}])
async def test_an_answer_to_no_question_of_the_lesson_is_refused(site, wrong):
    pupil = await site.pupil("Mai")
    refusal = await pupil.send(answer(), answer() | wrong)
    assert refusal.status_code == 400
    assert refusal.json()["error"]["message"] == "This lesson does not ask that question."
    assert site.answers() == []


async def test_a_question_that_a_page_showed_is_taken_and_another_cell_is_not(site):
    pupil = await site.pupil("Mai")
    made = answer(cell="plot") | {"value": {"kind": "text", "key": "made", "answer": {"text": "x"}}}
    assert (await pupil.send(made)).status_code == 200, "a cell may make questions when it runs"
    site.room.outlines.learnt(LessonHere.find(site.settings, "swing", "en").page(), [
        {"cell": "setup", "key": "", "kind": "text", "prompt": "?", "options": [], "unit": ""}])
    assert (await pupil.send(made | {"id": str(uuid.uuid4())})).status_code == 400
    shown = answer(cell="setup") | {"value": {"kind": "text", "key": "", "answer": {"text": "x"}}}
    assert (await pupil.send(shown)).status_code == 200
