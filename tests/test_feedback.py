"""The words of a feedback page are the reader's; what somebody wrote can't pass for ours."""

from __future__ import annotations

from coteach.i18n import language
from coteach.portal import feedback

MARKS = {"tests": [{"grade_id": "budget check", "message": "350 ≠ <b>3</b>"}]}
NAMES = {"budget check": "B. <What> is left?"}


def said(text: str, *, mine: bool = True) -> str:
    return str(feedback.worded(text, NAMES, MARKS, mine))


def test_names_points_and_messages_come_into_the_open_places_as_text():
    assert said("<!--ct:name budget%20check-->") == "B. &lt;What&gt; is left?"
    assert said("<!--ct:name other-->") == "other"
    assert said("<!--ct:score 2.5 3.0-->/<!--ct:score 1.0 1.0-->") == "2.5 of 3 points/1 of 1 point"
    assert said("<!--ct:said budget%20check-->") == (
        '<p class="fb-said">350 ≠ &lt;b&gt;3&lt;/b&gt;</p>')
    assert said("<!--ct:answer-->") == "Your answer"
    assert said("<!--ct:answer-->", mine=False) == "The answer"
    with language("zh-Hant"):
        assert said("<!--ct:comment-->") != "Comment"


def test_what_only_looks_like_an_open_place_says_nothing():
    for text in ("<!--ct:score-->", "<!--ct:score x y-->", "<!--ct:nothing-->",
                 "<!--ct:name a b-->"):
        assert said(text) == ""
    assert said("<!-- ct:name -->") == "<!-- ct:name -->"


def test_a_page_of_the_old_kind_is_known():
    assert feedback.inside("<html><body>old</body></html>") is None
    assert feedback.inside("<body>\n<!--ct:begin-->in\nside<!--ct:end-->") == "in\nside"
