"""What came out of a cohort, as pandas DataFrames that name nobody.

Rule: each row is a count with its `of`; teachers and pupils are counted and forgotten, there is no
order of persons, and what pupils wrote in words is only counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from coteach.errors import UserError
from coteach.i18n import language as in_language
from coteach.lessonpack import Asked, Course, Lesson, questions_asked, task_names
from coteach.store import outcomes, people, progress
from coteach.store.schema import Cohort
from coteach.ui import times

FindLesson = Callable[[str], Lesson]

COLUMNS = {
    "participation": ("module", "module_title", "step", "title", "kind", "count", "of"),
    "practice": ("module", "module_title", "recordings", "count", "of", "minutes"),
    "rubric": ("module", "line", "title", "level", "level_text", "count", "of"),
    "marks": ("assignment", "assignment_title", "task", "title", "outcome", "count", "of",
              "points"),
    "answers": ("lesson", "lesson_title", "place", "cell", "key", "kind", "prompt", "unit",
                "value", "text", "count", "of"),
    "classes": ("lesson", "lesson_title", "opened", "day", "pupils_here", "of"),
}
"""The columns of each frame; `count` of `of` have it."""

NOT_YET, NONE, PART, FULL = "not-marked", "none", "part", "full"
MOST = 3
"""Recordings are counted up to "three or more"."""


def _frame(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=list(COLUMNS[name]))
    for column in ("count", "of", "place", "level", "recordings", "pupils_here"):
        if column in made:
            made[column] = made[column].astype("int64")
    return made


def participation(session: Session, cohort: Cohort, course: Course, language: str) -> pd.DataFrame:
    """Return for each step of the course how many teachers have done it."""
    members = [person.id for person in people.members(session, cohort.id)]
    known = progress.facts(session, cohort, members)
    rows = []
    for module in course.modules:
        states = [progress.steps(module, facts) for facts in known.values()]
        for place, step in enumerate(module.steps):
            rows.append({
                "module": module.id, "module_title": module.title_in(language), "step": step.id,
                "title": step.title_in(language), "kind": step.kind, "of": len(members),
                "count": sum(each[place].state == progress.DONE for each in states)})
    return _frame("participation", rows)


def practice(session: Session, cohort: Cohort, course: Course, language: str) -> pd.DataFrame:
    """Return how many teachers recorded themselves not at all, once, twice, three times or more."""
    members = outcomes.teachers(session, cohort.id)
    made = outcomes.recordings(session, cohort.id)
    rows = []
    for module in course.modules:
        mine = [(person, seconds) for _id, person, where, seconds in made
                if where == module.id and person in members]
        times = Counter(person for person, _seconds in mine)
        spread = Counter(min(times[person], MOST) for person in members)
        for often in range(MOST + 1):
            rows.append({
                "module": module.id, "module_title": module.title_in(language),
                "recordings": often, "count": spread[often], "of": len(members),
                "minutes": round(sum(seconds for _person, seconds in mine) / 60, 1)})
    return _frame("practice", rows)


def rubric(session: Session, cohort: Cohort, course: Course, language: str) -> pd.DataFrame:
    """Return for each rubric line how many marks stand at each level (1 the weakest)."""
    module_of = {recording: module for recording, _person, module, _seconds
                 in outcomes.recordings(session, cohort.id)}
    levels: Counter[tuple[str, str, int]] = Counter(
        (module_of[recording], line, level)
        for recording, line, level in outcomes.marks(session, module_of))
    rows = []
    for module in course.modules:
        for line in module.rubric:
            texts = line.levels_in(language)
            total = sum(levels[(module.id, line.id, n)] for n in range(len(texts)))
            for n, text in enumerate(texts):
                rows.append({
                    "module": module.id, "line": line.id, "title": line.title_in(language),
                    "level": n + 1, "level_text": text, "of": total,
                    "count": levels[(module.id, line.id, n)]})
    return _frame("rubric", rows)


def _outcome(score: float | None, most: float | None) -> str:
    if score is None:
        return NOT_YET
    if most and score >= most:
        return FULL
    return PART if score > 0 else NONE


def marks(session: Session, cohort: Cohort, course: Course, language: str) -> pd.DataFrame:
    """Return for each task how many hand-ins got full points, a part, none, or wait for a mark."""
    modules = {m.assignment: m.title_in(language) for m in course.modules if m.assignment}
    with in_language(language):
        names = {a: task_names(course.assignment_in(a, language).cells) for a in modules}
    members = outcomes.teachers(session, cohort.id)
    counts: Counter[tuple[str, str, str]] = Counter()
    points: dict[tuple[str, str], float] = {}
    of: Counter[str] = Counter()
    for submission, grade in outcomes.hand_ins(session, cohort.id, members):
        of[submission.assignment] += 1
        for test in (grade.tests if grade else []):
            task = (submission.assignment, str(test.get("grade_id", "")))
            points[task] = float(test.get("max_score") or 0)
            score = test.get("score") if test.get("manual") is None else test["manual"]
            counts[(*task, _outcome(score, test.get("max_score")))] += 1
    rows = []
    for (assignment, name), most in points.items():
        marked = {o: counts[(assignment, name, o)] for o in (FULL, PART, NONE)}
        marked[NOT_YET] = of[assignment] - sum(marked.values())
        base = {"assignment": assignment, "task": name, "of": of[assignment], "points": most,
                "assignment_title": modules.get(assignment, assignment),
                "title": names.get(assignment, {}).get(name, name)}
        rows += [{**base, "outcome": outcome, "count": count} for outcome, count in marked.items()]
    return _frame("marks", rows)


def day_in(moment: datetime, language: str, time_zone: str) -> str:
    """Return a day as a reader of this language, in this zone, writes it."""
    with in_language(language):
        return times.day(moment, time_zone)


def classes(session: Session, cohort: Cohort, find: FindLesson, language: str,
            time_zone: str = "UTC") -> pd.DataFrame:
    """Return each lesson that was opened for a class, and how many pupils came."""
    opened = outcomes.class_sessions(session, cohort, outcomes.teachers(session, cohort.id))
    here = Counter(place for place, _actor in outcomes.present(session, [o.id for o in opened]))
    rows = [{"lesson": o.lesson, "lesson_title": _title(o.lesson, find, language),
             "opened": o.opened, "day": day_in(o.opened, language, time_zone),
             "pupils_here": here[o.id], "of": max(o.cards, here[o.id])}
            for o in opened]
    return _frame("classes", rows)


def answers(session: Session, cohort: Cohort, find: FindLesson, language: str) -> pd.DataFrame:
    """Return for each question of the lessons that were taught how often each answer was given."""
    opened = outcomes.class_sessions(session, cohort, outcomes.teachers(session, cohort.id))
    given = outcomes.answers(session, [o.id for o in opened])
    rows: list[dict[str, Any]] = []
    for lesson_id in dict.fromkeys(o.lesson for o in opened):
        title = _title(lesson_id, find, language)
        for place, asked in enumerate(_questions(lesson_id, find, language), 1):
            mine = [a for a in given if a.lesson == lesson_id and a.cell in (asked.cell, asked.key)
                    and a.key in (asked.key, "")]
            base = {"lesson": lesson_id, "lesson_title": title, "place": place,
                    "cell": asked.cell, "key": asked.key, "kind": asked.kind,
                    "prompt": asked.prompt, "unit": asked.unit, "of": len(mine)}
            rows += [{**base, **each} for each in _counted(asked, mine)]
    return _frame("answers", rows)


def _counted(asked: Asked, mine: list[outcomes.Answer]) -> list[dict[str, Any]]:
    if asked.kind == "choice":
        chosen = Counter(a.answer.get("choice") for a in mine)
        return [{"value": str(n), "text": text, "count": chosen[n]}
                for n, text in enumerate(asked.options)]
    if asked.kind == "number":
        values = Counter(float(a.answer["number"]) for a in mine if "number" in a.answer)
        return [{"value": f"{value:g}", "text": f"{value:g} {asked.unit}".strip(),
                 "count": values[value]} for value in sorted(values)] or [_nothing()]
    if asked.kind == "exit":
        felt = Counter(a.answer.get("feeling") for a in mine)
        return [{"value": str(n), "text": "", "count": felt[n]} for n in range(3)]
    return [{"value": "written", "text": "", "count": len(mine)}]


def _nothing() -> dict[str, Any]:
    return {"value": "", "text": "", "count": 0}


def _title(lesson_id: str, find: FindLesson, language: str) -> str:
    try:
        return find(lesson_id).title_in(language)
    except UserError:  # the pack is gone; what was answered stays
        return lesson_id


def _questions(lesson_id: str, find: FindLesson, language: str) -> list[Asked]:
    try:
        return questions_asked(find(lesson_id).notebook_in(language))
    except UserError:
        return []
