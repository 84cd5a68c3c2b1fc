"""What happens in a room besides media: who may do what, in which order, and again after a replay."""

from __future__ import annotations

import pytest

from coteach.errors import Conflict, Forbidden, NotFound, TooMany, UserError
from coteach.live.acts import Who
from coteach.live.floor import Floor

TEACHER = Who("teacher", "Linh", owner=True)
HELPER = Who("helper", "Anh", helps=True)
MEI, AN = Who("mei", "Mei"), Who("an", "An")


class Lesson:
    """A floor, its clock, and everything that happened on it."""

    def __init__(self, kind="webcast"):
        self.floor, self.log, self.now = Floor(kind), [], 1000.0

    def act(self, who, verb, **values):
        self.now += 1
        done = self.floor.act(who, {"type": verb, **values}, self.now)
        self.log += done
        return done

    def shown(self, who):
        return self.floor.shown(who, self.now)

    def replayed(self):
        other = Floor(self.floor.kind)
        other.replay(self.log)
        return other


def test_hands_are_ordered_by_time_and_only_the_teacher_lowers_anothers():
    lesson = Lesson()
    lesson.act(AN, "hand", on=True)
    lesson.act(MEI, "hand", on=True)
    assert lesson.act(AN, "hand", on=True) == [], "up already"
    assert [h["name"] for h in lesson.shown(HELPER)["hands"]] == ["An", "Mei"]
    assert [(h["seat"], h["place"]) for h in lesson.shown(MEI)["hands"]] == [("mei", 2)]
    with pytest.raises(Forbidden):
        lesson.act(MEI, "hand", on=False, seat="an")
    lesson.act(TEACHER, "hand", on=False, seat="an")
    assert lesson.floor.hands.seats == ["mei"]
    lesson.act(MEI, "hand", on=False)
    assert lesson.floor.hands.seats == []


def test_the_help_queue_says_how_long_each_waits():
    lesson = Lesson()
    lesson.act(AN, "help", on=True)
    lesson.now += 60
    lesson.act(MEI, "help", on=True)
    assert [(h["name"], h["seconds"]) for h in lesson.shown(TEACHER)["help"]] == [
        ("An", 61), ("Mei", 0)]


def test_chat_is_bounded_and_moderated():
    lesson = Lesson()
    said, = lesson.act(MEI, "chat", text="  hello\n there ")
    assert lesson.floor.chat.feed.after(0)[0]["text"] == "hello there"
    for text in ("", "  ", None, "x" * 501):
        with pytest.raises(UserError):
            lesson.act(MEI, "chat", text=text)
    with pytest.raises(Forbidden):
        lesson.act(AN, "chat-remove", id=said.number)
    lesson.act(TEACHER, "chat-remove", id=said.number)
    gone, = lesson.floor.chat.feed.after(said.number)
    assert (gone["id"], gone["text"], gone["removed"]) == (said.number, "", True)
    with pytest.raises(NotFound):
        lesson.act(TEACHER, "chat-remove", id=said.number)
    lesson.act(TEACHER, "chat-open", open=False)
    with pytest.raises(Forbidden):
        lesson.act(AN, "chat", text="me too")
    lesson.act(HELPER, "chat", text="Listen now.")


def test_a_flood_is_stopped_for_who_makes_it_only():
    floor = Floor()
    for number in range(5):
        floor.act(MEI, {"type": "chat", "text": "x"}, 100 + number / 10)
    with pytest.raises(TooMany):
        floor.act(MEI, {"type": "chat", "text": "x"}, 101)
    floor.act(AN, {"type": "chat", "text": "x"}, 101)
    floor.act(MEI, {"type": "chat", "text": "x"}, 112)


def test_a_poll_counts_each_person_once_and_hides_counts_until_it_ends():
    lesson = Lesson()
    with pytest.raises(Forbidden):
        lesson.act(MEI, "poll", question="Why?", choices=["a", "b"])
    for choices in (None, [], ["a"], ["a", ""], ["a"] * 9, [1, 2]):
        with pytest.raises(UserError):
            lesson.act(TEACHER, "poll", question="Why?", choices=choices)
    asked, = lesson.act(TEACHER, "poll", question="Why?", choices=["a", "b"])
    with pytest.raises(Conflict):
        lesson.act(TEACHER, "poll", question="And?", choices=["a", "b"])
    lesson.act(MEI, "poll-answer", poll=asked.number, choice=0)
    lesson.act(MEI, "poll-answer", poll=asked.number, choice=1)
    lesson.act(AN, "poll-answer", poll=asked.number, choice=1)
    for choice in (2, -1, True, "0", None):
        with pytest.raises(UserError):
            lesson.act(AN, "poll-answer", poll=asked.number, choice=choice)
    assert lesson.shown(MEI)["poll"]["counts"] is None and lesson.shown(MEI)["poll"]["mine"] == 1
    assert lesson.shown(TEACHER)["poll"]["counts"] == [0, 2]
    lesson.act(TEACHER, "poll-end")
    assert lesson.shown(MEI)["poll"]["counts"] == [0, 2]
    with pytest.raises(Conflict):
        lesson.act(AN, "poll-answer", poll=asked.number, choice=0)
    lesson.act(TEACHER, "poll-close")
    assert lesson.shown(MEI)["poll"] is None


