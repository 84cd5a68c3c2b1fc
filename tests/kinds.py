"""A lesson with every kind of question, and a class that has it open, for tests."""

from __future__ import annotations

from pathlib import Path

import nbformat

from coteach.settings import Settings
from coteach.store import Database, classes
from coteach.store.schema import Person

CELLS = {
    "q-choice": 'Choice("Which swing is slower?", ["The long one", "The short one"], key="slow")',
    "q-multiple": 'MultipleChoice("What swings?", ["A bell", "A stone", "A lamp"])',
    "q-poll": 'Poll("When do you swing?", ["Morning", "Evening"], key="when")',
    "q-number": 'Number("How long does it take?", unit="s")',
    "q-text": 'ShortText("Why? <script>document.title = 1</script>")',
    "q-understood": "Understood()",
    "q-draw": 'Draw("Draw the way of the swing.", x=(0, 4, "s"), y=(0, 2, "m"))',
    "q-photo": 'Photo("Show your swing.")',
    "q-exit": "ExitTicket()",
}
TOML = """
id = "kinds"
version = "1"
title = {en = "All kinds"}
languages = ["en"]
age_range = [9, 12]
subject = {en = "Science"}
duration = 20
licence = "CC0-1.0"
authors = ["coteach"]
"""


def write_lesson(folder: Path) -> Path:
    """Write the lesson pack."""
    folder.mkdir(parents=True)
    (folder / "lesson.toml").write_text(TOML, encoding="utf-8")
    cells = [nbformat.v4.new_markdown_cell("# All kinds\n\nOf questions.", id="story"),
             nbformat.v4.new_code_cell("from coteach_widgets import *", id="begin")]
    cells += [nbformat.v4.new_code_cell(source, id=name) for name, source in CELLS.items()]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "lesson.ipynb")
    return folder


def open_kinds(settings: Settings, ids: dict[str, str]) -> None:
    """Have the class of `classroom_site.fill` work on it; `ids` tells its session and code."""
    folder = settings.layout.lessons / "kinds"
    if not folder.exists():
        write_lesson(folder)
    database = Database.of(settings)
    with database.session() as session:
        row = classes.open_session(
            session, classes.get(session, ids["class-lan"]), lesson="kinds", version="1",
            person=session.get(Person, ids["lan"]), minutes=60)
        ids["session"], ids["code"] = row.id, row.code
    database.close()
