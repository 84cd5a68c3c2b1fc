"""The question widgets: what a lesson's author may write, and what the page is told."""

from __future__ import annotations

import pytest
from coteach_widgets import Choice, ExitTicket, Number, ShortText
from coteach_widgets._base import HERE


def test_a_question_knows_whether_its_author_named_it():
    named, unnamed = Number("How high?", "m", key="height"), ShortText("Why is it so?")
    assert (named.key, named.named, named.unit) == ("height", True, "m")
    assert (unnamed.key, unnamed.named) == ("why-is-it-so", False)


def test_a_key_in_another_script_can_be_made_from_the_prompt():
    assert ShortText("為什麼？").key == "為什麼"
    assert ExitTicket().key == "exit"


@pytest.mark.parametrize("options", [[], ["one"], [str(n) for n in range(13)]])
def test_a_choice_has_two_to_twelve_options(options):
    with pytest.raises(ValueError, match="2 to 12"):
        Choice("Which?", options)


@pytest.mark.parametrize("key", ["a b", "x" * 41, "<b>"])
def test_a_key_that_could_not_be_stored_is_refused(key):
    with pytest.raises(ValueError, match="key"):
        ShortText("Why?", key=key)


def test_the_script_is_bundled_and_loads_nothing():
    text = (HERE / "bundles" / "question.js").read_text(encoding="utf-8")
    assert "import(" not in text and "https://" not in text
