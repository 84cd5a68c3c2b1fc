"""How far people are, worked out from stored facts, on SQLite and Postgres."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

import pytest

from coteach.store import events, progress, utcnow
from coteach.store.progress import DONE, NEW, OPEN, UNDER_WAY, WAITING
from coteach.store.schema import Cohort, Comment, Grade, Person, Recording, Submission


@dataclass
class Step:
    id: str
    kind: str


@dataclass
class Module:
    id: str
    assignment: str
    steps: tuple[Step, ...]


MODULE = Module("m1", "a1", tuple(Step(k, k) for k in (
    "read", "device-check", "practice", "assignment", "feedback")))


class World:
    def __init__(self, session):
        self.session = session
        self.amina = Person(username="amina", display_name="Amina", role="teacher")
        self.tara = Person(username="tara", display_name="Tara", role="trainer")
        self.cohort = Cohort(name="c", course="x", starts=utcnow(), ends=utcnow())
        session.add_all([self.amina, self.tara, self.cohort])
        session.flush()

    def event(self, verb, cell="", lesson="m1", value=None, where=None):
        events.append(self.session, [{
            "id": str(uuid.uuid4()), "actor": self.amina.id, "verb": verb, "cell": cell,
            "session": self.cohort.id if where is None else where, "lesson": lesson, "value": value}])

    def recording(self, status="ready", module="m1"):
        made = Recording(room="r", person_id=self.amina.id, cohort_id=self.cohort.id, module=module,
                         purpose="p", status=status, tracks=[], delete_after=utcnow())
        self.session.add(made)
        self.session.flush()
        return made

    def hand_in(self, status=None, released=None, age=0, late=False):
        made = Submission(cohort_id=self.cohort.id, person_id=self.amina.id, course="x",
                          assignment="a1", notebook="n", sha256=uuid.uuid4().hex * 2, size=1,
                          late=late, received=utcnow() - timedelta(minutes=age))
        self.session.add(made)
        self.session.flush()
        if status:
            self.session.add(Grade(submission_id=made.id, status=status, score=None, max_score=None,
                                   released=released))
            self.session.flush()
        return made

    def facts(self):
        return progress.facts(self.session, self.cohort, [self.amina.id])

    def states(self):
        return [s.state for s in progress.steps(MODULE, self.facts()[self.amina.id])]

    def needs(self):
        found = progress.needs(self.facts())
        return len(found.to_mark), len(found.to_release), len(found.to_watch)


@pytest.fixture
def world(database):
    with database.session() as session:
        yield World(session)


def test_at_first_everything_is_open(world):
    assert world.states() == [OPEN] * 5
    assert world.facts()[world.amina.id].last_seen is None
    assert not progress.needs(world.facts()).any


def test_each_kind_of_step_is_done_by_its_own_fact(world):
    world.event("step-done", "read")
    world.event("device-checked", value={"overall": "good"})
    world.recording()
    world.hand_in(late=True)
    assert world.states() == [DONE, DONE, DONE, DONE, WAITING]
    assert progress.steps(MODULE, world.facts()[world.amina.id])[3].late


def test_another_modules_and_another_cohorts_facts_dont_count(world):
    world.event("step-done", "read", lesson="m2")
    world.event("step-done", "read", where="another cohort")
    world.recording(module="m2")
    assert world.states() == [OPEN] * 5


def test_a_recording_that_runs_is_under_way_and_a_deleted_one_is_nothing(world):
    made = world.recording(status="recording")
    assert world.states()[2] == UNDER_WAY
    made.status = "deleted"
    world.session.flush()
    assert world.states()[2] == OPEN


def test_practice_that_nobody_recorded_counts_too(world):
    world.event("practised")
    assert world.states()[2] == DONE


def test_feedback_is_new_until_it_is_read_and_new_again_when_more_comes(world):
    world.hand_in("graded", released=utcnow() - timedelta(minutes=5), age=9)
    assert world.states()[4] == NEW
    world.event("feedback-read")
    assert world.states()[4] == DONE
    world.hand_in("graded", released=utcnow() + timedelta(minutes=5))
    assert world.states()[4] == NEW


def test_marks_that_are_not_released_are_not_feedback(world):
    world.hand_in("graded")
    assert world.states()[4] == WAITING


@pytest.mark.parametrize(("status", "needs"), [
    (None, (1, 0, 0)), ("needs_manual", (1, 0, 0)), ("failed", (1, 0, 0)), ("graded", (0, 1, 0)),
    ("rejected", (0, 1, 0))])
def test_the_newest_hand_in_is_what_waits_for_a_trainer(world, status, needs):
    world.hand_in("graded", released=utcnow(), age=60)
    world.hand_in(status)
    assert world.needs() == needs


def test_a_recording_waits_until_somebody_else_left_a_remark(world):
    made = world.recording()
    world.session.add(Comment(recording_id=made.id, author_id=world.amina.id, at=1.0, text="mine"))
    world.session.flush()
    assert world.needs() == (0, 0, 1)
    world.session.add(Comment(recording_id=made.id, author_id=world.tara.id, at=1.0, text="seen"))
    world.session.flush()
    assert world.needs() == (0, 0, 0)
    assert world.facts()[world.amina.id].recordings[0].remarks == 1
