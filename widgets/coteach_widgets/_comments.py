"""Comments and marks as tables, from what the page synced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

COMMENT_COLUMNS = ["recording", "started", "at", "author", "text", "rubric_line"]
MARK_COLUMNS = ["recording", "started", "rubric_line", "title", "level", "words", "author"]


def comments_frame(recordings: list[dict[str, Any]]) -> pd.DataFrame:
    """Return one row a comment: recording, second, author, text, rubric line."""
    import pandas as pd

    rows = [{"recording": r["id"], "started": r["started"],
             **{key: c.get(key) for key in ("at", "author", "text", "rubric_line")}}
            for r in recordings for c in r.get("comments", ())]
    frame = pd.DataFrame(rows, columns=COMMENT_COLUMNS)
    frame["started"] = pd.to_datetime(frame["started"], utc=True)
    return frame


def marks_frame(recordings: list[dict[str, Any]]) -> pd.DataFrame:
    """Return one row a mark: recording, rubric line, level (0 is the first), author."""
    import pandas as pd

    rows = []
    for recording in recordings:
        rubric = {line["id"]: line for line in recording.get("rubric", ())}
        for mark in recording.get("marks", ()):
            line = rubric.get(mark["rubric_line"], {"title": mark["rubric_line"], "levels": []})
            level = mark["level"]
            words = line["levels"][level] if level < len(line["levels"]) else ""
            rows.append({"recording": recording["id"], "started": recording["started"],
                         "rubric_line": mark["rubric_line"], "title": line["title"],
                         "level": level, "words": words, "author": mark["author"]})
    frame = pd.DataFrame(rows, columns=MARK_COLUMNS)
    frame["started"] = pd.to_datetime(frame["started"], utc=True)
    return frame
