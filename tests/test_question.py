"""The question widgets: what a lesson's author may write, and what the page is told."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from coteach_widgets import (
    Choice,
    Draw,
    ExitTicket,
    MultipleChoice,
    Number,
    Photo,
    Poll,
    ShortText,
    Understood,
)
from coteach_widgets import pages as page_parts
from coteach_widgets._base import HERE

EVERY = [
    lambda: Choice("Which?", ["a", "b"]), lambda: MultipleChoice("Which?", ["a", "b"]),
    lambda: Poll("Which?", ["a", "b"]), lambda: Number("How high?", "m"),
    lambda: ShortText("Why?"), lambda: Understood(), lambda: Draw("Draw it."),
    lambda: Photo("Show it."), lambda: ExitTicket()]


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


class Controls(HTMLParser):
    """The controls of a form, and what labels them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.labelled: set[str] = set()
        self.ids: list[str] = []
        self.open: list[str] = []
        self.unlabelled: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        about = dict(attrs)
        self.tags.append((tag, about))
        self.open.append(tag)
        if "id" in about:
            self.ids.append(about["id"])
        if tag == "label" and "for" in about:
            self.labelled.add(about["for"])
        if tag in ("input", "textarea", "canvas") and "label" not in self.open:
            named = about.get("id") in self.labelled or "aria-labelledby" in about
            if not named:
                self.unlabelled.append(tag)
        if tag in ("input", "img"):
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, "the HTML is well formed"


@pytest.mark.parametrize("make", EVERY)
def test_a_form_is_whole_without_a_script_and_every_control_has_a_label(make):
    form = make().form
    found = Controls(form)
    assert not found.open and not found.unlabelled
    assert len(found.ids) == len(set(found.ids))
    assert not any(name.startswith("on") or name == "style"
                   for _tag, about in found.tags for name in about), "a strict policy shows it"
    # Until its script makes it live: a control that does nothing must not look as if it did.
    assert [tag for tag, about in found.tags if "disabled" in about] == ["fieldset"]
    assert "JavaScript is off" in form


@pytest.mark.parametrize("language", ["vi", "zh-Hant"])
@pytest.mark.parametrize("make", EVERY)
def test_a_form_speaks_the_language_of_its_page(make, language, monkeypatch):
    monkeypatch.setenv("COTEACH_LANG", language)
    form = make().form
    for english in ("Save", "Undo", "Clear", "understand", "photo", "wonder", "more than one"):
        assert english not in re.sub(r"<[^>]*>", " ", form)


def test_what_an_author_writes_is_text_and_no_html():
    evil = '<img src=x onerror="x">'
    for question in (Choice(evil, [evil, "b"]), Number(evil, evil), Draw(
            evil, x=(0, 1, '"><b>'), y=(0, 1, "m")), Photo(evil), Understood(evil)):
        tags = [tag for tag, _about in Controls(question.form).tags]
        assert "img" not in tags or question.kind == "photo"
        assert "b" not in tags and "onerror=\"" not in question.form


def test_a_form_follows_its_prompt_and_two_questions_share_no_id():
    first, second = Number("How high?", "m"), Number("How high?", "m")
    assert not set(Controls(first.form).ids) & set(Controls(second.form).ids)
    first.prompt = "How deep?"
    assert "How deep?" in first.form


@pytest.mark.parametrize("axes", [{"x": (0, 1, "h")}, {"x": (1, 0, "h"), "y": (0, 1, "m")},
                                  {"x": (0, 1), "y": (0, 1, "m")}])
def test_a_frame_that_can_not_be_drawn_is_refused(axes):
    with pytest.raises(ValueError, match="ax"):
        Draw("Draw it.", **axes)


def test_the_script_of_a_page_is_small_and_carries_only_its_own_words():
    import gzip

    script = page_parts.page_script("questions_page")
    assert len(gzip.compress(script.encode())) <= 12_000
    assert "import(" not in script and not re.search(r"\bexport\b\s*[{d]", script)
    words = page_parts.phrases("vi")
    assert words["Your teacher has it."] and "Device check" not in words
    assert len(words) < 40


def test_the_answers_of_a_class_become_a_table(tmp_path):
    from coteach_widgets import read_answers

    table = tmp_path / "answers.csv"
    table.write_text(
        "Câu hỏi,Học sinh,Trả lời,Nhận lúc,Múi giờ\n"
        "How high?,Mai,1.6,2026-11-24 09:00:00,Asia/Ho_Chi_Minh\n"
        "Why?,Mai,'=1+1,2026-11-24 09:01:00,Asia/Ho_Chi_Minh\n", encoding="utf-8-sig")
    file = tmp_path / "mai.json"
    file.write_text(json.dumps({"pupil": {"nickname": "Long"}, "events": [
        {"cell": "c", "value": {"kind": "number", "key": "height", "answer": {"number": n}}}
        for n in (1, 2.5)]}))
    found = read_answers([table, file])
    assert list(found["answer"]) == ["1.6", "=1+1", "2.5"]
    assert found["received"][0].hour == 9
    high = Number("How high?", "m", key="height").answers([table, file])
    assert list(high["pupil"]) == ["Mai", "Long"]


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "{}", '{"pupil": 1, "events": 2}'])
def test_a_file_that_holds_no_answers_is_named(tmp_path, text):
    from coteach_widgets import read_answers

    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ValueError, match=r"x\.csv is no"):
        read_answers(tmp_path / "x.csv")
