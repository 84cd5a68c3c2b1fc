"""Kernels of class pages: who has one, when it comes and when it is given back."""

from __future__ import annotations

import asyncio
import json
import uuid

import pytest
from classroom_site import page_data
from lesson_visits import (
    BUTTON,
    answer_of,
    heard,
    kernel_of,
    message,
    press,
    socket,
    until,
    whole,
    write_lesson,
)
from tornado.httpclient import HTTPClientError

from coteach.pages import kernels as kernels_module

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_kernel_answers_its_own_visitor_only(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    kernel = await kernel_of(mai)
    ours = mai.browser.cookies["coteach_guest"]
    assert (await mai.browser.get(f"/c/page/kernels/{kernel}")).status_code == 204
    for path in (f"/c/page/kernels/{kernel}", f"/c/api/kernels/{kernel}"):
        assert (await long.browser.get(path)).status_code == 404
    assert (await long.browser.post(f"/c/page/kernels/{kernel}/close")).status_code == 404
    line = await socket(site, kernel, ours, session="mine")
    for cookie in (long.browser.cookies["coteach_guest"], None, "forged"):
        for session in ("", "mine"):
            with pytest.raises(HTTPClientError) as refusal:
                await socket(site, kernel, cookie, session=session)
            assert refusal.value.code in (403, 404)
    with pytest.raises(HTTPClientError):
        await socket(site, kernel, ours, origin="https://elsewhere.example")
    line.write_message(message("kernel_info_request", {}))
    await heard(line, "kernel_info_reply")
    line.close()
    (await socket(site, kernel, ours, origin=site.url)).close()
    async with site.browser() as browser:
        assert (await browser.get("/c/api/kernels")).status_code == 404
        assert (await browser.post("/c/api/kernels")).status_code in (403, 404, 405)
        assert (await browser.delete(f"/c/api/kernels/{kernel}")).status_code in (403, 404, 405)
    elsewhere = await mai.browser.post(page_data(await mai.page())["kernel"],
                                       headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403


async def test_what_is_refused_or_missing_says_so_in_a_sentence(site, caplog):
    pupil = await site.pupil("Mai")
    for path in (f"/c/api/kernels/{uuid.uuid4()}", f"/c/api/kernels/{uuid.uuid4()}/channels",
                 f"/c/page/kernels/{uuid.uuid4()}", "/c/page/static/none.js",
                 "/c/page/nbextensions/none.js", "/c/page/lessons/0123456789abcdef/states"):
        answer = await pupil.browser.get(path)
        assert answer.status_code == 404 and answer.json()["error"]["message"], path
    assert not [row for row in caplog.records if row.exc_info and "KeyError" in str(row.exc_info)]


async def test_a_browser_can_run_no_code(site):
    write_lesson(site, "from ipywidgets import IntSlider; s = IntSlider(); s")
    pupil = await site.pupil("Mai")
    kernel = await kernel_of(pupil)
    line = await socket(site, kernel, pupil.browser.cookies["coteach_guest"])
    for kind in ("execute_request", "complete_request", "inspect_request", "shutdown_request"):
        line.write_message(message(kind, {"code": "print('run' + 'ning')", "silent": False,
                                          "cursor_pos": 1, "restart": False}))
    line.write_message(message("kernel_info_request", {}))
    kinds, text = set(), ""
    async with asyncio.timeout(10):
        while "kernel_info_reply" not in kinds:
            raw = await line.read_message()
            text += str(raw)
            kinds.add(json.loads(raw)["header"]["msg_type"])
    assert "running" not in text and not kinds & {"execute_reply", "stream", "complete_reply"}
    assert (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code == 204
    line.close()


async def test_ten_reloads_and_a_second_tab_are_one_kernel(site):
    write_lesson(site, "say = lambda: len(said.value)\n" + BUTTON)
    pupil = await site.pupil("Mai")
    html = await whole(pupil)
    found = {await kernel_of(pupil, html) for _reload in range(5)}
    together = await asyncio.gather(*(kernel_of(pupil, html) for _tab in range(5)))
    assert len(found | set(together)) == 1 == len(site.room.pages.kernels.owners)
    assert page_data(await pupil.page())["running"] in found


async def test_a_page_that_is_left_keeps_its_kernel_for_a_reload_and_then_gives_it_back(
        site, monkeypatch):
    monkeypatch.setattr(kernels_module, "CHECK_EVERY", 0.1)
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    pupil = await site.pupil("Mai")
    kernels = site.room.pages.kernels
    kernel = await kernel_of(pupil)
    assert (await pupil.browser.post(f"/c/page/kernels/{kernel}/close")).status_code == 204
    assert await kernel_of(pupil) == kernel, "a reload comes back to it"
    assert not kernels.owners[kernel].left
    await pupil.browser.post(f"/c/page/kernels/{kernel}/close")
    monkeypatch.setattr(kernels_module, "CLOSED_AFTER", 0.5)
    await until(lambda: not kernels.owners and not kernels.list_kernel_ids())
    assert (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code == 404


async def test_an_open_page_that_nobody_touches_gives_its_kernel_back(site, monkeypatch):
    monkeypatch.setattr(kernels_module, "IDLE_AFTER", 1.0)
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    pupil = await site.pupil("Mai")
    kernel = await kernel_of(pupil)
    line = await socket(site, kernel, pupil.browser.cookies["coteach_guest"])
    async with asyncio.timeout(15):
        while (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code == 204:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        while await line.read_message() is not None:
            pass
    assert line.close_code == kernels_module.GONE, "its page hears it at once"


async def test_a_widget_that_never_answers_is_interrupted_and_then_answers_again(
        site, monkeypatch):
    monkeypatch.setattr(kernels_module, "BUSY_AFTER", 1.0)
    write_lesson(site, "times = []\ndef say():\n    times.append(1)\n"
                       "    while len(times) == 1: pass\n    return len(times)\n" + BUTTON)
    pupil = await site.pupil("Mai")
    html = await whole(pupil)
    kernel = await kernel_of(pupil, html)
    states = (await pupil.browser.get(page_data(html)["states"])).json()["state"]
    button = next(m for m, s in states.items() if s["model_name"] == "ButtonModel")
    line = await socket(site, kernel, pupil.browser.cookies["coteach_guest"])
    line.write_message(press(button))
    kernels = site.room.pages.kernels
    await until(lambda: kernels.get_kernel(kernel).execution_state == "busy")
    await until(lambda: kernels.get_kernel(kernel).execution_state == "idle", seconds=20)
    line.close()
    assert await answer_of(site, pupil, kernel, html) == "2"


async def test_a_visitor_has_few_kernels_whatever_she_opens(site):
    pupil = await site.pupil("Mai")
    found = []
    for version in "abc":
        write_lesson(site, f"say = lambda: '{version}'\n" + BUTTON)
        found.append(await kernel_of(pupil))
    assert set(site.room.pages.kernels.owners) == set(found[1:])


async def test_another_pupil_on_the_device_ends_the_first_ones_kernel(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    pupil = await site.pupil("Mai")
    kernel = await kernel_of(pupil)
    await pupil.browser.post(f"/c/{site.ids['code']}/enter", data={"card": site.ids["Long"]},
                             follow_redirects=False)
    assert kernel not in site.room.pages.kernels.list_kernel_ids()
    assert (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code == 404


async def test_who_leaves_while_her_kernel_starts_hears_a_sentence_and_leaves_nothing(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    kernels = site.room.pages.kernels
    for turn in range(6):
        pupil = await site.pupil("Mai")
        address = page_data(await whole(pupil))["kernel"]
        asked = asyncio.create_task(pupil.browser.post(address))
        await asyncio.sleep(0.02 * turn)
        await pupil.browser.post("/c/leave", follow_redirects=False)
        answer = await asked
        assert answer.status_code in (200, 404, 410), answer.text
        if answer.status_code == 410:
            assert "You have left this lesson" in answer.text
        assert not kernels.owners and not list(kernels.list_kernel_ids())
        assert not any(host.lines for host in kernels.hosts._hosts.values())


async def test_without_a_free_kernel_pages_wait_in_the_order_of_asking(site, monkeypatch):
    monkeypatch.setattr(kernels_module, "CHECK_EVERY", 0.1)
    monkeypatch.setattr(kernels_module, "SHORT_GRACE", 0.3)
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    mai, long, hoa = [await site.pupil(name) for name in ("Mai", "Long", "Hoa")]
    site.room.pages.kernels.limit = 1
    html = await whole(mai)
    kernel, address = await kernel_of(mai, html), page_data(html)["kernel"]
    assert "pressed" not in html
    for pupil, place in ((long, 1), (hoa, 2), (long, 1), (hoa, 2)):
        answer = await pupil.browser.post(address)
        assert (answer.status_code, answer.json()["place"]) == (202, place)
    assert "Read this first." in await hoa.page(), "who waits can read"
    await mai.browser.post(f"/c/page/kernels/{kernel}/close")
    await until(lambda: not site.room.pages.kernels.owners)
    assert (await hoa.browser.post(address)).json()["place"] == 1, "she asked second"
    assert (await long.browser.post(address)).status_code == 200
    assert (await hoa.browser.post(address)).json()["place"] == 1


async def test_a_closed_class_ends_its_kernels(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    await kernel_of(await site.pupil("Mai"))
    await site.room.class_is_over(site.ids["session"])
    assert site.room.pages.kernels.list_kernel_ids() == []


async def test_who_is_in_a_replaced_lesson_finishes_on_hers(site):
    write_lesson(site, "say = lambda: 'the first version'\n" + BUTTON)
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    html = await whole(mai)
    kernel = await kernel_of(mai, html)
    write_lesson(site, "say = lambda: 'the second version'\n" + BUTTON)
    assert await answer_of(site, mai, kernel, html) == "the first version"
    assert await kernel_of(mai, html) == kernel
    newer = await whole(long)
    assert page_data(newer)["lesson"] != page_data(html)["lesson"]
    assert await answer_of(site, long, html=newer) == "the second version"
    assert (await mai.browser.get(page_data(html)["states"])).status_code == 200


async def test_a_frame_with_a_forged_count_ends_its_socket_and_nothing_else(site):
    write_lesson(site, "from ipywidgets import IntSlider; s = IntSlider(); s")
    pupil = await site.pupil("Mai")
    kernel = await kernel_of(pupil)
    line = await socket(site, kernel, pupil.browser.cookies["coteach_guest"])
    await line.write_message((0x10000000).to_bytes(4), binary=True)
    async with asyncio.timeout(5):
        while await line.read_message() is not None:
            pass
    assert line.close_code == 1007
    assert (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code == 204
