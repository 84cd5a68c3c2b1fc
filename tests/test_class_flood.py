"""One pupil who sends all the time stops nobody; what the store can't take now is asked again."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
import uuid

import pytest
from classroom_site import running
from kinds import open_kinds
from sqlalchemy.event import listen

from coteach.classroom import base, live, turns
from coteach.classroom.results import neutral
from coteach.store import events


@pytest.fixture
async def site(settings):
    async with running(settings) as made:
        open_kinds(made.settings, made.ids)
        yield made


def event(kind: str, answer: dict, **more) -> dict:
    return {"id": str(uuid.uuid4()), "cell": f"q-{kind}", "verb": "answered", "client_time": None,
            "client_seq": 1, "value": {"kind": kind, "key": "", "answer": answer}, **more}


def full(site, nickname: str, kind: str, answer: dict, number: int, **more) -> None:
    """Give a pupil many answers at once."""
    with site.database.session() as session:
        events.append(session, [{
            **event(kind, answer), "actor": site.ids[f"actor-{nickname}"], "lesson": "kinds",
            "session": site.ids["session"],
            "value": {"kind": kind, "key": "", "answer": answer, **more}} for _n in range(number)])


async def test_many_large_drawings_and_many_lines_of_one_pupil_hold_up_nobody(site):
    full(site, "Hoa", "draw", {"strokes": [[0, *([5, 6] * 60)]] * 120}, 280)
    hoa, mai = await site.pupil("Hoa"), await site.pupil("Mai")
    statuses, many, over = [], asyncio.Event(), asyncio.Event()

    async def flood() -> None:
        while not over.is_set():
            sent = await hoa.send(event("draw", {"strokes": [[0, 1, 2]]}))
            statuses.append(sent.status_code)
            if sent.status_code == 503:
                many.set()
    lines = [asyncio.create_task(flood()) for _n in range(turns.MOST_WAITING + 4)]
    await asyncio.wait_for(many.wait(), 30)
    before = len(statuses)
    assert (await mai.send(event("number", {"number": 1}))).status_code == 200
    passed = [status for status in statuses[before:] if status != 503]
    over.set()
    await asyncio.gather(*lines)
    assert len(passed) <= turns.MOST_WAITING, "she waits for one request of Hoa's and no line"
    assert set(statuses) <= {200, 429, 503}


async def test_a_store_that_another_process_holds_is_waited_for_or_asked_again(site, monkeypatch):
    mai = await site.pupil("Mai")
    monkeypatch.setattr(base, "LONGEST_WAIT", 0.3)
    listen(site.database.engine, "checkout", lambda connection, *_more: connection.execute(
        "PRAGMA busy_timeout=50"))
    other = sqlite3.connect(site.database.engine.url.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = event("number", {"number": 1})
    answer = await mai.send(waiting)
    assert answer.status_code == 503 and answer.json()["error"]["code"] == "again"
    other.execute("ROLLBACK")
    assert (await mai.send(waiting)).json()["stored"] == [waiting["id"]]


async def test_the_views_of_a_class_share_one_look_a_second_and_miss_nothing(monkeypatch):
    monkeypatch.setattr(live, "SOONEST", 0.2)
    known, looks = live.Live(), []

    async def make() -> str:
        looks.append(time.monotonic())
        return str(len(looks))
    told = await asyncio.gather(*(known.text("s", "en", make) for _view in range(5)))
    assert set(told) <= {"1", "2"} and len(looks) <= 2
    asked = time.monotonic()
    assert await known.text("s", "en", make) == str(len(looks)) and looks[-1] > asked
    assert min(b - a for a, b in itertools.pairwise(looks)) >= 0.19


async def test_what_a_teacher_took_in_from_files_leaves_a_pupil_room_for_her_own(site, monkeypatch):
    monkeypatch.setattr("coteach.classroom.answers.MOST_EACH", 5)
    mai = await site.pupil("Mai")
    full(site, "Mai", "number", {"number": 1}, 20, **{"from": events.FROM_FILE})
    assert (await mai.send(event("number", {"number": 2}))).status_code == 200
    full(site, "Mai", "number", {"number": 1}, 5)
    refused = await mai.send(event("number", {"number": 2}))
    assert refused.json()["error"]["code"] == "too-many-answers"


@pytest.mark.parametrize("kind", ["choice", "poll"])
async def test_a_choice_without_an_option_is_no_answer(site, kind):
    mai = await site.pupil("Mai")
    key = {"choice": "slow", "poll": "when"}[kind]
    wrong = event(kind, {"text": "Mine"})
    wrong["value"]["key"] = key
    assert (await mai.send(wrong)).json()["error"]["code"] == "bad-answer"
    assert site.answers() == []


async def test_a_poll_counts_no_vote_that_names_no_option(site):
    full(site, "Long", "poll", {"text": "old"}, 1, key="when")
    mai = await site.pupil("Mai")
    vote = event("poll", {"choice": 1})
    vote["value"]["key"] = "when"
    await mai.send(vote)
    async with site.teacher() as browser:
        await browser.post(f"/c/teach/{site.ids['session']}/allow",
                           data={"thing": "poll:q-poll#when", "on": "1"})
    assert (await mai.mine()).json()["told"]["polls"] == {"q-poll#when": [0, 1]}


@pytest.mark.parametrize("text", ["=1", " =1", "＝1", "\u3000＋1", "\x00-1", "\u200b＠x", "\tx"])
def test_a_formula_with_an_odd_sign_or_behind_what_is_not_seen_is_text(text):
    assert neutral(text) == f"'{text}" and neutral(f"a{text}") == f"a{text}"
