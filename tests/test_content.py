"""What is shipped to teach with: valid, complete in every language, and right."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from coteach import paths
from coteach.i18n import LANGUAGES
from coteach.lessonpack import (
    get_course,
    get_lesson,
    questions_asked,
    read_notebook,
    untranslated,
)

COURSES = paths.shared("courses")
NOTEBOOKS = sorted(COURSES.rglob("*.ipynb"))
OTHERS = [tag for tag in LANGUAGES if tag != "en"]
ASSIGNMENT = "m1-set-up-the-online-classroom"


def names(path: Path) -> str:
    return str(path.relative_to(COURSES))


def translation(notebook: Path, language: str) -> Path:
    folder = notebook.parent / "i18n"
    return (folder / notebook.stem if notebook.parent.name == "reports" else folder) / (
        f"{language}.po")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_every_notebook_is_valid_and_carries_no_outputs(path: Path):
    for cell in read_notebook(path).cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None
        assert re.fullmatch(r"[a-z0-9-]{1,64}", cell.id), cell.id


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_every_notebook_is_translated_whole(path: Path, language: str):
    assert untranslated(read_notebook(path), translation(path, language)) == {}


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=names)
def test_a_translation_keeps_pictures_code_and_places_for_numbers(path: Path, language: str):
    from coteach.lessonpack.translate import Translation

    for (cell, source), said in Translation.read(translation(path, language)).messages.items():
        for pattern in (r"\]\(([^)]+)\)", r"\{[a-z]+\}", r"`[^`]*[a-z]_?[a-z]*\([^`]*`"):
            assert set(re.findall(pattern, source)) <= set(re.findall(pattern, said)), cell
        assert source.count("- [ ]") == said.count("- [ ]"), cell
        assert source.count("<details>") == said.count("</details>"), cell


def test_each_step_of_a_module_leads_to_a_cell():
    course = get_course("teaching-at-a-distance")
    for module in course.modules:
        ids = {cell.id for cell in module.notebook_in("en").cells}
        assert {step.cell for step in module.steps} <= ids
        text = "".join(cell.source for cell in module.notebook_in("en").cells)
        for widget in ("DeviceCheck", "Practice", "Review"):
            assert f'{widget}(module="{module.id}")' in text


def test_pictures_exist_have_words_and_need_nothing_from_elsewhere():
    used: set[Path] = set()
    for path in NOTEBOOKS:
        for cell in read_notebook(path).cells:
            for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", cell.source):
                assert len(words) > 40, f"{path}: {target} needs a description"
                used.add(path.parent / target)
    for picture in used:
        text = picture.read_text(encoding="utf-8")
        assert ElementTree.fromstring(text).tag.endswith("svg")
        assert "<script" not in text and not re.search(r'href="http|url\(http', text)
        assert len(text) < 20_000, "a picture must be light on a slow line"
    assert used == set(COURSES.rglob("*.svg"))


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_tides_runs_and_asks_the_same_in_each_language(language: str):
    lesson = get_lesson("tides")
    assert lesson.notes_in(language).startswith(f"# {lesson.title_in(language)}")
    notebook = lesson.notebook_in(language)
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    assert [q.key for q in questions_asked(notebook)] == [
        "noon", "noon-height", "twice", "tomorrow", "clear", "picnic", "exit"]


def test_the_tide_is_redrawn_in_half_a_second_and_the_answers_are_right(monkeypatch):
    import matplotlib

    matplotlib.use("Agg")
    source = next(c.source for c in get_lesson("tides").notebook_in("en").cells if c.id == "tide")
    space: dict = {}
    monkeypatch.setattr("ipywidgets.interact", lambda **_given: lambda function: function)
    exec(source, space)
    space["tide"](3)
    took = []
    for hour in (0, 8.5, 24):
        begun = time.perf_counter()
        space["tide"](hour)
        took.append(time.perf_counter() - begun)
        space["plt"].close("all")
    assert min(took) < 0.5
    water = space["water"]
    assert round(water(12), 1) == 1.6
    assert all(water(h) < 0.8 for h in (7, 8.5, 10, 10.5)) and min(water(6.75), water(10.75)) > 0.8


def solved(language: str) -> nbformat.NotebookNode:
    return get_course("teaching-at-a-distance").assignment_in(ASSIGNMENT, language)


def test_the_assignment_is_valid_for_nbgrader():
    from nbgrader.nbgraderformat import MetadataValidator

    notebook = solved("en")
    MetadataValidator().validate_nb(notebook)
    graded = [c.metadata.nbgrader for c in notebook.cells if "nbgrader" in c.metadata]
    assert len({m.grade_id for m in graded}) == len(graded)
    assert sum(m.get("points", 0) for m in graded) == 12
    assert {m.schema_version for m in graded} == {3}


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_the_model_answer_passes_every_test(language: str):
    NotebookClient(solved(language), timeout=60, kernel_name="python3").execute()


def test_a_wrong_answer_fails_its_test():
    notebook = solved("en")
    cell = next(c for c in notebook.cells if c.id == "budget")
    cell.source = cell.source.replace("3 / 4", "1")
    with pytest.raises(CellExecutionError, match="350"):
        NotebookClient(notebook, timeout=60, kernel_name="python3").execute()


def test_marking_gives_the_full_points_for_the_model_answer_and_none_for_an_empty_one(tmp_path):
    from coteach.grading import CourseFolder, Job, grade, jobs

    shutil.copytree(COURSES / "teaching-at-a-distance" / "source", tmp_path / "c" / "source")
    course = CourseFolder(tmp_path / "c", "teaching-at-a-distance")
    jobs.release(course, ASSIGNMENT)
    released = tmp_path / "c" / "release" / ASSIGNMENT / "assignment.ipynb"
    text = released.read_text(encoding="utf-8")
    for secret in ("Marking guide", "HIDDEN", "=== 1400", "max(left, 0)"):
        assert secret not in text
    empty, full = tmp_path / "empty.ipynb", tmp_path / "full.ipynb"
    shutil.copy(released, empty)
    notebook = nbformat.read(released, as_version=4)
    answers = {cell.id: re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", cell.source)
               for cell in solved("vi").cells if cell.metadata.get("nbgrader", {}).get("solution")}
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    nbformat.write(notebook, full)
    found = grade(course, ASSIGNMENT, [Job("empty", "assignment", empty),
                                       Job("full", "assignment", full)], trust_local=True)
    points = [{t.grade_id: t.score for t in result.tests} for result in found]
    assert points[1] == {"steps-check": 3, "budget-check": 2, "budget-floor-check": 1,
                         "plan": None}
    assert found[1].status == "needs_manual" and found[1].max_score == 12
    assert [points[0][name] for name in points[1] if name != "plan"] == [0, 0, 0]
