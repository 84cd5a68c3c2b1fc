"""What a visitor's kernel remembers of its Output widgets, and what it does not say twice."""

from __future__ import annotations

import ipywidgets
import pytest

from coteach.pages.keeping import RECORDED, VIEW, Keeper, drop_scripts_of_questions

PICTURE = {"output_type": "display_data", "data": {"image/png": "aGVsbG8="}, "metadata": {}}


@pytest.fixture(autouse=True)
def no_widgets_of_other_tests():
    ipywidgets.Widget.close_all()
    yield
    ipywidgets.Widget.close_all()


class Line:
    """The far end of a session."""

    def __init__(self, **options) -> None:
        self.sent: list[tuple] = []
        self.keeper = Keeper(lambda *given, **_names: self.sent.append(given), **options)

    def show(self, kind: str, parent: str = "cause", **content) -> None:
        self.keeper(None, kind, content, {"header": {"msg_id": parent}})

    def states(self) -> dict:
        """What the kernel answers to a page that asks for all states."""
        states = ipywidgets.Widget.get_manager_state()["state"]
        self.keeper(None, "comm_msg", {"data": {"method": "update_states", "states": states}})
        return self.sent[-1][2]["data"]["states"]


def test_an_output_widget_knows_what_it_captured_and_the_page_is_not_told_twice():
    line, out = Line(), ipywidgets.Output()
    told = []
    out.observe(told.append, "outputs")
    out.msg_id = "cause"
    line.show("stream", name="stdout", text="one ")
    line.show("stream", name="stdout", text="two")
    line.show("display_data", data={"text/plain": "shown"}, metadata={})
    line.show("stream", parent="another", name="stdout", text="elsewhere")
    assert [one.get("text") for one in out.outputs] == ["one two", None]
    line.show("clear_output", wait=True)
    assert len(out.outputs) == 2
    line.show("error", ename="ValueError", evalue="", traceback=[])
    assert [one["output_type"] for one in out.outputs] == ["error"]
    line.show("clear_output", wait=False)
    assert out.outputs == () and told == []
    assert len(line.sent) == 7


def test_messages_with_a_header_of_their_own_are_noted_too():
    line, out = Line(), ipywidgets.Output()
    out.msg_id = "cause"
    line.keeper(None, {"header": {"msg_type": "display_data"}, "parent_header": {"msg_id": "cause"},
                       "content": {"data": {"text/plain": "shown"}, "metadata": {}}})
    assert out.outputs[0]["data"] == {"text/plain": "shown"}


def test_a_flood_is_cut():
    line, out = Line(), ipywidgets.Output()
    out.msg_id = "cause"
    for _n in range(300):
        line.show("display_data", data={"text/plain": "x"}, metadata={})
    line.show("stream", name="stdout", text="x" * 500_000)
    assert len(out.outputs) == 200 and len(out.outputs[-1]["text"]) == 200_000


def test_a_display_that_changes_changes_where_it_is_shown():
    line, out = Line(), ipywidgets.Output()
    out.msg_id = "cause"
    line.show("display_data", data={"text/plain": "old"}, metadata={}, transient={"display_id": "d"})
    line.show("update_display_data", data={"text/plain": "new"}, metadata={},
              transient={"display_id": "d"})
    assert out.outputs[0]["data"] == {"text/plain": "new"}


def test_what_the_page_shows_already_is_not_sent_and_what_changed_is():
    same, other, moving = (ipywidgets.Output() for _n in range(3))
    same.outputs = other.outputs = (PICTURE,)
    moving.outputs = ({"output_type": "display_data", "data": {VIEW: {"model_id": "x"}}},)
    line = Line()
    other.msg_id = "cause"
    line.show("display_data", data={"text/plain": "new"}, metadata={})
    states = line.states()
    assert states[same.model_id]["state"]["outputs"] == [{"output_type": RECORDED}]
    assert states[other.model_id]["state"]["outputs"][0]["data"] == PICTURE["data"]
    assert VIEW in states[moving.model_id]["state"]["outputs"][0]["data"]
    assert same.outputs[0]["data"] == PICTURE["data"]


def test_a_kernel_that_executed_the_lesson_for_itself_says_all_of_it():
    out = ipywidgets.Output()
    out.outputs = (PICTURE,)
    assert Line(recorded=False).states()[out.model_id]["state"]["outputs"][0]["data"] == PICTURE["data"]


def test_a_question_leaves_its_script_at_home():
    from coteach_widgets import Choice

    question = Choice("Which?", ["a", "b"], key="which")
    assert question._esm
    drop_scripts_of_questions()
    assert question._esm == "" and question.form
