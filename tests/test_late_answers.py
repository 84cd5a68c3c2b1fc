"""Answers that come after a class was closed: taken for some hours, from those who were in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from classroom_site import answer, running

from coteach.classroom.guests import Pass
from coteach.store import classes
from coteach.store.schema import ClassSession, NameCard, Person


@pytest.fixture
async def site(settings):
    async with running(settings) as made:
        yield made


async def close(site, ago: float = 0.0) -> None:
    """Close the class, some hours ago."""
    async with site.teacher() as teacher:
        await teacher.post(f"/c/teach/{site.ids['session']}/close")
    with site.database.session() as session:
        row = session.get(ClassSession, site.ids["session"])
        row.closed -= timedelta(hours=ago)


async def test_a_closed_class_takes_late_answers_for_a_day_and_opens_nothing_else(site):
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    await close(site, ago=23)
    taken = await mai.send(answer())
    assert taken.status_code == 200 and taken.json()["late"] is True
    assert (await long.send(answer(), pupil=mai.guest.pupil)).status_code == 409
    assert (await mai.browser.get("/c/api/state")).status_code == 410
    assert (await mai.browser.get(f"/c/{site.ids['code']}")).status_code == 410
    async with site.teacher() as teacher:
        watch = await teacher.get(f"/c/teach/{site.ids['session']}")
    assert '"late": 1' in watch.text and '"late": true' in watch.text
    with site.database.session() as session:
        session.get(ClassSession, site.ids["session"]).closed -= timedelta(hours=2)
    refusal = await mai.send(answer())
    assert refusal.status_code == 410
    assert refusal.json()["error"]["message"] == "Your teacher has closed this class."
    assert len(site.answers()) == 1


async def test_late_answers_of_a_card_or_a_class_that_is_gone_are_refused(site):
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    await close(site)
    with site.database.session() as session:
        classes.remove_card(session, session.get(NameCard, site.ids["Mai"]))
    assert (await mai.send(answer())).status_code == 404
    with site.database.session() as session:
        session.delete(session.get(ClassSession, site.ids["session"]))
    assert (await long.send(answer())).status_code == 404
    assert site.answers() == []


async def test_no_hours_of_grace_close_a_class_at_once(settings):
    async with running(replace(settings, late_answer_hours=0)) as site:
        mai = await site.pupil("Mai")
        await close(site)
        assert (await mai.send(answer())).status_code == 410 and site.answers() == []


async def test_the_same_card_in_a_later_lesson_sends_what_waited_and_nobody_elses(site):
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    first = dict(site.ids)
    with site.database.session() as session:
        row = classes.open_session(
            session, classes.get(session, first["class-lan"]), lesson="swing", version="1",
            person=session.get(Person, first["lan"]), minutes=60)
        site.ids["session"], site.ids["code"] = row.id, row.code
    again, hoa = await site.pupil("Mai"), await site.pupil("Hoa")
    assert again.guest.pupil != mai.guest.pupil
    taken = await again.send(answer(), pupil=mai.guest.pupil)
    assert taken.status_code == 200 and taken.json()["late"] is True
    assert [(row.session, row.actor) for row in site.answers()] == [
        (first["session"], first["actor-Mai"])]
    assert (await again.send(answer(), pupil=long.guest.pupil)).status_code == 409
    assert (await hoa.send(answer(), pupil=Pass(
        first["session"], "", hoa.guest.actor, "").pupil)).status_code == 409, "she was not there"


async def test_a_pass_is_good_for_late_answers_longer_than_for_everything_else(settings):
    async with running(settings) as site:
        with site.database.session() as session:
            row = session.get(ClassSession, site.ids["session"])
            card = session.get(NameCard, site.ids["Mai"])
            two_hours_ago = row.closes.timestamp() - 3 * 3600
            row.closes -= timedelta(hours=3)
            value, _seconds = site.room.guests.mint(row, card, two_hours_ago)
        assert site.room.guests.read(value) is None
        assert site.room.guests.read(value, late=True) is not None
