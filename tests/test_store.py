"""The store keeps what it acknowledged, once, on SQLite and on Postgres."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from coteach.errors import Gone, NotFound
from coteach.store import Database, events, people, utcnow
from coteach.store.database import MIGRATIONS
from coteach.store.schema import Base, Cohort, NameCard, School, SchoolClass


def answer(**change):
    return {"id": str(uuid.uuid4()), "actor": "card", "session": "s", "verb": "answered",
            "value": {"v": 1}, "client_seq": 1, **change}


def test_migrations_make_exactly_the_schema(database):
    database.migrate()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_class_from_before_picture_secrets_goes_on_without_them(database):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        school, person, old = (str(uuid.uuid4()) for _n in range(3))
        connection.exec_driver_sql(
            f"INSERT INTO school VALUES ('{school}', 'S', 'en', 'VN', 'UTC', false)")
        connection.exec_driver_sql(
            "INSERT INTO person (id, username, display_name, role, school_id, language, time_zone,"
            f" demo, created) VALUES ('{person}', 'lan', 'Lan', 'teacher', '{school}', 'en', 'UTC',"
            " false, '2026-01-01 00:00:00+00:00')")
        connection.exec_driver_sql(
            "INSERT INTO school_class (id, name, school_id, teacher_id, language, demo)"
            f" VALUES ('{old}', 'C', '{school}', '{person}', 'en', false)")
        connection.exec_driver_sql(
            "INSERT INTO name_card (id, class_id, nickname, picture, pseudonym)"
            f" VALUES ('card', '{old}', 'Mai', 'crab', 'p')")
    database.migrate()
    with database.session() as session:
        assert not session.get(SchoolClass, old).secrets
        card = session.get(NameCard, "card")
        assert (card.nickname, card.secret, card.tries, card.round) == ("Mai", "", 0, 0)
        new = SchoolClass(name="D", school_id=school, teacher_id=person)
        session.add(new)
        session.flush()
        assert new.secrets


def test_an_event_sent_again_is_stored_once(database):
    one = answer()
    with database.session() as session:
        assert events.append(session, [one]) == [one["id"]]
    with database.session() as session:
        assert events.append(session, [{**one, "value": "other"}, answer(client_seq=2)]) != []
    with database.session() as session:
        stored = events.read(session, session_id="s")
        assert [e.client_seq for e in stored] == [1, 2]
        assert stored[0].value == {"v": 1}
        assert stored[0].received.tzinfo is not None


def test_the_first_of_two_equal_ids_in_one_batch_wins(database):
    one = answer()
    with database.session() as session:
        events.append(session, [one, {**one, "value": "second"}])
        assert [e.value for e in events.read(session)] == [{"v": 1}]


def test_the_answers_that_count_are_found_and_counted_without_the_older_ones(database):
    def given(actor, number, cell="q", session="s", **more):
        return answer(actor=actor, cell=cell, session=session, value={
            "kind": "number", "key": "k", "answer": {"number": number}, **more})
    with database.session() as session:
        for number in (1, 2, 3):
            events.append(session, [given("mai", number), given("long", number)])
        events.append(session, [given("mai", 9, cell="p"), given("mai", 8, **{"from": "file"})])
        events.append(session, [given("mai", 7, session="another")])
    with database.reading() as session:
        found = [(e.actor, e.cell, e.value["answer"]["number"])
                 for e in events.newest(session, "s")]
        assert sorted(found) == [("long", "q", 3), ("mai", "p", 9), ("mai", "q", 8)]
        assert len(events.newest(session, "s", actor="mai", kind="number")) == 2
        assert events.newest(session, "s", kind="draw") == []
        assert events.count(session, "s", "mai") == 4
        assert events.count(session, "s", "mai", from_file=True) == 1
        assert events.count(session, "s", "mai", kind="draw") == 0
        for most, more in ((3, True), (4, False), (5, False)):
            assert events.more_than(session, "s", "mai", most) is more
        for most, more in ((-1, True), (0, True), (1, False), (4, False)):
            assert events.more_than(session, "s", "mai", most, from_file=True) is more
        assert not events.more_than(session, "s", "mai", 0, kind="draw")
        assert events.more_than(session, "s", "mai", 3, kind="number")


def test_an_invitation_is_used_once(database):
    with database.session() as session:
        school = School(name="Schule", language="vi", country="VN", time_zone="Asia/Ho_Chi_Minh")
        cohort = Cohort(name="C", course="c", starts=utcnow(), ends=utcnow() + timedelta(days=1))
        session.add_all([school, cohort])
        session.flush()
        _, token = people.invite(session, role="teacher", school=school, cohort=cohort)
        person = people.redeem(session, token, username="Đào", display_name="Đào")
        assert person.username == "đào" and person.time_zone == "Asia/Ho_Chi_Minh"
        assert people.membership(session, cohort.id, person.id) == "teacher"
        with pytest.raises(Gone, match="used"):
            people.redeem(session, token, username="other", display_name="")


def test_an_expired_or_unknown_invitation_is_refused(database):
    with database.session() as session:
        _, token = people.invite(session, role="teacher", days=-1)
        with pytest.raises(Gone, match="expired"):
            people.invitation(session, token)
        with pytest.raises(NotFound):
            people.invitation(session, token + "x")


def test_an_acknowledged_event_survives_kill_9(tmp_path):
    url = f"sqlite:///{tmp_path / 's.sqlite'}"
    Database(url).migrate()
    code = textwrap.dedent("""
        import sys, time
        from coteach.store import Database, events
        database = Database(sys.argv[1])
        for n in range(1000000):
            with database.session() as session:
                events.append(session, [dict(id=str(n), actor="a", verb="v", value=n)])
            print(n, flush=True)
    """)
    child = subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE, text=True)
    for _ in range(25):
        last = int(child.stdout.readline())
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    with Database(url).session() as session:
        kept = {int(e.id) for e in events.read(session)}
    assert set(range(last + 1)) <= kept


def test_a_long_read_stops_no_writer(database):
    with database.reading() as reader:
        assert events.read(reader) == []
        with database.session() as writer:
            events.append(writer, [answer()])
    with database.reading() as reader:
        assert len(events.read(reader)) == 1


def test_many_writers_at_once_lose_and_double_nothing(database):
    batch = [answer(client_seq=n) for n in range(40)]

    def send(_n):
        with database.session() as session:
            return len(events.append(session, batch[:20])) + len(events.append(session, batch))

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(send, range(6))) == 40
    with database.reading() as session:
        assert len(events.read(session)) == 40
