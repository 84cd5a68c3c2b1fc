"""Both sides mark the same submissions, and their gradebooks hold the same marks."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import nbformat

from coteach.bench import cohort, grade


async def test_a_small_cohort_is_marked_by_both_sides_with_the_same_marks(monkeypatch):
    said, kept = [], {}
    compare = grade.differences

    def look(one: Path, other: Path) -> list[str]:
        """A gradebook of each side is read here; a changed mark is seen."""
        found = compare(one, other)
        kept["marks"] = grade._marks(other)  # written by nbgrader itself
        with sqlite3.connect(other / "gradebook.db") as book:
            book.execute("UPDATE grade SET auto_score = 0.25 WHERE auto_score = 2.0")
        kept["changed"] = compare(one, other)
        return found

    monkeypatch.setattr(grade, "differences", look)
    found = await grade.run(submissions=2, say=said.append)
    assert set(found) == {"name", "work", "ours", "stock", "ratio", "machine"}
    assert json.loads(json.dumps(found)) == found
    assert found["ours"]["differ"] == 0 and kept["changed"]
    assert kept["marks"]["student000/lessons/rounded-parts"][0] == 3.0
    for side in ("ours", "stock"):
        assert found[side]["submission_s"] > 0 and found[side]["cpu_s"] > 0
        assert found[side]["memory_mb"] > 50
    assert found["ours"]["bare_s"] > 0 and len(said) == 4
    assert {row.name for row in grade.rows()} <= set(found["ours"])


def test_the_answers_of_a_cohort_differ_and_are_the_same_each_time():
    form = cohort.source()
    texts = [nbformat.writes(cohort.answered(form, number)) for number in range(40)]
    assert len(set(texts)) == 40
    assert texts[7] == nbformat.writes(cohort.answered(form, 7))
