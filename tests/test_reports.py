"""Outcome reports: honest counts, nobody named, three languages, files people can open."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coteach import i18n, reports
from coteach.cli import report as report_cli
from coteach.errors import NotFound
from coteach.portal.reports import report_html
from coteach.settings import Settings
from coteach.store import Database, events, recordings, utcnow
from coteach.store.schema import (
    ClassSession,
    Cohort,
    CohortMember,
    Grade,
    NameCard,
    Person,
    Recording,
    School,
    SchoolClass,
    Submission,
)

MODULE = "m1-set-up-the-online-classroom"
SECRET_WORDS = "my cat is called Möhre"


@dataclass
class Site:
    """A cohort with so many teachers, one of whom has taught a class of so many pupils."""

    database: Database
    settings: Settings
    cohort: str


def fill(database: Database, settings: Settings, *, teachers: int, pupils: int,
         name: str = "Cohort") -> Site:
    now = utcnow()
    with database.session() as session:
        school = School(name="School", language="en", country="AU", time_zone="UTC")
        cohort = Cohort(name=name, course="teaching-at-a-distance", starts=now - timedelta(days=2),
                        ends=now + timedelta(days=20))
        session.add_all([school, cohort])
        session.flush()
        people = [Person(username=f"t{n}", display_name=f"Teacher-Name-{n}", role="teacher",
                         school_id=school.id) for n in range(teachers)]
        trainer = Person(username="trainer", display_name="T", role="trainer")
        session.add_all([*people, trainer])
        session.flush()
        for person in people:
            session.add(CohortMember(cohort_id=cohort.id, person_id=person.id, role="teacher"))
        session.add(CohortMember(cohort_id=cohort.id, person_id=trainer.id, role="trainer"))
        session.flush()
        for person in people[: teachers // 2]:
            _work(session, cohort, person, trainer)
        if people:
            _class(session, people[0], pupils)
    return Site(database, settings, cohort.id)


def _work(session, cohort, person, trainer):
    events.append(session, [{
        "id": str(uuid.uuid4()), "actor": person.id, "session": cohort.id, "lesson": MODULE,
        "cell": "far-end", "verb": "step-done"}])
    recording = Recording(room="r", person_id=person.id, cohort_id=cohort.id, module=MODULE,
                          purpose="p", status="ready", duration=120.0,
                          delete_after=utcnow() + timedelta(days=9))
    handed = Submission(cohort_id=cohort.id, person_id=person.id, course=cohort.course,
                        assignment=MODULE, notebook="assignment.ipynb", sha256="0" * 64, size=1)
    session.add_all([recording, handed])
    session.flush()
    recordings.add_mark(session, recording, trainer, rubric_line="sound", level=1,
                        rubric_version="1")
    recordings.add_mark(session, recording, trainer, rubric_line="sound", level=2,
                        rubric_version="1")
    session.add(Grade(submission_id=handed.id, status="needs_manual", score=3.0, max_score=12.0,
                      tests=[{"grade_id": "steps-check", "score": 3.0, "max_score": 3.0},
                             {"grade_id": "plan", "score": None, "max_score": 6.0,
                              "manual": None}]))


def _class(session, teacher, pupils):
    school_class = SchoolClass(name="Class", school_id=teacher.school_id, teacher_id=teacher.id)
    session.add(school_class)
    session.flush()
    cards = [NameCard(class_id=school_class.id, nickname=f"Pupil-Nick-{n}", picture="crab")
             for n in range(pupils)]
    opened = ClassSession(class_id=school_class.id, lesson="tides", lesson_version="1.0.0",
                          code="ABCDE", opened_by=teacher.id,
                          closes=utcnow() + timedelta(hours=1))
    session.add_all([*cards, opened])
    session.flush()
    for card in cards:
        for seq, (cell, key, kind, answer) in enumerate((
                ("noon", "noon", "choice", {"choice": 0, "text": "Yes, the path is dry."}),
                ("noon", "noon", "choice", {"choice": 1, "text": "No"}),
                ("noon-height", "noon-height", "number", {"number": 1.6}),
                ("picnic", "picnic", "text", {"text": SECRET_WORDS}),
                ("exit", "exit", "exit", {"feeling": 0, "words": SECRET_WORDS}))):
            events.append(session, [{
                "id": str(uuid.uuid4()), "actor": card.pseudonym, "session": opened.id,
                "lesson": "tides", "lesson_version": "1.0.0", "cell": cell, "verb": "answered",
                "client_seq": seq, "value": {"kind": kind, "key": key, "answer": answer}}])


@pytest.fixture
def database_file(settings: Settings) -> Iterator[Database]:
    made = Database.of(settings)
    made.migrate()
    yield made
    made.close()


def test_counts_are_right_on_both_databases(database: Database, settings: Settings):
    site = fill(database, settings, teachers=4, pupils=6)
    with database.reading() as session:
        found = reports.tables(session, site.cohort)
    step = found["participation"].set_index("step").loc["far-end"]
    assert (step["count"], step["of"]) == (2, 4)
    spread = found["practice"].set_index("recordings")["count"]
    assert list(spread) == [2, 2, 0, 0]
    assert found["practice"]["minutes"].iloc[0] == 4.0
    classes = found["classes"].iloc[0]
    assert (classes["pupils_here"], classes["of"]) == (6, 6)


def test_only_the_last_answer_of_a_pupil_counts(database: Database, settings: Settings):
    site = fill(database, settings, teachers=2, pupils=5)
    with database.reading() as session:
        answers = reports.tables(session, site.cohort)["answers"]
    noon = answers[answers["key"] == "noon"].set_index("value")["count"]
    assert dict(noon) == {"0": 0, "1": 5, "2": 0}


def test_only_a_markers_newest_level_counts(database: Database, settings: Settings):
    site = fill(database, settings, teachers=4, pupils=1)
    with database.reading() as session:
        rubric = reports.tables(session, site.cohort)["rubric"]
    sound = rubric[rubric["line"] == "sound"].set_index("level")["count"]
    assert dict(sound) == {1: 0, 2: 0, 3: 2, 4: 0}


def test_a_written_answer_that_waits_is_not_a_zero(database: Database, settings: Settings):
    site = fill(database, settings, teachers=4, pupils=1)
    with database.reading() as session:
        marks = reports.tables(session, site.cohort)["marks"]
    plan = marks[marks["task"] == "plan"].set_index("outcome")["count"]
    assert dict(plan) == {"full": 0, "part": 0, "none": 0, "not-marked": 2}
    assert set(marks[marks["task"] == "plan"]["title"]) == {"C. Your plan"}


def test_questions_stand_in_the_readers_language(database: Database, settings: Settings):
    site = fill(database, settings, teachers=2, pupils=1)
    with database.reading() as session:
        answers = reports.tables(session, site.cohort, "vi")["answers"]
    assert answers["text"].iloc[0] == "Có, đường khô."
    assert answers["lesson_title"].iloc[0] == "Thủy triều"


def test_nobody_is_named_and_no_words_are_kept(database_file, settings, tmp_path):
    site = fill(database_file, settings, teachers=9, pupils=9)
    reports.export_inputs(database_file, site.cohort, tmp_path / "in")
    everything = b"".join(file.read_bytes() for file in (tmp_path / "in").iterdir())
    for word in ("Teacher-Name", "Pupil-Nick", SECRET_WORDS, "Möhre"):
        assert word.encode() not in everything


def test_the_same_numbers_give_the_same_digest(database_file, settings, tmp_path):
    site = fill(database_file, settings, teachers=3, pupils=2)
    first = reports.export_inputs(database_file, site.cohort, tmp_path / "a")
    assert reports.export_inputs(database_file, site.cohort, tmp_path / "b") == first
    with database_file.session() as session:
        person = session.query(Person).filter_by(username="t2").one()
        events.append(session, [{
            "id": str(uuid.uuid4()), "actor": person.id, "session": site.cohort, "lesson": MODULE,
            "cell": "far-end", "verb": "step-done"}])
    assert reports.export_inputs(database_file, site.cohort, tmp_path / "c") != first
    assert pd.read_parquet(tmp_path / "c" / "participation.parquet")["count"].iloc[0] == 2


def test_an_unknown_report_or_cohort_says_so(database_file, settings):
    with pytest.raises(NotFound, match="no report 'sales'"):
        reports.report_notebook("sales")


@pytest.mark.parametrize(("of", "expected"), [(7, None), (8, 0.5)])
def test_a_group_under_eight_has_no_share(of: int, expected: float | None):
    assert reports.share(of // 2, of) == expected
    assert (reports.interval(of // 2, of) is None) == (expected is None)


def test_the_interval_covers_what_textbooks_say():
    low, high = reports.interval(5, 10)  # Wilson (1927): 0.237 to 0.763
    assert (round(low, 3), round(high, 3)) == (0.237, 0.763)
    assert reports.interval(0, 10)[0] == 0 and reports.interval(10, 10)[1] == 1


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", "  =cmd|' /C'!A0"])
def test_a_formula_in_a_table_is_made_harmless(text: str):
    table = reports.as_csv(pd.DataFrame({"a": [text], "b": [-1.5]}))
    row = list(csv.reader(io.StringIO(table.removeprefix("\ufeff"))))[1]
    assert row == ["'" + text, "-1.5"]


def test_the_table_has_shares_for_large_groups_only(database_file, settings):
    small = fill(database_file, settings, teachers=4, pupils=6)
    with database_file.reading() as session:
        table = reports.summary(reports.tables(session, small.cohort))
    assert table["Share"].isna().all()
    assert table["Of"].max() < reports.SMALL


def test_a_large_group_gets_shares_with_intervals(database_file, settings):
    site = fill(database_file, settings, teachers=12, pupils=3)
    with database_file.reading() as session:
        table = reports.summary(reports.tables(session, site.cohort))
    steps = table[(table["Part"] == "Steps")].iloc[0]
    assert (steps["Count"], steps["Of"], steps["Share"]) == (6, 12, 0.5)
    assert steps["From (95 %)"] < 0.5 < steps["To (95 %)"]
    assert table[table["Part"] == "Answers"]["Share"].isna().all()


def pictures(page: str) -> list[str]:
    return [base64.b64decode(found).decode()
            for found in re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", page)]


@pytest.mark.parametrize(("language", "words"), [
    ("en", ("What came out", "Teachers in this cohort: 4", "counts and no percentages")),
    ("zh-Hant", ("成果報告", "本梯次的教師人數：4", "不顯示百分比")),
    ("vi", ("Kết quả đạt được", "Số giáo viên trong khóa này: 4", "không thấy phần trăm"))])
async def test_the_report_reads_well_in_each_language(database_file, settings, language, words):
    site = fill(database_file, settings, teachers=4, pupils=6)
    with i18n.language(language):
        page = html.unescape(await report_html(
            database_file, settings, site.cohort, language, linked=True))
    for word in words:
        assert word in page
    assert f"/cohorts/{site.cohort}/report.csv" in page
    assert "<script" not in page and "Traceback" not in page
    drawn = pictures(page)
    assert len(drawn) >= 8 and not any("%" in re.sub(r"<style.*?</style>", "", each, flags=re.S)
                                      for each in drawn)
    if language != "en":
        assert "Teachers in this" not in page and "As a table" not in page


async def test_an_empty_cohort_gets_honest_sentences(database_file, settings):
    site = fill(database_file, settings, teachers=0, pupils=0, name="{odd} <name>")
    page = await report_html(database_file, settings, site.cohort, "en")
    for sentence in ("There are no teachers in this cohort yet", "There is no recording yet",
                     "Nothing has been handed in", "No lesson has been opened"):
        assert sentence in page
    assert "{odd} &lt;name&gt;" in page and "<name>" not in page


@pytest.mark.parametrize("ending", ["csv", "parquet", "html"])
def test_the_command_writes_each_kind_of_file(database_file, settings, tmp_path: Path, ending):
    fill(database_file, settings, teachers=2, pupils=2)
    out = tmp_path / f"r.{ending}"
    done = CliRunner().invoke(_app(), ["cohort-outcomes", "--out", str(out), "--data",
                                       str(settings.data)])
    assert done.exit_code == 0, done.output
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet}.get(ending)
    assert (len(read(out)) > 30) if read else ("What came out" in out.read_text())


def test_the_command_asks_which_cohort(database_file, settings, tmp_path: Path):
    fill(database_file, settings, teachers=1, pupils=0, name="First")
    with database_file.session() as session:
        session.add(Cohort(name="Second", course="teaching-at-a-distance", starts=utcnow(),
                           ends=utcnow()))
    done = CliRunner().invoke(_app(), ["cohort-outcomes", "--data", str(settings.data)])
    assert done.exit_code == 1 and "First" in str(done.exception) and "--cohort" in str(
        done.exception)


def _app():
    import typer

    app = typer.Typer()
    report_cli.register(app)
    return app


def test_the_inputs_say_what_they_are(database_file, settings, tmp_path):
    site = fill(database_file, settings, teachers=3, pupils=1)
    reports.export_inputs(database_file, site.cohort, tmp_path, language="zh-Hant")
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert facts["course"] == "遠距教學" and facts["teachers"] == 3 and facts["small"] == 8
