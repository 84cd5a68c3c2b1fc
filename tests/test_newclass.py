"""A teacher makes a class by herself: one page, nothing half made, hers and her school's."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from classroom_site import running

from coteach.store import classes
from coteach.store.schema import Event, Person, SchoolClass


@pytest.fixture
async def site(settings):
    async with running(settings) as made:
        yield made


async def asked(site, **values):
    form = {"name": "5 B", "language": "vi", "secrets": "off", "nicknames": "Mai\n\n Long \n",
            "lesson": "", **values}
    async with site.teacher() as browser:
        assert "Name of the class" in (await browser.get("/c/teach/new")).text
        return await browser.post("/c/teach/new", data=form)


def made(site):
    with site.database.reading() as session:
        return {c.name: (c, [(card.nickname, card.picture) for card in classes.cards(session, c.id)])
                for c in session.query(SchoolClass).filter(
                    SchoolClass.teacher_id == site.ids["lan"])}


async def test_a_class_is_made_with_its_name_cards_and_belongs_to_its_teacher(site):
    answer = await asked(site)
    school_class, cards = made(site)["5 B"]
    assert str(answer.url).endswith(f"/c/teach/class/{school_class.id}")
    assert (school_class.language, school_class.secrets) == ("vi", False)
    assert [name for name, _picture in cards] == ["Long", "Mai"]
    assert len({picture for _name, picture in cards}) == 2
    with site.database.reading() as session:
        assert school_class.school_id == session.get(Person, site.ids["lan"]).school_id
        assert session.query(Event).filter(Event.verb == "class-made").count() == 1
    async with site.teacher("otto") as browser:
        assert (await browser.get(f"/c/teach/class/{school_class.id}")).status_code == 403


async def test_with_a_first_lesson_the_class_is_open_at_once(site):
    answer = await asked(site, lesson="swing", secrets="on")
    assert re.search(r"/c/teach/[0-9a-f-]{36}$", str(answer.url))
    code = re.search(r'class="code-letters"[^>]*>([A-Z]{5})<', answer.text).group(1)
    async with site.browser() as browser:
        page = await browser.get(f"/c/{code}")
    assert "Mai" in page.text and "Long" in page.text and 'lang="vi"' in page.text


@pytest.mark.parametrize(("values", "words"), [
    ({"name": "  "}, "1 to 60 letters"), ({"name": "Class of lan"}, "already"),
    ({"nicknames": "Mai\nmai"}, "a card with the name mai already"),
    ({"nicknames": "Mai\n\n" + "x" * 31}, "Line 3, " + "x" * 30 + "…: A nickname has 1 to 24 letters"), ({"lesson": "no-such"}, "no-such")])
async def test_what_is_wrong_is_said_and_nothing_is_half_made(site, values, words):
    before = set(made(site))
    answer = await asked(site, **values)
    assert answer.status_code >= 400 and words in answer.text
    assert "Mai" in answer.text or "nicknames" in values
    assert set(made(site)) == before


async def test_the_pages_for_a_stick_carry_the_name_cards_of_the_class_alone(site):
    async with site.teacher() as browser:
        answer = await browser.get(f"/c/teach/{site.ids['session']}/stick.zip")
        page = await browser.get(f"/c/teach/{site.ids['session']}/import")
    assert answer.headers["content-type"] == "application/zip" and "stick.zip" in page.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as stick:
        names = stick.namelist()
        html = stick.read("swing/en/index.html").decode()
    assert "swing/index.html" in names and "swing/shared/coteach.js" in names
    for name in ("Mai", "Long", "Hoa"):
        assert f'<option value="{site.ids[name]}">{name}</option>' in html
        assert site.ids[f"actor-{name}"] not in html
    async with site.teacher("otto") as browser:
        assert (await browser.get(
            f"/c/teach/{site.ids['session']}/stick.zip")).status_code == 403
