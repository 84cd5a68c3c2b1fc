"""Picture secrets: a card opens to its three pictures, waits after five wrong tries, and is reset."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from classroom_site import answer, running

from coteach.classroom.limits import SECRETS
from coteach.classroom.service import create_application
from coteach.errors import UserError
from coteach.store import cards, classes
from coteach.store.classes import add_card
from coteach.store.schema import Event, NameCard, Person, School, SchoolClass

PICKS = ("crab", "kite", "sun")


@pytest.fixture
def card(database) -> str:
    """A card in a class."""
    with database.session() as session:
        school = School(name="S", language="en", country="VN", time_zone="UTC")
        session.add(school)
        session.flush()
        person = Person(username="lan", display_name="Lan", role="teacher", school_id=school.id)
        session.add(person)
        session.flush()
        mine = SchoolClass(name="C", school_id=school.id, teacher_id=person.id)
        session.add(mine)
        session.flush()
        return add_card(session, mine, nickname="Mai", picture="crab").id


def test_what_is_stored_names_no_picture_and_is_salted():
    one, two = cards.hashed(PICKS), cards.hashed(PICKS)
    assert one != two and not any(pick in one for pick in PICKS)
    assert cards.matches(one, PICKS) and cards.matches(two, PICKS)


@pytest.mark.parametrize("wrong", [
    ("kite", "crab", "sun"), ("crab", "kite"), (), ("crab", "kite", "sun", "sun"),
    ("crab", "kite", "moon")])
def test_other_pictures_and_another_order_do_not_match(wrong):
    assert not cards.matches(cards.hashed(PICKS), wrong)
    assert not cards.matches("", wrong)


@pytest.mark.parametrize("bad", [(), ("crab", "kite"), ("crab", "crab", "sun")])
def test_a_secret_is_three_different_pictures(bad):
    with pytest.raises(UserError, match="three different"):
        cards.hashed(bad)


def test_many_tries_at_once_are_never_more_than_five(database, card):
    def one(_n: int) -> bool:
        with database.session() as session:
            return cards.count_try(session, card)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(24))) == cards.MOST_TRIES
    with database.session() as session:
        assert cards.waits(session.get(NameCard, card))
        cards.was_right(session, card)
    with database.session() as session:
        assert not cards.waits(session.get(NameCard, card))


def test_of_two_who_choose_at_once_only_the_first_has_the_card(database, card):
    with database.session() as session:
        assert cards.first_secret(session, card, "one")
    with database.session() as session:
        assert not cards.first_secret(session, card, "two")
    with database.session() as session:
        found = session.get(NameCard, card)
        assert found.secret == "one"
        cards.set_secret(found, "")
        assert cards.first_secret(session, card, "three")


@pytest.fixture
async def site(settings):
    """A class that wants three pictures before a card opens."""
    async with running(settings, secrets=True) as made:
        yield made


async def tap(site, browser, name="Mai", picks=PICKS, **more):
    """Choose a card and send these pictures."""
    return await browser.post(f"/c/{site.ids['code']}/enter", follow_redirects=False, data={
        "card": site.ids[name], "picks": " ".join(picks), **more})


async def chosen(site, name="Mai", picks=PICKS):
    """A browser in which a pupil chose her pictures and is in."""
    browser = site.browser()
    assert (await tap(site, browser, name, picks, keep="1")).status_code == 303
    return browser


def entered(site) -> int:
    with site.database.reading() as session:
        return session.query(Event).filter(Event.verb == "entered").count()


async def test_at_first_a_pupil_chooses_three_pictures_and_then_they_open_her_card(site):
    async with site.browser() as first:
        page = await tap(site, first, picks=())
        assert page.status_code == 200 and "Choose three pictures" in page.text
        page = await tap(site, first)
        assert "Keep these" in page.text and "coteach_guest" not in first.cookies
        assert (await tap(site, first, keep="1")).status_code == 303
        assert "coteach_guest" in first.cookies
    async with site.browser() as later:
        page = await tap(site, later, picks=())
        assert "Tap your three pictures" in page.text
        assert (await tap(site, later)).status_code == 303
        assert "coteach_guest" in later.cookies
    with site.database.reading() as session:
        kept = session.get(NameCard, site.ids["Mai"]).secret
    assert kept.startswith("scrypt$") and not any(pick in kept for pick in PICKS)
    assert entered(site) == 2


async def test_without_a_script_each_tap_is_sent_and_remembered(site):
    async with site.browser() as browser:
        page = await tap(site, browser, picks=("crab",), pick="kite")
        assert 'value="crab kite"' in page.text
        page = await tap(site, browser, picks=("crab", "kite"), pick="sun")
        assert 'value="crab kite sun"' in page.text and "Keep these" in page.text
        page = await tap(site, browser, picks=PICKS, again="1")
        assert 'id="picks" value=""' in page.text


@pytest.mark.parametrize("wrong", [
    ("crab", "kite", "moon"), ("moon", "kite", "sun"), ("sun", "kite", "crab"),
    ("owl", "owl", "owl")])
async def test_a_wrong_try_says_nothing_about_which_picture_was_right(site, wrong):
    (await chosen(site)).cookies.clear()
    async with site.browser() as browser:
        page = await tap(site, browser, picks=wrong)
        assert page.status_code == 403 and "coteach_guest" not in browser.cookies
        assert "These are not the three pictures of this card." in page.text
        assert 'id="picks" value=""' in page.text and "disabled" not in page.text


async def test_a_script_gets_the_sentence_alone_and_nothing_else_than_a_page_would_say(site):
    (await chosen(site)).cookies.clear()
    async with site.browser(Accept="application/json") as browser:
        told = await tap(site, browser, picks=("owl", "kite", "sun"))
        assert (told.status_code, told.json()) == (
            403, {"problem": "These are not the three pictures of this card. Their order counts. "
                             "If you don't remember them, ask your teacher."})
        assert (await tap(site, browser)).status_code == 303


async def test_names_that_are_no_pictures_count_for_nothing(site):
    async with site.browser() as browser:
        page = await tap(site, browser, picks=("crab", "<script>", "kite"), pick="../x", keep="1")
    assert 'value="crab kite"' in page.text and "<script>crab" not in page.text
    assert page.status_code == 200 and entered(site) == 0


async def test_five_wrong_tries_make_one_card_wait_and_no_other(site):
    inside = await chosen(site)
    async with site.browser() as browser:
        for _try in range(3):
            page = await tap(site, browser, picks=("owl", "owl", "sun"))
        assert "You have 2 more tries." in page.text
        for _try in range(2):
            page = await tap(site, browser, picks=("owl", "owl", "sun"))
        assert page.status_code == 403 and "waits for your teacher" in page.text
        page = await tap(site, browser)
        assert page.status_code == 403 and "coteach_guest" not in browser.cookies
        assert (await tap(site, browser, "Long", keep="1")).status_code == 303
        cards_page = await browser.post("/c/leave")
        assert cards_page.text.count("waits for your teacher") == 1
    assert (await inside.get(f"/c/files/{site.ids['session']}/none.png")).status_code == 404, (
        "who is in stays in")


async def test_right_pictures_forget_the_wrong_tries(site):
    await chosen(site)
    async with site.browser() as browser:
        for _round in range(2):
            for _try in range(4):
                await tap(site, browser, picks=("owl", "owl", "sun"))
            assert (await tap(site, browser)).status_code == 303


async def test_one_address_can_not_use_up_the_tries_of_a_whole_class(site):
    with site.database.session() as session:
        mine = classes.get(session, site.ids["class-lan"])
        secret = cards.hashed(PICKS)
        for place in range(12):
            card = add_card(session, mine, nickname=f"P{place}", picture="star")
            cards.set_secret(card, secret)
            site.ids[f"P{place}"] = card.id
    async with site.browser() as browser:
        done = [await tap(site, browser, f"P{place}", ("owl", "owl", "sun"))
                for place in range(12) for _try in range(5)]
        assert [page.status_code for page in done] == [403] * SECRETS + [429] * (60 - SECRETS)
        assert "Too many pictures were wrong." in done[-1].text
        other = await browser.post(f"/c/{site.ids['code']}/enter", follow_redirects=False, headers={
            "X-Forwarded-For": "203.0.113.9"}, data={"card": site.ids["P11"], "picks": "crab kite sun"})
    assert other.status_code == 303


async def test_somebody_who_was_faster_is_told_in_a_sentence(site):
    await chosen(site)
    with site.database.reading() as session:
        card = session.get(NameCard, site.ids["Mai"])
    async with site.browser() as browser:
        page = await tap(site, browser, picks=("owl", "moon", "sun"), keep="1")
    assert page.status_code == 403, "keep is no way around"
    with site.database.reading() as session:
        assert session.get(NameCard, site.ids["Mai"]).secret == card.secret


async def test_a_card_of_another_class_or_a_forged_one_opens_nothing(site):
    with site.database.session() as session:
        other = add_card(session, classes.get(session, site.ids["class-otto"]),
                         nickname="Eve", picture="owl")
        site.ids.update(Eve=other.id, Nobody="0" * 36)
    async with site.browser() as browser:
        for name in ("Eve", "Nobody"):
            page = await tap(site, browser, name, keep="1")
            assert page.status_code == 404 and "coteach_guest" not in browser.cookies


async def test_the_entering_address_leads_back_to_the_cards_when_it_is_loaded_again(site):
    async with site.browser() as browser:
        page = await browser.get(f"/c/{site.ids['code']}/enter")
    assert page.url.path == f"/c/{site.ids['code']}" and "Who are you?" in page.text


async def do(site, what, *, name="Mai", teacher="lan", **more):
    """The teacher taps a button of a card."""
    async with site.teacher(teacher) as browser:
        return await browser.post(
            f"/c/teach/class/{site.ids['class-lan']}/card/{site.ids[name]}",
            data={"do": what, **more})


async def test_the_teacher_lets_a_pupil_choose_anew_and_it_is_noted(site):
    await chosen(site)
    async with site.browser() as browser:
        for _try in range(5):
            await tap(site, browser, picks=("owl", "owl", "sun"))
        page = await do(site, "reset", back=site.ids["session"])
        assert page.status_code == 200 and page.url.path == f"/c/teach/{site.ids['session']}"
        assert "Choose three pictures" in (await tap(site, browser, picks=())).text
        assert (await tap(site, browser, picks=("owl", "moon", "sun"), keep="1")).status_code == 303
    with site.database.reading() as session:
        event = session.query(Event).filter(Event.verb == "card-reset").one()
    assert (event.actor, event.session, event.value["card"]) == (
        site.ids["lan"], site.ids["session"], site.ids["Mai"])


async def test_the_teacher_gives_more_tries_or_chooses_the_pictures_herself(site):
    await chosen(site)
    async with site.browser() as browser:
        for _try in range(5):
            await tap(site, browser, picks=("owl", "owl", "sun"))
        await do(site, "again")
        assert (await tap(site, browser)).status_code == 303, "the pictures are still hers"
        page = await do(site, "choose", pick=["moon", "moon", "owl"])
        assert page.status_code == 400 and "Choose three different pictures." in page.text
        assert (await do(site, "choose", pick=["moon", "drum", "owl"])).status_code == 200
        assert (await tap(site, browser)).status_code == 403
        assert (await tap(site, browser, picks=("moon", "drum", "owl"))).status_code == 303


async def test_a_card_signed_out_is_out_on_every_device_also_after_a_restart(site):
    mai, long = await chosen(site), await chosen(site, "Long")
    cookie = mai.cookies["coteach_guest"]
    assert (await do(site, "sign-out")).status_code == 200
    assert "Who are you?" in (await mai.get(f"/c/{site.ids['code']}")).text
    assert (await mai.get("/c/api/answers", params={"pupil": "x"})).status_code == 401
    assert site.room.guests.read(long.cookies["coteach_guest"]) is not None
    again = create_application(site.settings, site.database).settings["room"]
    assert again.guests.read(cookie) is None
    await again.pages.close()
    async with site.browser() as browser:
        assert (await tap(site, browser)).status_code == 303, "she comes in again by herself"
        assert site.room.guests.read(browser.cookies["coteach_guest"]) is not None


async def test_another_teacher_and_a_pupil_can_do_nothing_with_a_card(site):
    await chosen(site)
    for what in ("reset", "again", "sign-out", "choose"):
        page = await do(site, what, teacher="otto", pick=["moon", "drum", "owl"])
        assert page.status_code == 403
    async with site.teacher("otto") as otto:
        mine, own = site.ids["class-lan"], site.ids["class-otto"]
        assert (await otto.post(f"/c/teach/class/{mine}/secrets", data={})).status_code == 403
        assert (await otto.get(f"/c/teach/class/{mine}/card/{site.ids['Mai']}")).status_code == 403
        page = await otto.post(f"/c/teach/class/{own}/card/{site.ids['Mai']}", data={"do": "reset"})
        assert page.status_code == 404, "a card of another class under her own class's address"
    pupil = await chosen(site, "Long")
    page = await pupil.post(f"/c/teach/class/{mine}/card/{site.ids['Mai']}", data={"do": "reset"})
    assert page.status_code == 401
    async with site.browser() as browser:
        assert (await tap(site, browser)).status_code == 303


async def test_a_class_without_secrets_opens_at_a_tap_and_remembers_them_for_later(site):
    await chosen(site)
    async with site.teacher() as teacher:
        address = f"/c/teach/class/{site.ids['class-lan']}"
        page = await teacher.post(f"{address}/secrets", data={"secrets": "off"})
        assert "Ask for secret pictures" in page.text
        async with site.browser() as browser:
            assert (await tap(site, browser, picks=())).status_code == 303
        await teacher.post(f"{address}/secrets", data={"secrets": "on"})
    async with site.browser() as browser:
        assert "Tap your three pictures" in (await tap(site, browser, picks=())).text


async def test_a_card_with_another_nickname_keeps_its_answers(site):
    (await chosen(site)).cookies.clear()
    async with site.teacher() as teacher:
        address = f"/c/teach/class/{site.ids['class-lan']}/card/{site.ids['Mai']}"
        for wrong, said in (("long", "a card with the name long already"), ("  ", "1 to 24 letters")):
            page = await teacher.post(address, data={
                "do": "rename", "nickname": wrong, "picture": "owl"})
            assert page.status_code in (400, 409) and said in page.text
        page = await teacher.post(address, data={
            "do": "rename", "nickname": " Mai  Linh ", "picture": "owl"})
        assert "Mai Linh" in page.text
    with site.database.reading() as session:
        card = session.get(NameCard, site.ids["Mai"])
    assert (card.nickname, card.picture, card.pseudonym) == (
        "Mai Linh", "owl", site.ids["actor-Mai"])
    async with site.browser() as browser:
        assert (await tap(site, browser)).status_code == 303, "its pictures stay too"


@pytest.mark.parametrize(("answers", "left"), [("keep", 1), ("delete", 0)])
async def test_a_card_is_removed_after_a_question_and_its_pupil_is_back_at_the_cards(
        site, answers, left):
    mai = await chosen(site)
    guest = site.room.guests.read(mai.cookies["coteach_guest"])
    sent = await mai.post("/c/api/answers", json={"pupil": guest.pupil, "events": [answer(1)]})
    assert sent.status_code == 200
    async with site.teacher() as teacher:
        address = f"/c/teach/class/{site.ids['class-lan']}/card/{site.ids['Mai']}/remove"
        asked = await teacher.get(address)
        assert "Remove the card Mai?" in asked.text and "1 answer was given" in asked.text
        page = await teacher.post(address, data={"answers": answers})
        assert page.status_code == 200 and ">Mai<" not in page.text
        assert (await teacher.get(address)).status_code == 404
        table = (await teacher.get(f"/c/teach/{site.ids['session']}/answers.csv")).text
        assert table.count("The short one") == left and "Mai" not in table
    assert len(site.answers()) == left
    page = await mai.get(f"/c/{site.ids['code']}")
    assert "Who are you?" in page.text and ">Mai<" not in page.text
    assert (await mai.get("/c/api/state")).status_code == 401
    again = create_application(site.settings, site.database).settings["room"]
    assert again.guests.read(mai.cookies["coteach_guest"]) is None, "also after a restart"
    await again.pages.close()


async def test_another_teacher_can_not_rename_or_remove_a_card(site):
    async with site.teacher("otto") as otto:
        address = f"/c/teach/class/{site.ids['class-lan']}/card/{site.ids['Mai']}"
        assert (await otto.post(address, data={"do": "rename", "nickname": "X"})).status_code == 403
        assert (await otto.get(f"{address}/remove")).status_code == 403
        assert (await otto.post(f"{address}/remove")).status_code == 403
        other = f"/c/teach/class/{site.ids['class-otto']}/card/{site.ids['Mai']}"
        assert (await otto.post(f"{other}/remove")).status_code == 404
    with site.database.reading() as session:
        assert session.get(NameCard, site.ids["Mai"]).nickname == "Mai"
