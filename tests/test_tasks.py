"""What the tasks of an assignment are called."""

from __future__ import annotations

from coteach.i18n import language
from coteach.lessonpack import find_courses, task_names


def test_tasks_are_called_by_the_heading_above_without_its_points():
    course = next(c for c in find_courses() if c.id == "teaching-at-a-distance")
    found = task_names(course.assignment_in("m1-set-up-the-online-classroom", "en").cells)
    assert found == {
        "steps": "A. The steps, in order", "steps-check": "A. The steps, in order",
        "budget": "B. What is left for pictures?",
        "budget-check": "B. What is left for pictures? (test 1)",
        "budget-floor-check": "B. What is left for pictures? (test 2)", "plan": "C. Your plan"}
    with language("zh-Hant"):
        found = task_names(course.assignment_in("m1-set-up-the-online-classroom",
                                                "zh-Hant").cells)
    assert found["plan"].startswith("C.") and "分" not in found["plan"]


def test_a_heading_that_an_answer_has_names_nothing_and_without_one_the_id_stays():
    def cell(source, kind="markdown", **mark):
        return {"cell_type": kind, "source": source, "metadata": {"nbgrader": mark}}

    cells = [cell("x", "code", solution=True, grade_id="first"),
             {"cell_type": "markdown", "source": ["## Two (2 of 3)\n", "words"], "metadata": {}},
             cell("# My own title", solution=True, grade=True, grade_id="written"),
             cell("y", "code", solution=True, grade=True, grade_id="coded")]
    assert task_names(cells) == {"first": "first", "written": "Two (2 of 3) (test 1)",
                                 "coded": "Two (2 of 3) (test 2)"}
