"""What one person may take of a class page's service: kernels, places in the queue, formulas."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from classroom_site import open_class, page_data
from lesson_visits import (
    BUTTON,
    kernel_of,
    message,
    press,
    socket,
    whole,
    write_lesson,
)

from coteach.pages import formulas, shares, translating
from coteach.pages.shares import Shares
from coteach.pages.turns import Turns

in_module = pytest.mark.asyncio(loop_scope="module")


@in_module
async def test_one_name_card_takes_three_kernels_on_however_many_devices(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    kernels = site.room.pages.kernels
    kernels.limit = 5
    devices = [await site.pupil("Mai") for _device in range(8)]
    address = page_data(await whole(devices[0]))["kernel"]
    asked = await asyncio.gather(*(one.browser.post(address) for one in devices))
    assert {answer.status_code for answer in asked} <= {200, 202}
    assert len(kernels.owners) <= shares.MOST_PERSON
    long = await site.pupil("Long")
    assert await kernel_of(long) in kernels.owners
    first = kernels.of(devices[0].guest.visitor, address.split("/")[4])
    newest = await kernel_of(devices[-1])
    assert newest in kernels.owners and (first is None or first != newest)
    mine = [o for o in kernels.owners.values() if o.visitor != long.guest.visitor]
    assert 1 <= len(mine) <= shares.MOST_PERSON


@in_module
async def test_in_a_full_pool_a_second_kernel_goes_to_somebody_who_has_none(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    kernels = site.room.pages.kernels
    kernels.limit = 2
    devices = [await site.pupil("Mai") for _device in range(2)]
    had = [await kernel_of(one) for one in devices]
    assert await kernel_of(await site.pupil("Long")) in kernels.owners
    assert had[1] in kernels.owners and had[0] not in kernels.owners, "her newest stays"


@in_module
async def test_a_closed_class_gives_no_kernel_and_takes_no_trouble(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    ids = dict(site.ids)
    site.ids.update(open_class(site.database))
    mai = await site.pupil("Mai")
    data = page_data(await whole(mai))
    await kernel_of(mai)
    async with site.teacher() as lan:
        assert (await lan.post(f"/c/teach/{site.ids['session']}/close")).status_code == 200
    site.ids.update(ids)
    refused = await mai.browser.post(data["kernel"])
    assert refused.status_code == 410
    assert refused.json()["error"]["message"] == "Your teacher has closed this class."
    assert (await mai.browser.post(data["trouble"], json={})).status_code == 410
    assert (await mai.browser.get("/c/page/formulas?tex=x")).status_code == 410
    assert not site.room.pages.kernels.owners


def test_devices_of_one_person_and_a_large_class_wait_behind_who_has_less():
    turns = Turns(party=lambda who: (who[0], who[:2]))
    for who in ("Am1", "Am2", "Am3", "An1", "Bo1"):
        turns.ask(who, 0)
    assert [turns.ask(who, 0) for who in ("Am3", "Bo1", "An1", "Am2", "Am1")] == [1, 2, 3, 4, 5]
    assert turns.ask("Bo1", 1, [("A", "Ax")]) == 0, "her class has none yet"
    assert turns.ask("Am3", 0, [("A", "Am")]) == 2, "she has one and An has none"


def test_a_person_starts_a_dozen_kernels_a_minute_and_an_address_has_a_part_of_the_pool():
    now = itertools.count()
    mine = Shares(clock=lambda: float(next(now)) / 100)
    for _start in range(shares.MOST_STARTS):
        assert not mine.has_enough("mai", 80, [], [])
        mine.begins("mai")
    assert mine.has_enough("mai", 80, [], []) and not mine.has_enough("long", 80, [], [])
    parted = Shares(lambda visitor: (visitor[0], visitor), part=0.5)
    assert parted.has_enough("ax", 4, ["ay"], ["az"]) and not parted.has_enough("b", 4, ["ay"], ["az"])


@in_module
async def test_a_page_gets_short_formulas_and_a_share_of_the_time_they_take(monkeypatch):
    made = translating.Translator()
    html, always = await made.html("mai", "x^2")
    assert "<msup>" in html and always
    assert await made.html("mai", "x" * 501) == (f"${'x' * 501}$", True)
    monkeypatch.setattr(translating, "SAVED", 0.02)
    monkeypatch.setattr(translating, "SHARE", 0.0)
    late = [(await made.html("bot", "\\mathbb{" + "A" * (400 + n) + "}"))[1] for n in range(40)]
    assert late[0] and not late[-1], "who has used her share gets them as they are written"
    assert (await made.html("mai", "y^2"))[1]
    made.close()


def test_formulas_that_are_kept_stay_below_a_number_of_characters(monkeypatch):
    monkeypatch.setattr(formulas, "MOST_KEPT", 30_000)
    for number in range(30):
        formulas.formula("\\mathbb{" + "A" * (100 + number) + "}")
    assert 0 < formulas.KEPT.size <= 30_000


@in_module
async def test_a_page_hears_no_traceback_and_tells_the_teacher_only_what_its_kernel_told(site):
    write_lesson(site, "def say():\n    raise ValueError('my own words')\n" + BUTTON)
    mai = await site.pupil("Mai")
    html = await whole(mai)
    data, kernel = page_data(html), await kernel_of(mai, html)
    pages, digest = site.room.pages, page_data(html)["kernel"].split("/")[4]
    trouble = {"error": "CallMeError: at 555", "traceback": "x", "cell": "c0"}
    await mai.browser.post(data["trouble"], json=trouble)
    assert not pages.problems(digest), "a page says what it likes"
    line = await socket(site, kernel, mai.browser.cookies["coteach_guest"])
    line.write_message(message("comm_open", {
        "comm_id": "c" * 32, "target_name": "jupyter.widget.control", "data": {}}))
    await asyncio.sleep(0.4)  # what a kernel prints is sent a moment later
    states = (await mai.browser.get(data["states"])).json()["state"]
    line.write_message(press(next(m for m, s in states.items()
                                  if s["model_name"] == "ButtonModel")))
    said = ""
    async with asyncio.timeout(15):
        while '"msg_type": "error"' not in said and '"msg_type":"error"' not in said:
            said += str(await line.read_message())
    assert "ValueError: my own words" in said
    for hidden in ("Traceback", "site-packages", "lessonshell", "raise ValueError"):
        assert hidden not in said
    await mai.browser.post(data["trouble"], json={**trouble, "error": "ValueError: call 555"})
    [problem] = pages.problems(digest)
    assert "ValueError" in problem.message and "555" not in problem.message
    line.close()
