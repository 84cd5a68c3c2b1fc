"""Grades that leave coteach: columns of one's own, OneRoster, and never a zero for nothing."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from portal_site import Alliance
from typer.testing import CliRunner

from coteach.cli import app
from coteach.errors import UserError
from coteach.reports import mapping as mappings
from coteach.reports import oneroster
from coteach.store import Database, utcnow
from coteach.store.schema import Grade, Person

FORM = {"decimal": ",", "separator": "semicolon", "do": "keep", "name": "For the office",
        "field": ["username", "points", "state", ""], "heading": ["Login", "{assignment}", "", ""],
        "assignment": ["", "", "", ""], "place": ["2", "1", "3", "4"]}


@pytest.fixture
def alliance(settings) -> Iterator[Alliance]:
    database = Database.of(settings)
    database.migrate()
    made = Alliance(settings, database)
    later = utcnow() + timedelta(minutes=1)
    given = made.hand_in("amina", grade="graded", late=True)
    failed = made.hand_in("bruno", grade="failed")
    with database.session() as session:
        session.get(Grade, given).score = 7.5
        session.get(Grade, given).released = later
        session.get(Grade, failed).score = None
        session.get(Grade, failed).released = later
    yield made
    database.close()


def rows(raw: bytes, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), delimiter=separator))


async def test_a_missing_result_is_an_empty_cell_and_a_word_for_why(alliance: Alliance):
    async with alliance.client("trainer") as browser:
        answer = await browser.get(f"/cohorts/{alliance.cohort.id}/grades.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    found = {row["Name"]: list(row.values()) for row in rows(answer.content)}
    assert found["Amina"][2:7] == ["7.5", "10", "75", "marked", "yes"]
    assert found["Bruno"][2] == "" and found["Bruno"][5] == "marking failed"
    assert found["陳老師"][2] == "" and found["陳老師"][5] == "not handed in"
    assert "0" not in {cells[2] for cells in found.values()}


async def test_a_mark_that_is_not_given_back_has_no_score(alliance: Alliance):
    alliance.hand_in("chen", grade="graded")
    async with alliance.client("trainer") as browser:
        answer = await browser.get(f"/cohorts/{alliance.cohort.id}/grades.csv")
    row = next(r for r in csv.reader(io.StringIO(answer.text)) if r[0] == "陳老師")
    assert row[2] == "" and row[5] == "not given back yet"


async def test_columns_are_kept_under_a_name_and_used_again(alliance: Alliance):
    address = f"/cohorts/{alliance.cohort.id}/grades"
    async with alliance.client("trainer") as browser:
        look = await browser.post(address, data={**FORM, "do": "look"})
        assert "This is how the file would look" in look.text and "7,5" in look.text
        assert "For the office" not in (await browser.get(address)).text
        kept = await browser.post(address, data=FORM)
        assert kept.status_code == 303
        assert "Kept as “For the office”." in (await browser.get(kept.headers["location"])).text
        file = await browser.get(address + ".csv?columns=For+the+office")
        assert not file.content.startswith(b"\xef\xbb\xbf")
        first, amina = file.text.splitlines()[:2]
        assert first == "Set up the online classroom;Login;state"
        assert amina == "7,5;amina;marked"
        await browser.post(address + "/delete", data={"name": "For the office"})
        assert (await browser.get(address + ".csv?columns=For+the+office")).status_code == 404


async def test_a_name_that_is_a_formula_is_shown_and_not_run(alliance: Alliance):
    with alliance.database.session() as session:
        session.get(Person, alliance.id("amina")).display_name = '=HYPERLINK("http://x")'
    async with alliance.client("trainer") as browser:
        for preset in mappings.PRESETS:
            text = (await browser.get(
                f"/cohorts/{alliance.cohort.id}/grades.csv?columns={preset}")).text
            assert preset == "moodle" or "'=HYPERLINK" in text
            for line in csv.reader(io.StringIO(text.lstrip("\ufeff"))):
                assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line)


@pytest.mark.parametrize("who", ["amina", "other"])
async def test_only_the_cohorts_trainers_get_files(alliance: Alliance, who: str):
    here = f"/cohorts/{alliance.cohort.id}/grades"
    async with alliance.client(who) as browser:
        for address in (here, f"{here}.csv", f"{here}/oneroster.zip"):
            assert (await browser.get(address)).status_code == 403
        assert (await browser.post(here, data=FORM)).status_code == 403
        assert (await browser.post(f"{here}/delete", data={"name": "x"})).status_code == 403


@pytest.mark.parametrize(("value", "code"), [
    ({"columns": []}, "no-column"), ({}, "bad-mapping"),
    ({"columns": [{"field": "password", "heading": "x"}]}, "bad-column"),
    ({"columns": [{"field": "name", "heading": "x"}], "decimal": ","}, "bad-signs"),
    ({"columns": [{"field": "name", "heading": "x"}] * 61}, "many-columns")])
def test_a_mapping_that_makes_no_file_is_refused(value, code: str):
    with pytest.raises(UserError) as refused:
        mappings.load(value)
    assert refused.value.code == code


REFERENCES = {
    "parentSourcedId": "academicSessions", "courseSourcedId": "courses",
    "schoolSourcedId": "orgs", "orgSourcedId": "orgs", "primaryOrgSourcedId": "orgs",
    "termSourcedIds": "academicSessions", "classSourcedId": "classes", "userSourcedId": "users",
    "studentSourcedId": "users", "lineItemSourcedId": "lineItems",
    "categorySourcedId": "categories", "academicSessionSourcedId": "academicSessions"}
REQUIRED = {
    "academicSessions": "title type startDate endDate schoolYear",
    "categories": "title", "orgs": "name type", "courses": "title orgSourcedId",
    "classes": "title courseSourcedId classType schoolSourcedId termSourcedIds",
    "enrollments": "classSourcedId schoolSourcedId userSourcedId role",
    "lineItems": "title assignDate dueDate classSourcedId categorySourcedId "
                 "academicSessionSourcedId schoolSourcedId",
    "results": "lineItemSourcedId studentSourcedId scoreStatus scoreDate",
    "roles": "userSourcedId roleType role orgSourcedId",
    "users": "enabledUser username givenName familyName"}
VALUES = {
    ("academicSessions", "type"): {"gradingPeriod", "semester", "schoolYear", "term"},
    ("classes", "classType"): {"homeroom", "scheduled"}, ("orgs", "type"): {"school"},
    ("enrollments", "role"): {"student"}, ("roles", "role"): {"student"},
    ("roles", "roleType"): {"primary", "secondary"}, ("users", "enabledUser"): {"true", "false"},
    ("results", "scoreStatus"): {"exempt", "fully graded", "not submitted", "partially graded",
                                 "submitted"},
    ("results", "late"): {"true", "false"}, ("results", "missing"): {"true", "false"}}


async def test_the_oneroster_zip_holds_what_the_standard_asks_for(alliance: Alliance):
    async with alliance.client("trainer") as browser:
        here = f"/cohorts/{alliance.cohort.id}/grades/oneroster.zip"
        raw = (await browser.get(here)).content
    zipped = zipfile.ZipFile(io.BytesIO(raw))
    files = {name.removesuffix(".csv"): rows(zipped.read(name)) for name in zipped.namelist()}
    manifest = {row["propertyName"]: row["value"] for row in files.pop("manifest")}
    assert manifest["manifest.version"] == "1.0" and manifest["oneroster.version"] == "1.2"
    assert {n.removeprefix("file.") for n, v in manifest.items() if v == "bulk"} == set(files)
    assert len([n for n in manifest if n.startswith("file.")]) == 21
    ids = {name: [row["sourcedId"] for row in found] for name, found in files.items()}
    for name, found in files.items():
        assert found, name
        assert tuple(found[0]) == oneroster.COLUMNS[name]
        assert len(set(ids[name])) == len(found)
        for row in found:
            UUID(row["sourcedId"])
            assert all(row[column] for column in REQUIRED[name].split()), (name, row)
            for column, value in row.items():
                if value and column in REFERENCES:
                    assert value in ids[REFERENCES[column]], (name, column)
                if column.endswith("Date") and value:
                    date.fromisoformat(value)
                assert value in VALUES.get((name, column), {value})
    results = {row["studentSourcedId"]: row for row in files["results"]}
    amina, bruno, chen = (results[alliance.id(n)] for n in ("amina", "bruno", "chen"))
    assert (amina["scoreStatus"], amina["score"], amina["late"]) == ("fully graded", "7.5", "true")
    assert (bruno["scoreStatus"], bruno["score"]) == ("submitted", "")
    assert (chen["scoreStatus"], chen["score"], chen["missing"]) == ("not submitted", "", "true")


async def test_the_command_writes_what_the_page_gives(alliance: Alliance, tmp_path):
    out = tmp_path / "marks.csv"
    arguments = ["grades", "export", alliance.cohort.name, "--data", str(alliance.settings.data)]
    done = CliRunner().invoke(app, [*arguments, "--out", str(out)])
    assert done.exit_code == 0, done.output
    async with alliance.client("trainer") as browser:
        answer = await browser.get(f"/cohorts/{alliance.cohort.id}/grades.csv?lang=en")
    assert out.read_bytes() == answer.content
    zipped = tmp_path / "marks.zip"
    done = CliRunner().invoke(app, [*arguments, "--format", "oneroster", "--out", str(zipped)])
    assert done.exit_code == 0 and "results.csv" in zipfile.ZipFile(zipped).namelist()
    wrong = CliRunner().invoke(app, [*arguments, "--format", "pdf", "--out", str(out)])
    assert isinstance(wrong.exception, UserError) and wrong.exception.code == "bad-format"


async def test_a_mark_changed_in_the_other_system_is_shown_beside_ours(alliance: Alliance):
    here = f"/cohorts/{alliance.cohort.id}/grades"
    async with alliance.client("trainer") as browser:
        written = (await browser.get(f"{here}.csv?columns=moodle")).text
        same = await browser.post(f"{here}/compare", data={"columns": "moodle"},
                                  files={"file": ("a.csv", written.replace("7.5", "7.50"))})
        assert "All marks in the file are the same as here." in same.text
        changed = written.replace("7.5", "9").replace("bruno,", "bruno,0") + "nobody,3,\n"
        page = await browser.post(f"{here}/compare", data={"columns": "moodle"},
                                  files={"file": ("a.csv", changed)})
        for words in ("<span>7.5</span>", "<span>9</span>", "<span>empty</span>",
                      "<span>0</span>", "1 row is of nobody in this cohort."):
            assert words in page.text
        assert (await browser.get(f"{here}.csv?columns=moodle")).text == written
        for wrong, said in ((b"\xff\xfe", "This file is no CSV in UTF-8."),
                            (b"a,b\n1,2\n", "The file has no column"), (b"", "No file")):
            answer = await browser.post(f"{here}/compare", data={"columns": "moodle"},
                                        files={"file": ("a.csv", wrong)})
            assert answer.status_code == 400 and said in answer.text
    async with alliance.client("other") as browser:
        assert (await browser.post(f"{here}/compare",
                                   files={"file": ("a.csv", written)})).status_code == 403


async def test_canvas_finds_people_by_their_login_and_not_by_a_number_of_ours(alliance: Alliance):
    async with alliance.client("trainer") as browser:
        text = (await browser.get(
            f"/cohorts/{alliance.cohort.id}/grades.csv?columns=canvas")).text
    assert text.splitlines()[:2] == [
        "Student,ID,SIS User ID,SIS Login ID,Section,Set up the online classroom",
        "Amina,,,amina,First steps,7.5"]
