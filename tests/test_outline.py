"""The outline of a lesson and the voices of its cells."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from coteach.lessonpack import Lesson, sections, voices, weight

LESSON = Path(__file__).parent / "data" / "lesson"


def notebook(*cells: tuple[str, str]) -> nbformat.NotebookNode:
    """A notebook of Markdown cells, except those whose text begins with `code:`."""
    made = nbformat.v4.new_notebook()
    for name, text in cells:
        if text.startswith("code:"):
            made.cells.append(nbformat.v4.new_code_cell(text.removeprefix("code:"), id=name))
        else:
            made.cells.append(nbformat.v4.new_markdown_cell(text, id=name))
    return made


def test_a_section_is_a_heading_of_level_one_or_two_with_the_cells_below_it():
    found = sections(notebook(
        ("before", "Hello"), ("a", "# The **sea**\n\ntext"), ("c", "code:1"), ("s", "### Small"),
        ("b", "Some words\n## Look [here](x) `now` ##"), ("d", "code:# not a heading")))
    assert [(s.cell, s.level, s.title, s.cells) for s in found] == [
        ("a", 1, "The sea", ("before", "a", "c", "s")), ("b", 2, "Look here now", ("b", "d"))]


@pytest.mark.parametrize("text", ["#no space", "####  deep", "```\n# in code\n```", "#", "    # x"])
def test_what_is_no_heading_of_these_levels_begins_no_section(text):
    assert sections(notebook(("a", text))) == []


def spoken(tmp_path: Path, *files: str) -> Lesson:
    """The test lesson with voice files."""
    shutil.copytree(LESSON, tmp_path / "swing")
    for file in files:
        path = tmp_path / "swing" / "assets" / "voice" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"OggS")
    return Lesson.load(tmp_path / "swing")


def test_a_cell_is_spoken_in_the_first_wanted_language_that_has_it(tmp_path):
    lesson = spoken(tmp_path, "vi/intro.opus", "en/intro.mp3", "en/look.ogg", "tay/ask.webm",
                    "en/intro.opus", "en/notes.txt", "no language/x.mp3")
    found = voices(lesson, ["vi", "zh-Hant"])
    assert {cell: (v.path, v.language) for cell, v in found.items()} == {
        "intro": ("voice/vi/intro.opus", "vi"), "look": ("voice/en/look.ogg", "en"),
        "ask": ("voice/tay/ask.webm", "tay")}
    assert voices(lesson, ["en"])["intro"].path == "voice/en/intro.opus"


def test_a_voice_of_no_cell_is_told_as_unused_and_the_others_weigh_nothing(tmp_path):
    lesson = spoken(tmp_path, "en/intro.opus", "en/inrto.opus")
    assert weight.assets(lesson).unused == ("voice/en/inrto.opus",)
    found = weight.weight(lesson)
    assert found.pictures == 0 and found.unused == 4


def test_a_lesson_without_voices_has_none(tmp_path):
    assert voices(spoken(tmp_path), ["en"]) == {}