def test_the_stage_of_a_webcast_is_the_teachers():
    lesson = Lesson()
    stage = lesson.floor.stage
    stage.may_publish(TEACHER)
    stage.may_publish(HELPER)
    with pytest.raises(Forbidden):
        stage.may_publish(MEI)
    with pytest.raises(Forbidden):
        lesson.act(MEI, "stage", seat="mei", on=True)
    lesson.act(TEACHER, "stage", seat="mei", on=True)
    stage.may_publish(MEI)
    lesson.act(TEACHER, "stage", seat="mei", on=False)
    with pytest.raises(Forbidden):
        stage.may_publish(MEI)


def test_in_a_practice_everybody_is_on_stage_until_taken_off():
    lesson = Lesson("practice")
    lesson.floor.stage.may_publish(MEI)
    lesson.act(TEACHER, "stage", seat="mei", on=False)
    with pytest.raises(Forbidden):
        lesson.floor.stage.may_publish(MEI)
    lesson.act(TEACHER, "stage", seat="mei", on=True)
    lesson.floor.stage.may_publish(MEI)


def test_nobody_turns_on_the_microphone_of_another():
    lesson = Lesson()
    lesson.act(TEACHER, "mute", seat="mei", on=True)
    assert lesson.shown(MEI)["muted"]
    with pytest.raises(Forbidden):
        lesson.act(TEACHER, "mute", seat="mei", on=False)
    with pytest.raises(Forbidden):
        lesson.act(AN, "mute", seat="mei", on=True)
    lesson.act(MEI, "mute", on=False)
    assert not lesson.shown(MEI)["muted"]


def test_an_interpreter_may_be_heard_and_has_her_language_alone():
    lesson = Lesson()
    lesson.act(TEACHER, "interpreter", seat="an", on=True, language="Tiếng Việt")
    lesson.floor.stage.may_publish(AN)
    with pytest.raises(UserError):
        lesson.act(TEACHER, "interpreter", seat="mei", on=True, language="Tiếng Việt")
    lesson.act(TEACHER, "interpreter", seat="an", on=False)
    assert lesson.floor.stage.channels == {}


def test_the_teachers_place_and_timer_are_everybodys_to_see():
    lesson = Lesson()
    for cell in (None, "", "a b", "x" * 65, 7):
        with pytest.raises(UserError):
            lesson.act(TEACHER, "pointer", cell=cell)
    with pytest.raises(Forbidden):
        lesson.act(MEI, "pointer", cell="cell-7")
    lesson.act(TEACHER, "pointer", lesson="tides", cell="cell-7")
    lesson.act(HELPER, "timer", seconds=90)
    lesson.now += 30
    assert lesson.shown(MEI)["pointer"] == {"lesson": "tides", "cell": "cell-7"}
    assert lesson.shown(MEI)["timer"] == 60
    for seconds in (0, -1, True, 1.5, 10**9, "9"):
        with pytest.raises(UserError):
            lesson.act(TEACHER, "timer", seconds=seconds)


def test_captions_are_written_by_whom_the_teacher_names():
    lesson = Lesson()
    with pytest.raises(Forbidden):
        lesson.act(AN, "caption", text="The tide rises.")
    lesson.act(TEACHER, "captioner", seat="an", on=True)
    lesson.act(AN, "caption", text="The tide rises.")
    assert lesson.floor.captions.feed.after(0)[0]["text"] == "The tide rises."


def test_who_left_waits_for_nothing_and_is_on_no_stage():
    lesson = Lesson()
    lesson.act(MEI, "hand", on=True)
    lesson.act(TEACHER, "stage", seat="mei", on=True)
    lesson.act(MEI, "chat", text="still here")
    lesson.log += lesson.floor.gone("mei", 2000)
    assert lesson.floor.seats() == set() and lesson.floor.gone("mei", 2001) == []
    assert lesson.floor.chat.feed.after(0)[0]["text"] == "still here"
    with pytest.raises(Forbidden):
        lesson.replayed().stage.may_publish(MEI)


def test_the_same_things_again_give_the_same_room():
    lesson = Lesson()
    asked, = lesson.act(TEACHER, "poll", question="Why?", choices=["a", "b"])
    lesson.act(MEI, "poll-answer", poll=asked.number, choice=1)
    said, = lesson.act(MEI, "chat", text="oops")
    lesson.act(TEACHER, "chat-remove", id=said.number)
    for who, verb, values in (
            (MEI, "hand", {"on": True}), (AN, "help", {"on": True}),
            (TEACHER, "stage", {"seat": "mei", "on": True}), (TEACHER, "timer", {"seconds": 600}),
            (TEACHER, "pointer", {"cell": "c7"}), (TEACHER, "mute", {"seat": "an", "on": True}),
            (TEACHER, "chat-open", {"open": False}), (TEACHER, "caption", {"text": "Hi."})):
        lesson.act(who, verb, **values)
    again = lesson.replayed()
    for who in (TEACHER, MEI, AN):
        assert again.shown(who, lesson.now) == lesson.shown(who)
    assert again.chat.feed.after(0) == lesson.floor.chat.feed.after(0)
