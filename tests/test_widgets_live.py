"""The live widgets give their comments and marks as tables and carry everything they need."""

from __future__ import annotations

import re

import pytest
from coteach_widgets import DeviceCheck, Practice, Review

RECORDINGS = [{
    "id": "r1", "started": "2026-11-23T22:00:00+00:00",
    "comments": [{"id": "c", "at": 2.5, "author": "Trainer", "text": "Look up.", "rubric_line": "light"}],
    "rubric": [{"id": "light", "title": "Light", "levels": ["dark", "fair", "good", "bright"]}],
    "marks": [{"rubric_line": "light", "level": 2, "author": "Trainer"}],
}, {"id": "r2", "started": "2026-11-24T22:00:00+00:00", "comments": [], "rubric": [], "marks": []}]


@pytest.mark.parametrize("widget", [Practice, Review])
def test_comments_and_marks_are_tables(widget):
    made = widget(module="m1")
    assert list(made.comments().columns)[:4] == ["recording", "started", "at", "author"]
    assert made.comments().empty and made.marks().empty
    made.recordings = RECORDINGS
    assert made.comments()[["at", "text"]].values.tolist() == [[2.5, "Look up."]]
    assert made.marks()[["title", "level", "words"]].values.tolist() == [["Light", 2, "good"]]
    assert str(made.comments()["started"].dt.tz) == "UTC"


@pytest.mark.parametrize("widget", [DeviceCheck, Practice, Review])
def test_a_widget_loads_nothing_from_elsewhere(widget):
    assert "is not built" not in widget._esm, "run: python hatch_build.py widgets"
    assert "export" in widget._esm and not re.search(r"https?://(?!www\.w3\.org)", widget._esm)
    assert not re.search(r"@import|url\(", widget._css)
