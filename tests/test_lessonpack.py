"""Courses and lesson packs: read from folders and archives, refused with a clear sentence."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest

from coteach import paths
from coteach.errors import NotFound, UserError
from coteach.lessonpack import (
    Course,
    Lesson,
    extract,
    find_courses,
    find_lessons,
    get_course,
    get_lesson,
    parse_notebook,
    questions_asked,
    translated_notebook,
    untranslated,
)
from coteach.lessonpack.strings import replace_texts, texts_of

COURSES = paths.shared("courses")


@pytest.fixture
def tides(tmp_path: Path) -> Path:
    """A copy of the lesson that a test may damage."""
    return Path(shutil.copytree(COURSES / "lessons" / "tides", tmp_path / "tides"))


def zipped(folder: Path, file: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, prefix + str(path.relative_to(folder)))
    return file


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def notebook(*cells: nbformat.NotebookNode) -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook()
    made.cells = list(cells)
    return made


def markdown(cell_id: str, source: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(source, id=cell_id)


def test_the_shipped_course_and_lesson_are_found():
    assert [c.id for c in find_courses()] == ["teaching-at-a-distance"]
    assert [lesson.id for lesson in find_lessons()] == ["tides"]
    course = get_course("teaching-at-a-distance")
    module = course.module("m1-set-up-the-online-classroom")
    assert module.title_in("vi") == "Chuẩn bị lớp học trực tuyến"
    assert module.title_in("fr") == "Set up the online classroom"
    assert [step.kind for step in module.steps].count("practice") == 1
    assert module.step("practice").title_in("zh-Hant") == "演練上課的頭五分鐘"
    assert len(module.rubric[0].levels_in("vi")) == 4


def test_what_does_not_exist_is_not_found():
    for ask in (lambda: get_course("no"), lambda: get_lesson("no"),
                lambda: get_course("teaching-at-a-distance").module("no"),
                lambda: find_courses()[0].modules[0].step("no")):
        with pytest.raises(NotFound, match="no"):
            ask()


def test_a_zip_is_the_same_lesson_as_its_folder(tides: Path, tmp_path: Path):
    plain = Lesson.load(tides)
    for n, prefix in enumerate(("", "tides-1.0/")):
        lesson = Lesson.load(zipped(tides, tmp_path / "t.zip", prefix),
                             unpack_into=tmp_path / f"out{n}")
        assert (lesson.id, lesson.languages, lesson.title) == (
            plain.id, plain.languages, plain.title)
        assert (lesson.assets / "moon.svg").read_bytes() == (plain.assets / "moon.svg").read_bytes()


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "a/../../evil.txt", "..\\evil.txt"])
def test_an_archive_may_not_lead_outside(tides: Path, tmp_path: Path, name: str):
    file = zipped(tides, tmp_path / "t.zip")
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, "evil")
    with pytest.raises(UserError, match="leads outside"):
        Lesson.load(file, unpack_into=tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t.zip", "tides"]


def test_an_archive_may_not_hold_links(tides: Path, tmp_path: Path):
    file = zipped(tides, tmp_path / "t.zip")
    with zipfile.ZipFile(file, "a") as archive:
        link = zipfile.ZipInfo("assets/secret")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UserError, match="link 'assets/secret'"):
        Lesson.load(file, unpack_into=tmp_path / "out")


def test_an_archive_may_not_grow_without_limit(tides, tmp_path, monkeypatch):
    monkeypatch.setattr("coteach.lessonpack.archive.MAX_BYTES", 10_000)
    with pytest.raises(UserError, match="larger than 10000 bytes"):
        Lesson.load(zipped(tides, tmp_path / "t.zip"), unpack_into=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_archive_says_so(tmp_path: Path):
    (tmp_path / "x.zip").write_bytes(b"hello")
    with pytest.raises(UserError, match="no zip archive"):
        Lesson.load(tmp_path / "x.zip")
    with pytest.raises(UserError, match=r"nothing\.zip is missing"):
        Lesson.load(tmp_path / "nothing.zip")


@pytest.mark.parametrize(("old", "new", "said"), [
    ('id = "tides"', 'id = "Tides!"', "id has the value 'Tides!'"),
    ('id = "tides"', "", "key id is missing"),
    ("duration = 40", 'duration = "long"', "duration has the value 'long'"),
    ("duration = 40", "duration = true", "duration has the value True"),
    ("duration = 40", "duration = 100000", "from 1 to 600"),
    ("age_range = [10, 12]", "age_range = [12, 10]", "age_range has the value"),
    ("age_range = [10, 12]", "age_range = [10]", "2 whole numbers"),
    ('licence = "CC-BY-4.0"', 'licence = "free"', "licence has the value 'free'"),
    ('vi = "Thủy triều"', 'fr = "Marées"', "language vi is missing"),
    ('languages = ["en"', 'languages = ["fr", "en"', "language fr is missing"),
    ("version", "= 3", "not TOML"),
    ('authors = ["the coteach developers"]', "authors = []", "must not be empty"),
])
def test_a_wrong_value_is_named_with_its_file_and_key(tides: Path, old, new, said):
    edit(tides / "lesson.toml", old, new)
    with pytest.raises(UserError) as caught:
        Lesson.load(tides)
    assert str(tides / "lesson.toml") in str(caught.value) and said in str(caught.value)


def test_a_language_without_its_translation_is_named(tides: Path):
    (tides / "i18n" / "vi.po").unlink()
    with pytest.raises(UserError, match=r"vi\.po is missing"):
        Lesson.load(tides)


def test_unknown_keys_are_kept(tides: Path):
    edit(tides / "lesson.toml", 'id = "tides"', 'id = "tides"\nweather = {sun = 3}')
    assert Lesson.load(tides).extra == {"weather": {"sun": 3}}


def test_partners_resources_and_the_source_are_read(tides: Path):
    with (tides / "lesson.toml").open("a", encoding="utf-8") as file:
        file.write('[source]\nid = "sea"\nversion = "2"\nschool = "Harbour"\n[[resources]]\n'
                   'title = "Film"\nurl = "https://museum.example/film"\npartner = "Museum"\n'
                   'licence = "CC0-1.0"\nsize = 4000000\nlength = "3 min"\n')
    lesson = Lesson.load(tides)
    assert lesson.source is not None and lesson.source.school == "Harbour"
    assert (lesson.resources[0].size, lesson.resources[0].extra) == (4000000, {"length": "3 min"})


def test_a_resource_with_a_script_address_is_refused(tides: Path):
    with (tides / "lesson.toml").open("a", encoding="utf-8") as file:
        file.write('[[resources]]\ntitle = "x"\nurl = "javascript:alert(1)"\npartner = "p"\n'
                   'licence = "MIT"\nsize = 1\n')
    with pytest.raises(UserError, match=r"resources\[1\]\.url has the value 'javascript"):
        Lesson.load(tides)


def test_one_broken_pack_hides_no_other(settings, tides: Path):
    home = settings.layout.lessons
    shutil.copytree(tides, home / "good")
    edit(home / "good" / "lesson.toml", 'id = "tides"', 'id = "another"')
    shutil.copytree(tides, home / "bad")
    (home / "bad" / "lesson.ipynb").write_text("{")
    problems: list[UserError] = []
    assert [lesson.id for lesson in find_lessons(settings, problems)] == ["another", "tides"]
    assert len(problems) == 1 and "bad" in str(problems[0])


def test_a_pack_of_the_deployment_wins_over_the_shipped_one(settings, tides: Path):
    edit(tides / "lesson.toml", 'version = "1.1.0"', 'version = "9"')
    shutil.copytree(tides, settings.layout.lessons / "tides")
    assert get_lesson("tides", settings).version == "9"


@pytest.mark.parametrize(("raw", "said"), [
    (b"\xff\xfe", "not JSON"), (b"[]", "no list of cells"), (b'{"cells": 3}', "no list of cells"),
    (b'{"cells": [], "nbformat": 4, "nbformat_minor": 2}', "format 4.2"),
    (b'{"cells": [{}], "nbformat": 4, "nbformat_minor": 5}', "Cell 1 has no id"),
    (b"[" * 100_000, "not JSON"),
])
def test_what_is_no_notebook_says_why(raw: bytes, said: str):
    with pytest.raises(UserError, match=said):
        parse_notebook(raw, "x.ipynb")


def test_a_doubled_cell_id_names_both_places():
    text = json.dumps(notebook(markdown("a", "1"), markdown("b", "2"), markdown("a", "3")))
    with pytest.raises(UserError, match="'a' stands twice, in cells 1 and 3"):
        parse_notebook(text.encode(), "x.ipynb")


def test_a_course_whose_levels_are_not_four_is_refused(tmp_path: Path):
    folder = Path(shutil.copytree(COURSES / "teaching-at-a-distance", tmp_path / "c"))
    text = (folder / "course.toml").read_text(encoding="utf-8")
    first = next(line for line in text.splitlines() if line.startswith("  { en ="))
    (folder / "course.toml").write_text(text.replace(first + "\n", "", 1), encoding="utf-8")
    with pytest.raises(UserError, match="four levels"):
        Course.load(folder)


def test_a_cell_changed_since_its_translation_falls_back_and_is_flagged(tmp_path: Path):
    before = notebook(markdown("one", "Hello"), markdown("two", "Bye"))
    po = tmp_path / "vi.po"
    po.write_bytes(extract(before, "vi"))
    edit(po, 'msgid "Hello"\nmsgstr ""', 'msgid "Hello"\nmsgstr "Xin chào"')
    edit(po, 'msgid "Bye"\nmsgstr ""', 'msgid "Bye"\nmsgstr "Tạm biệt"')
    after = notebook(markdown("one", "Hello!"), markdown("two", "Bye"), markdown("three", "New"))
    made = translated_notebook(after, po)
    assert [cell.source for cell in made.cells] == ["Hello!", "Tạm biệt", "New"]
    assert [c.metadata.get("coteach", {}).get("translation") for c in made.cells] == [
        "stale", None, "missing"]
    assert made.metadata.coteach == {"stale": ["one"], "language": "vi"}
    assert untranslated(after, po) == {"one": "stale", "three": "missing"}
    assert after.cells[1].source == "Bye", "the source is not changed"


def test_extracting_again_keeps_what_was_translated(tmp_path: Path):
    po = tmp_path / "vi.po"
    po.write_bytes(extract(notebook(markdown("one", "Hello")), "vi"))
    edit(po, 'msgid "Hello"\nmsgstr ""', 'msgid "Hello"\nmsgstr "Xin chào"')
    again = extract(notebook(markdown("one", "Hello"), markdown("two", "New")), "vi", po).decode()
    assert "Xin chào" in again and 'msgctxt "two"' in again and "fuzzy" not in again
    changed = extract(notebook(markdown("one", "Hello!")), "vi", po).decode()
    assert "#, fuzzy" in changed and "Xin chào" in changed
    po.write_text(changed, encoding="utf-8")
    assert untranslated(notebook(markdown("one", "Hello!")), po) == {"one": "stale"}


def test_only_what_widgets_show_is_translated():
    source = ('Choice("Which one?", ["A b", "C d"], key="which")\n'
              'slider = FloatSlider(description="Time", style="bar")\nopen("file.txt")\n'
              'Number(f"x {1}", unit="m")')
    assert texts_of(source) == ["Which one?", "A b", "C d", "Time"]
    changed = replace_texts(source, lambda text: f"«{text}» \"'\\")
    assert texts_of(changed) == [f"«{text}» \"'\\" for text in texts_of(source)]
    assert 'key="which"' in changed and 'open("file.txt")' in changed


def test_a_translation_can_not_bring_code_into_a_lesson():
    evil = '"); __import__("os").system("id") #\n'
    changed = replace_texts('ShortText("Why?", key="k")', lambda _text: evil)
    assert texts_of(changed) == [evil]


def test_letters_of_several_bytes_do_not_shift_places():
    source = 'é = 1; Number("Höhe 高度", unit="m"); Choice("Wähle 選", ["Ü a", "B"])'
    assert texts_of(replace_texts(source, str.upper)) == ["HÖHE 高度", "WÄHLE 選", "Ü A", "B"]


def test_a_learners_own_answer_is_never_flagged(tmp_path: Path):
    cell = markdown("plan", "### BEGIN SOLUTION\nguide\n### END SOLUTION")
    cell.metadata.nbgrader = {"solution": True, "grade": True}
    po = tmp_path / "vi.po"
    po.write_bytes(extract(notebook(cell), "vi"))
    edit(po, 'msgid "YOUR ANSWER HERE"\nmsgstr ""',
         'msgid "YOUR ANSWER HERE"\nmsgstr "Viết ở đây"')
    for source, shown in (("YOUR ANSWER HERE", "Viết ở đây"), ("My plan", "My plan")):
        cell.source = source
        made = translated_notebook(notebook(cell), po)
        assert made.cells[0].source == shown and "coteach" not in made.cells[0].metadata


def test_a_damaged_translation_is_named(tides: Path):
    (tides / "i18n" / "vi.po").write_text("this is no catalog\n")
    with pytest.raises(UserError, match=r"vi\.po"):
        Lesson.load(tides).notebook_in("vi")


def test_questions_are_read_from_the_source():
    asked = questions_asked(get_lesson("tides").notebook_in("zh-Hant"))
    assert [q.kind for q in asked] == [
        "choice", "number", "number", "draw", "understood", "text", "exit"]
    assert (asked[0].cell, asked[0].key, len(asked[0].options)) == ("noon", "noon", 3)
    assert asked[1].unit == "m" and asked[1].prompt == "12 點的時候，水有多高？"


def test_a_notebook_with_a_broken_cell_still_has_its_other_questions():
    broken = nbformat.v4.new_code_cell("%%html\n<b>", id="x")
    fine = nbformat.v4.new_code_cell('Number("How high?", "m")', id="y")
    assert [q.cell for q in questions_asked(notebook(broken, fine))] == ["y"]


def test_json_numbers_that_are_no_text_are_refused():
    raw = json.dumps({"cells": [{"id": "a", "cell_type": "markdown", "metadata": {},
                                 "source": 3}], "metadata": {}, "nbformat": 4,
                      "nbformat_minor": 5}).encode()
    with pytest.raises(UserError, match="not valid"):
        parse_notebook(raw, "x.ipynb")
