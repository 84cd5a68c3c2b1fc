"""A class's answers in a notebook, from the files that coteach writes.

Rule: only files that a person saved herself are read: the table of the class's page (CSV) and the
files of pupils who worked without a line (JSON). Nothing is asked from a server.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

COLUMNS = ("question", "pupil", "answer", "received", "time_zone")
"""Columns of the table, whatever language its head is written in."""


def read_answers(path: str | Path | Iterable[str | Path]) -> pandas.DataFrame:
    """Return answers as a table with one row each.

    Parameters
    ----------
    path
        A CSV that was saved from the page of a class, a JSON file that a pupil's page has saved,
        or several of either kind.

    Returns
    -------
    pandas.DataFrame
        ``question``, ``pupil``, ``answer``, ``received``, ``time_zone``; of a question in a JSON
        file the name that its author gave it, and no time: a device's clock is not believed.
        Of several answers to a question in one JSON file the last one counts; one that was emptied
        again is left out.

    Raises
    ------
    ValueError
        The file is neither.
    """
    import pandas

    paths = [path] if isinstance(path, (str, Path)) else list(path)
    tables = [_read(Path(one)) for one in paths]
    if not tables:
        return pandas.DataFrame(columns=list(COLUMNS))
    return pandas.concat(tables, ignore_index=True)


def _read(path: Path) -> pandas.DataFrame:
    import pandas

    text = path.read_text(encoding="utf-8-sig")
    if text.lstrip().startswith("{"):
        return pandas.DataFrame(_rows(text, path.name), columns=list(COLUMNS))
    table = pandas.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    if len(table.columns) != len(COLUMNS):
        raise ValueError(f"{path.name} is no table of answers: it has {len(table.columns)} columns "
                         f"and not {len(COLUMNS)}.")
    table.columns = pandas.Index(COLUMNS)
    # What a spreadsheet would run as a formula was written behind an apostrophe.
    for name in ("question", "pupil", "answer"):
        table[name] = table[name].str.replace(r"^'(?=[=+\-@\t\r\n])", "", regex=True)
    table["received"] = pandas.to_datetime(table["received"], errors="coerce")
    return table


def _rows(text: str, name: str) -> list[dict[str, Any]]:
    try:
        raw = json.loads(text)
        pupil = str(raw["pupil"]["nickname"])
        newest = {event["value"].get("key") or event["cell"]: event["value"]
                  for event in raw["events"]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{name} is no file of answers.") from error
    return [{"question": question, "pupil": pupil, "answer": _words(value), "received": None,
             "time_zone": ""} for question, value in newest.items()
            if not value.get("answer", {}).get("empty")]


def _words(value: dict[str, Any]) -> str:
    answer = dict(value.get("answer", {}))
    if "text" in answer:
        return str(answer["text"])
    if "strokes" in answer:
        strokes = answer.pop("strokes")
        answer = {"strokes": len(strokes), **answer}
    if len(answer) == 1:
        return str(next(iter(answer.values())))
    return "; ".join(f"{name}: {part}" for name, part in answer.items())
