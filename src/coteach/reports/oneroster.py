"""A gradebook as OneRoster 1.2 CSV: results and line items with all that they refer to, as a zip.

Rule: names of files, columns and values are the standard's (1EdTech OneRoster 1.2 CSV binding). A
result without a score has an empty score and a `scoreStatus` that says why; nothing is made up.
Texts are as they are: programs read this, and a changed name would be a wrong one.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from coteach.reports.marks import Book, Item, Result, Row

VERSION = "1.2"
_COMMON = ("sourcedId", "status", "dateLastModified")
COLUMNS: dict[str, tuple[str, ...]] = {
    "academicSessions": (*_COMMON, "title", "type", "startDate", "endDate", "parentSourcedId",
                         "schoolYear"),
    "categories": (*_COMMON, "title", "weight"),
    "classes": (*_COMMON, "title", "grades", "courseSourcedId", "classCode", "classType",
                "location", "schoolSourcedId", "termSourcedIds", "subjects", "subjectCodes",
                "periods"),
    "courses": (*_COMMON, "schoolYearSourcedId", "title", "courseCode", "grades", "orgSourcedId",
                "subjects", "subjectCodes"),
    "enrollments": (*_COMMON, "classSourcedId", "schoolSourcedId", "userSourcedId", "role",
                    "primary", "beginDate", "endDate"),
    "lineItems": (*_COMMON, "title", "description", "assignDate", "dueDate", "classSourcedId",
                  "categorySourcedId", "academicSessionSourcedId", "resultValueMin",
                  "resultValueMax", "schoolSourcedId"),
    "orgs": (*_COMMON, "name", "type", "identifier", "parentSourcedId"),
    "results": (*_COMMON, "lineItemSourcedId", "studentSourcedId", "scoreStatus", "score",
                "scoreDate", "comment", "textScore", "classSourcedId", "inProgress", "incomplete",
                "late", "missing"),
    "roles": (*_COMMON, "userSourcedId", "roleType", "role", "beginDate", "endDate",
              "orgSourcedId", "userProfileSourcedId"),
    "users": (*_COMMON, "enabledUser", "username", "userIds", "givenName", "familyName",
              "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades",
              "password", "userMasterIdentifier", "resourceSourcedIds", "preferredGivenName",
              "preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId", "pronouns"),
}
"""The files that are written and their columns, in the standard's order."""
ABSENT = ("classResources", "courseResources", "demographics", "lineItemLearningObjectiveIds",
          "lineItemScoreScales", "resources", "resultLearningObjectiveIds", "resultScoreScales",
          "scoreScales", "userProfiles", "userResources")
SCORE_STATUS = {"graded": "fully graded", "needs_manual": "partially graded",
                "failed": "submitted", "rejected": "submitted", "waiting": "submitted",
                "held": "submitted", "missing": "not submitted"}


def archive(book: Book, course: str, url: str) -> bytes:
    """Return the zip.

    Parameters
    ----------
    course
        The course's title.
    url
        The address of this coteach; the ids of what has none of its own come from it.
    """
    files = _files(book, course, url)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("manifest.csv", _text(("propertyName", "value"), _manifest(url)))
        for name, rows in files.items():
            columns = COLUMNS[name]
            zipped.writestr(f"{name}.csv", _text(columns, (
                [row.get(column, "") for column in columns] for row in rows)))
    return out.getvalue()


def _text(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def _manifest(url: str) -> list[tuple[str, str]]:
    files = {**dict.fromkeys(COLUMNS, "bulk"), **dict.fromkeys(ABSENT, "absent")}
    return [("manifest.version", "1.0"), ("oneroster.version", VERSION),
            *((f"file.{name}", files[name]) for name in sorted(files, key=str.lower)),
            ("source.systemName", "coteach"), ("source.systemCode", url)]


def _files(book: Book, course: str, url: str) -> dict[str, list[dict[str, str]]]:
    cohort = book.cohort
    made = {name: str(uuid5(UUID(cohort.id), name)) for name in ("term", "period", "category")}
    org, course_id = (str(uuid5(NAMESPACE_URL, f"{url}#{what}"))
                      for what in ("org", f"course/{cohort.course}"))
    dates = {"startDate": _day(cohort.starts), "endDate": _day(cohort.ends),
             "schoolYear": str(cohort.ends.astimezone(UTC).year)}
    members = [_member(row, cohort.id, org) for row in book.rows]
    return {
        "academicSessions": [
            {"sourcedId": made["term"], "title": cohort.name, "type": "term", **dates},
            {"sourcedId": made["period"], "title": cohort.name, "type": "gradingPeriod",
             "parentSourcedId": made["term"], **dates}],
        "categories": [{"sourcedId": made["category"], "title": "Assignments"}],
        "classes": [{
            "sourcedId": cohort.id, "title": cohort.name, "courseSourcedId": course_id,
            "classType": "scheduled", "schoolSourcedId": org, "termSourcedIds": made["term"]}],
        "courses": [{"sourcedId": course_id, "title": course, "courseCode": cohort.course,
                     "orgSourcedId": org}],
        "enrollments": [enrolled for _user, _role, enrolled in members],
        "lineItems": [{
            "sourcedId": line_item(cohort.id, item), "title": item.title,
            "assignDate": _day(cohort.starts), "dueDate": _day(item.due),
            "classSourcedId": cohort.id, "categorySourcedId": made["category"],
            "academicSessionSourcedId": made["period"], "schoolSourcedId": org,
            "resultValueMin": "" if item.max_score is None else "0",
            "resultValueMax": "" if item.max_score is None else f"{item.max_score:.10g}"}
            for item in book.items],
        "orgs": [{"sourcedId": org, "name": "coteach", "type": "school"}],
        "results": [_result(cohort.id, item, row, result) for row in book.rows
                    for item, result in zip(book.items, row.results, strict=True)],
        "roles": [role for _user, role, _enrolled in members],
        "users": [user for user, _role, _enrolled in members],
    }


def line_item(cohort_id: str, item: Item) -> str:
    """Return the id of an assignment of a cohort, the same in every export."""
    return str(uuid5(UUID(cohort_id), f"lineItem/{item.id}"))


def _member(row: Row, class_id: str, org: str
            ) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    given, _space, family = row.name.rpartition(" ")
    user = {"sourcedId": row.person, "enabledUser": "true", "username": row.username,
            # Both are required, and many people have one name here.
            "givenName": (given or row.name)[:128], "familyName": family[:128] if given else "-",
            "primaryOrgSourcedId": org}
    role = {"sourcedId": str(uuid5(UUID(row.person), f"role/{org}")), "userSourcedId": row.person,
            "roleType": "primary", "role": "student", "orgSourcedId": org}
    enrolled = {"sourcedId": str(uuid5(UUID(row.person), f"enrollment/{class_id}")),
                "classSourcedId": class_id, "schoolSourcedId": org, "userSourcedId": row.person,
                "role": "student", "primary": "false"}
    return user, role, enrolled


def _result(cohort_id: str, item: Item, row: Row, result: Result) -> dict[str, str]:
    line = line_item(cohort_id, item)
    return {
        "sourcedId": str(uuid5(UUID(row.person), f"result/{line}")),
        "lineItemSourcedId": line, "studentSourcedId": row.person, "classSourcedId": cohort_id,
        "scoreStatus": SCORE_STATUS[result.state],
        "score": "" if result.score is None else f"{result.score:.10g}",
        # Required, also where nothing is there yet: then it is the day by which it was due.
        "scoreDate": _day(result.at or item.due),
        "late": "true" if result.late else "false",
        "missing": "true" if result.state == "missing" else "false"}


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()
