"""Pacing: how far a class reads, its pause, what its teacher shows, and who did not understand."""

from __future__ import annotations

import asyncio
import json
import uuid

import nbformat
import pytest
from classroom_site import answer, running

from coteach.store import events
from coteach.store.schema import ClassSession


@pytest.fixture
async def site(settings):
    async with running(settings) as made:
        yield made


async def turn(site, what, teacher="lan"):
    """The teacher presses a button."""
    async with site.teacher(teacher) as browser:
        return await browser.post(f"/c/teach/{site.ids['session']}/control", data={"do": what},
                                  follow_redirects=False)


async def state(pupil):
    return (await pupil.browser.get("/c/api/state")).json()


async def test_at_first_pupils_read_as_they_like(site):
    pupil = await site.pupil("Mai")
    told = await state(pupil)
    assert told["pupil"] == pupil.guest.pupil and told["lesson"]
    assert {name: told[name] for name in ("open", "paused", "upto", "beyond", "show")} == {
        "open": True, "paused": False, "upto": None, "beyond": None, "show": None}


async def test_what_did_not_change_is_answered_with_a_header_alone(site):
    pupil = await site.pupil("Mai")
    first = await pupil.browser.get("/c/api/state")
    assert len(first.content) < 400
    again = await pupil.browser.get("/c/api/state", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.content
    assert first.headers["Cache-Control"] == "private, no-cache" and "Cookie" in first.headers["Vary"]
    await turn(site, "pause")
    now = await pupil.browser.get("/c/api/state", headers={"If-None-Match": first.headers["ETag"]})
    assert now.status_code == 200 and now.json()["paused"]


async def test_the_pace_hides_what_comes_after_a_section_and_one_tap_opens_all(site):
    pupil = await site.pupil("Mai")
    assert (await turn(site, "upto:look")).status_code == 303
    told = await state(pupil)
    assert (told["upto"], told["beyond"]) == ("look", "ask")
    page = await pupil.page()
    assert "#cell-ask,#cell-ask~.ct-cell{display:none}" in page
    assert json.loads(page.partition('id="ct-class">')[2].partition("</script>")[0])[
        "state"]["beyond"] == "ask"
    await turn(site, "upto:ask")
    assert (await state(pupil))["beyond"] is None, "nothing comes after the last section"
    await turn(site, "free")
    assert (await state(pupil))["upto"] is None
    assert "~.ct-cell{display:none}" not in await pupil.page()


async def test_answers_are_taken_while_the_class_is_paused(site):
    pupil = await site.pupil("Mai")
    await turn(site, "pause")
    assert (await state(pupil))["paused"]
    assert (await pupil.send(answer())).status_code == 200
    await turn(site, "go-on")
    assert not (await state(pupil))["paused"]


async def test_showing_the_same_part_again_is_told_and_ends_with_one_tap(site):
    pupil = await site.pupil("Mai")
    await turn(site, "show:look")
    first = await state(pupil)
    await turn(site, "show:look")
    second = await state(pupil)
    assert (first["show"], second["show"]) == ("look", "look") and second["shown"] > first["shown"]
    await turn(site, "hide")
    assert (await state(pupil))["show"] is None


async def test_a_part_that_is_closed_again_is_shown_no_longer(site):
    pupil = await site.pupil("Mai")
    await turn(site, "show:ask")
    await turn(site, "upto:intro")
    assert ((told := await state(pupil))["upto"], told["show"]) == ("intro", None)


async def test_a_part_that_is_shown_is_open(site):
    pupil = await site.pupil("Mai")
    await turn(site, "upto:intro")
    await turn(site, "show:ask")
    told = await state(pupil)
    assert (told["upto"], told["beyond"]) == ("ask", None)
    await turn(site, "show:intro")
    assert (await state(pupil))["upto"] == "ask", "showing what is open closes nothing"


@pytest.mark.parametrize(("what", "status"), [
    ("upto:nowhere", 404), ("show:q-choice", 404), ("upto", 404), ("dance", 400), ("", 400)])
async def test_buttons_that_are_none_change_nothing(site, what, status):
    assert (await turn(site, what)).status_code == status
    with site.database.reading() as session:
        row = session.get(ClassSession, site.ids["session"])
        assert (row.paused, row.upto, row.show) == (False, "", "")


async def test_nobody_but_its_teacher_paces_a_class(site):
    assert (await turn(site, "pause", "otto")).status_code == 403
    pupil = await site.pupil("Mai")
    address = f"/c/teach/{site.ids['session']}/control"
    assert (await pupil.browser.post(address, data={"do": "pause"})).status_code == 401
    async with site.teacher() as teacher:
        page = await teacher.post(address, data={"do": "pause"},
                                  headers={"Sec-Fetch-Site": "cross-site"})
        assert page.status_code == 403
    assert not (await state(pupil))["paused"]


async def test_the_state_is_for_those_in_the_class_and_says_when_it_is_closed(site):
    async with site.browser() as browser:
        assert (await browser.get("/c/api/state")).status_code == 401
    pupil = await site.pupil("Mai")
    assert (await state(pupil))["open"]
    async with site.teacher() as teacher:
        await teacher.post(f"/c/teach/{site.ids['session']}/close")
    closed = await pupil.browser.get("/c/api/state")
    assert closed.status_code == 410
    assert closed.json()["error"]["message"] == "Your teacher has closed this class."
    assert (await turn(site, "pause")).status_code == 410


async def test_who_asks_for_the_state_is_here(site):
    pupil = await site.pupil("Mai")
    site.room.guests.forget(pupil.guest)
    await state(pupil)
    assert pupil.guest.actor in site.room.guests.here(site.ids["session"])


async def test_the_pace_is_kept_when_the_service_starts_again(site):
    await turn(site, "upto:look")
    await turn(site, "pause")
    with site.database.reading() as session:
        row = session.get(ClassSession, site.ids["session"])
    assert (row.upto, row.paused) == ("look", True)


async def test_what_was_not_understood_is_counted_at_its_section_without_names(site):
    with site.database.session() as session:
        for number, (actor, cell, understood) in enumerate((
                ("Mai", "plot", False), ("Long", "plot", False), ("Hoa", "plot", True),
                ("Mai", "setup", False), ("Mai", "setup", True))):
            events.append(session, [{
                "id": str(uuid.uuid4()), "actor": site.ids[f"actor-{actor}"],
                "session": site.ids["session"], "lesson": "swing", "lesson_version": "1",
                "cell": cell, "verb": "answered", "client_time": None, "client_seq": number,
                "value": {"kind": "understood", "key": "", "answer": {"understood": understood}},
                "demo": False}])
    async with site.teacher() as teacher, teacher.stream(
            "GET", f"/c/teach/{site.ids['session']}/events") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                told = json.loads(line[6:])
                break
    assert [(part["cell"], part["title"], part["marks"]) for part in told["outline"]] == [
        ("intro", "The swing", 0), ("look", "Move the slider", 2), ("ask", "What do you think?", 0)]
    assert not any(site.ids[f"actor-{name}"] in json.dumps(told["outline"])
                   for name in ("Mai", "Long", "Hoa"))


async def test_the_board_shows_one_question_to_its_teacher_alone(site):
    pupil = await site.pupil("Mai")
    await pupil.send(answer(1))
    async with site.teacher() as teacher:
        address = f"/c/teach/{site.ids['session']}/question"
        page = await teacher.get(address, params={"id": "q-choice#slower"})
        assert page.status_code == 200 and "Which swing is slower?" in page.text
        assert (await teacher.get(address, params={"id": "nothing"})).status_code == 404
    async with site.teacher("otto") as otto:
        assert (await otto.get(address, params={"id": "q-choice#slower"})).status_code == 403


async def test_the_teacher_is_told_what_did_not_work_in_her_lesson(site):
    file = site.settings.layout.lessons / "swing" / "lesson.ipynb"
    notebook = nbformat.read(file, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("1 / 0", id="broken"))
    nbformat.write(notebook, file)
    site.room.states.forget(site.ids["session"])
    pupil = await site.pupil("Mai")
    await pupil.page()
    async with asyncio.timeout(60), site.teacher() as teacher, teacher.stream(
            "GET", f"/c/teach/{site.ids['session']}/events") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: ") and (found := json.loads(line[6:])["problems"]):
                break
    assert found == [{
        "part": "What do you think?", "message": "This cell stopped with ZeroDivisionError: "
        "division by zero.", "hint": "Run it in JupyterLab to see where."}]
