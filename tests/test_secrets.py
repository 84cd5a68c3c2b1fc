"""Picture secrets: a card opens to its three pictures, waits after five wrong tries, and is reset."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from coteach.errors import UserError
from coteach.store import cards
from coteach.store.classes import add_card
from coteach.store.schema import NameCard, Person, School, SchoolClass

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
