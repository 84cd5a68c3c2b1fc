"""The demo alliance is complete, marked as demo, and seeding it again changes nothing."""

from __future__ import annotations

import stat

from coteach import demo
from coteach.store import Database, classes, people
from coteach.store.schema import Person, School


def test_seeding_twice_keeps_passwords_people_and_the_class_code(settings):
    first = demo.seed(settings)
    assert demo.seed(settings) == first
    assert len(set(first["logins"].values())) == 5
    assert stat.S_IMODE(settings.layout.demo_file.stat().st_mode) == 0o600
    database = Database.of(settings)
    with database.reading() as session:
        assert session.query(School).count() == 3
        everybody = session.query(Person).all()
        assert sorted(p.role for p in everybody) == ["teacher"] * 4 + ["trainer"]
        assert all(p.demo and "(" in p.display_name.replace("（", "(") for p in everybody)
        assert {s.language for s in session.query(School)} == {"en", "zh-Hant", "vi"}
        running = classes.by_code(session, first["class_code"])
        assert len(classes.cards(session, running.class_id)) == 6
        assert len(people.members(session, demo.cohort_id())) == 4
    database.close()


def test_a_closed_class_is_open_again_at_the_next_start_under_another_code(settings):
    code = demo.seed(settings)["class_code"]
    database = Database.of(settings)
    with database.session() as session:
        classes.close_session(classes.by_code(session, code))
    database.close()
    assert demo.seed(settings)["class_code"] != code


def test_a_given_password_is_for_everybody(settings):
    assert set(demo.seed(settings, "chosen-before")["logins"].values()) == {"chosen-before"}
