"""A new lesson pack that works: a text, something to move, a question.

Rule: what is written opens as a class page at once, and passes its own check.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path

import nbformat
import nbformat.v4

from coteach import i18n
from coteach.errors import Conflict, UserError
from coteach.i18n import gettext as _
from coteach.lessonpack.course import ID
from coteach.lessonpack.lesson import Lesson

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

_PLOT = '''\
import matplotlib.pyplot as plt
from ipywidgets import IntSlider, interact


@interact(times=IntSlider(value=3, min=1, max=10, description={label!r}))
def picture(times):
    figure, axes = plt.subplots(figsize=(5, 3))
    axes.bar(range(1, 11), [times * n for n in range(1, 11)], color="#0f6b5c")
    axes.set(ylim=(0, 105), xticks=range(1, 11))
    figure.tight_layout()
    plt.show()
'''

_QUESTION = '''\
from coteach_widgets import Choice

Choice({prompt!r},
       {options!r}, key="first")
'''


def new_pack(folder: Path, *, title: str = "", language: str = i18n.DEFAULT_LANGUAGE,
             author: str, licence: str = "CC-BY-4.0", pack_id: str = "") -> Lesson:
    """Make a lesson pack in a folder that does not exist yet.

    Parameters
    ----------
    folder
        The new folder; its parent must exist.
    title, language
        The title, and the language it and the lesson are written in (BCP 47).
    author, licence
        Who writes it, and its SPDX licence.
    pack_id
        The lesson's id; made from the folder's name when empty.

    Raises
    ------
    UserError
        The folder is there already, or a value can't be used.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(_("{folder} is there already.").format(folder=folder),
                       hint=_("Choose a new folder."), code="folder-exists")
    if not folder.absolute().parent.is_dir():
        raise UserError(_("The folder {folder} does not exist.").format(
            folder=folder.absolute().parent), status=404, code="no-folder")
    if not _TAG.fullmatch(language):
        raise UserError(_("{language!r} is no language tag such as en, vi or zh-Hant.").format(
            language=language), code="no-language")
    name = pack_id or re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")
    if not ID.fullmatch(name):
        raise UserError(_("{name!r} can't be the id of a lesson.").format(name=name),
                        hint=_("Give one with --id: small letters, digits and hyphens."),
                        code="bad-id")
    with i18n.language(language):
        heading = title or _("A new lesson")
        notebook = _notebook(heading)
    scratch = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.absolute().parent))
    try:
        scratch.chmod(0o755)
        (scratch / "lesson.toml").write_text(
            _toml(name, heading, language, author, licence), encoding="utf-8")
        nbformat.write(notebook, scratch / "lesson.ipynb")
        for inside in ("assets", "i18n"):
            (scratch / inside).mkdir()
        Lesson.load(scratch)
        if folder.exists():
            folder.rmdir()
        scratch.rename(folder)
    except UserError as error:
        raise UserError(str(error.message).replace(f"{scratch}/", ""), hint=error.hint,
                        code=error.code) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Lesson.load(folder)


def _notebook(heading: str) -> nbformat.NotebookNode:
    cells = [
        ("start", "markdown", f"# {heading}\n\n" + _(
            "Begin with a story, a picture or a riddle. Pictures go into the folder assets and are "
            "shown with `![What can be seen](assets/picture.png)`.")),
        ("look", "markdown", "## " + _("Try it") + "\n\n" + _(
            "Move the slider and watch the picture.")),
        ("picture", "code", _PLOT.format(label=_("Times"))),
        ("question", "code", _QUESTION.format(
            prompt=_("What happens to the bars when the number gets larger?"),
            options=[_("They grow."), _("They shrink."), _("They stay as they are.")])),
    ]
    made = nbformat.v4.new_notebook(metadata={
        "kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"},
        "language_info": {"name": "python"}})
    for name, kind, source in cells:
        cell = (nbformat.v4.new_markdown_cell if kind == "markdown" else
                nbformat.v4.new_code_cell)(source.strip())
        cell.id = name
        made.cells.append(cell)
    return made


def _toml(name: str, title: str, language: str, author: str, licence: str) -> str:
    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    return f"""\
id = {text(name)}
version = "0.1.0"
title = {{ {language} = {text(title)} }}
languages = [{text(language)}]
age_range = [10, 12]
subject = {{ {language} = {text("…")} }}
duration = 40
licence = {text(licence)}
authors = [{text(author)}]
school = ""
"""
