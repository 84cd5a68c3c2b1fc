"""`coteach lesson`: make, check, translate, compare, hand on and take in lesson packs."""

from __future__ import annotations

import asyncio
import dataclasses
import getpass
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax

from coteach import i18n, lessonpack
from coteach import settings as settings_module
from coteach.cli._data import Data
from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _
from coteach.i18n import ngettext
from coteach.lessonpack import Lesson, review
from coteach.lessonpack.review import Finding

Pack = Annotated[Path, typer.Argument(help="The pack: its folder, or the same as a .zip.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="lesson", no_args_is_help=True,
                        help="Make, check, translate, compare, hand on and take in lesson packs.")
    for name, command in (("new", new), ("check", check), ("translate", translate),
                          ("diff", diff), ("export", export), ("import", import_)):
        group.command(name)(command)
    app.add_typer(group)


def new(
    folder: Annotated[Path, typer.Argument(help="The new folder.")],
    title: Annotated[str, typer.Option(help="The lesson's title.")] = "",
    language: Annotated[str, typer.Option(
        help="The language it is written in, for example vi. [default: the terminal's]")] = "",
    author: Annotated[str, typer.Option(help="Who writes it. [default: your login]")] = "",
    licence: Annotated[str, typer.Option(help="SPDX licence.")] = "CC-BY-4.0",
    lesson_id: Annotated[str, typer.Option(
        "--id", help="The lesson's id. [default: the folder's name]")] = "",
) -> None:
    """Make a lesson pack that works: a text, a slider, a question."""
    lesson = lessonpack.new_pack(
        folder, title=title, language=language or i18n.get_language(),
        author=author or getpass.getuser(), licence=licence, pack_id=lesson_id)
    typer.echo(_("Made: {folder}").format(folder=lesson.folder))
    typer.echo(_("Look at it: coteach page {notebook}").format(notebook=lesson.notebook_path))


@contextmanager
def opened(pack: Path) -> Iterator[Lesson]:
    """Read a pack; one in a `.zip` is unpacked for as long as it is needed."""
    if not pack.exists():
        raise NotFound(_("There is no file {file}.").format(file=pack), code="no-file")
    lesson = Lesson.load(pack)
    try:
        yield lesson
    finally:
        if not pack.is_dir():
            shutil.rmtree(lesson.folder.parent, ignore_errors=True)


def check(
    pack: Pack,
    run: Annotated[bool | None, typer.Option(
        "--run/--no-run",
        help="Also run it as pupils will. [default: when this machine has sandboxes]")] = None,
    as_json: Json = False,
) -> None:
    """Say what is wrong with a lesson pack before pupils find out."""
    try:
        with opened(pack) as lesson:
            found = review.review(lesson)
            found += _running(lesson, run)
    except UserError as error:
        if error.code != "bad-pack":
            raise
        found = [Finding("structure", "failed", error.message, error.hint)]
    failed = any(f.state == "failed" for f in found)
    if as_json:
        print(json.dumps({"ok": not failed, "checks": [dataclasses.asdict(f) for f in found]},
                         ensure_ascii=False, indent=1))
    else:
        _print(found)
    raise typer.Exit(1 if failed else 0)


def _running(lesson: Lesson, run: bool | None) -> list[Finding]:
    from coteach import sandbox
    from coteach.cli import _trial

    if run is False:
        return []
    probe = sandbox.probe()
    if not probe.ok:
        if run:
            sandbox.ensure(False)
        return [Finding("run", "warning", _("It was not run: there is no sandbox here."),
                        probe.reason)]
    return asyncio.run(_trial.findings(lesson))


def _print(found: list[Finding]) -> None:
    console = Console(highlight=False)
    words = {"ok": "[green]" + _("OK") + "[/green]",
             "warning": "[yellow]" + _("note") + "[/yellow]",
             "failed": "[red]" + _("wrong") + "[/red]"}
    for one in found:
        console.print(f"{words[one.state]}  {escape(one.sentence)} {escape(one.way_out)}".rstrip(),
                      soft_wrap=True)


def translate(
    pack: Annotated[Path, typer.Argument(help="The pack's folder.")],
    language: Annotated[str, typer.Argument(help="The language, for example vi or zh-Hant.")],
) -> None:
    """Write or refresh the translation file of a lesson, i18n/LANGUAGE.po."""
    if pack.is_file():
        raise UserError(_("{pack} is no folder.").format(pack=pack),
                        hint=_("Unpack it first; a translation is written into the pack."),
                        code="no-folder")
    with opened(pack) as lesson:
        done = lessonpack.refresh_translation(lesson, language)
    typer.echo(ngettext(
        "{file}: {n} text, {left} to translate, {fuzzy} to look at again.",
        "{file}: {n} texts, {left} to translate, {fuzzy} to look at again.", done.texts).format(
            file=done.file, n=done.texts, left=done.missing, fuzzy=done.fuzzy))
    if language not in lesson.languages:
        typer.echo(_("When it is translated, add {language} to languages and title in "
                     "lesson.toml.").format(language=language))


def diff(
    before: Annotated[Path, typer.Argument(help="A pack.")],
    after: Annotated[Path, typer.Argument(help="Another one.")],
    as_json: Json = False,
) -> None:
    """Say what differs between two lesson packs, cell by cell."""
    with opened(before) as one, opened(after) as other:
        found = lessonpack.differences(one, other)
    if as_json:
        print(json.dumps(found.as_json(), ensure_ascii=False, indent=1))
        return
    console = Console(highlight=False)
    if not found:
        typer.echo(_("They are the same."))
    sentences = {"added": _("The cell {cell} is new."), "removed": _("The cell {cell} is gone."),
                 "changed": _("The cell {cell} has changed."),
                 "moved": _("The cell {cell} stands elsewhere.")}
    for change in found.cells:
        console.print(escape(sentences[change.kind].format(cell=change.cell)))
        if change.diff:
            lines = change.diff.split("\n", 2)[2]  # without the two lines of file names
            console.print(Syntax(lines, "diff", background_color="default", word_wrap=True))
    if found.about:
        console.print(_("lesson.toml: {keys}").format(keys=", ".join(found.about)))
    for tag, cells in found.translations.items():
        console.print(_("Translation {language}: {cells}").format(
            language=tag, cells=", ".join(cells)))
    files = {"added": _("The file {file} is new."), "removed": _("The file {file} is gone."),
             "changed": _("The file {file} has changed.")}
    for file, kind in found.files.items():
        console.print(escape(files[kind].format(file=file)))


def export(
    pack: Pack,
    out: Annotated[Path | None, typer.Option(
        help="The .zip to write. [default: ID-VERSION.zip]")] = None,
    offline: Annotated[Path | None, typer.Option(
        help="Instead: a folder of pages that open from a USB stick, without a server.")] = None,
    language: Annotated[list[str] | None, typer.Option(
        help="With --offline: only this language; may be given more than once.")] = None,
) -> None:
    """Write a lesson pack as one file for other schools, or as pages for a USB stick."""
    if out and offline:
        raise UserError(_("Give --out or --offline, not both."), code="one-of-two")
    with opened(pack) as lesson:
        if offline is None:
            written = [lessonpack.export(lesson, out or Path(f"{lesson.id}-{lesson.version}.zip"))]
        else:
            written = _offline(lesson, offline, language or [])
    for file in written:
        typer.echo(_("Written: {file}").format(file=file))


def _offline(lesson: Lesson, folder: Path, languages: list[str]) -> list[Path]:
    from coteach.cli import _trial

    for tag in languages:
        if tag not in lesson.languages:
            raise UserError(_("The lesson is not there in {language}.").format(language=tag),
                            hint=_("It is there in: {names}.").format(
                                names=", ".join(lesson.languages)), code="no-language")
    return asyncio.run(_trial.offline(lesson, languages or list(lesson.languages), folder))


def import_(
    file: Annotated[Path, typer.Argument(help="The .zip, or the pack's folder.")],
    replace: Annotated[bool, typer.Option(
        "--replace", help="Put it in the place of another version; the old one is kept.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Take a lesson pack into a deployment, so that classes can open it."""
    if not file.exists():
        raise NotFound(_("There is no file {file}.").format(file=file), code="no-file")
    settings = settings_module.load(data)
    taken = lessonpack.take_in(file, settings, replace=replace)
    lesson = taken.lesson
    about: dict[str, Any] = {
        "id": lesson.id, "version": lesson.version, "folder": str(lesson.folder),
        "before": taken.before, "kept": str(taken.kept or ""), "same": taken.same}
    if as_json:
        print(json.dumps(about, ensure_ascii=False))
        return
    if taken.same:
        typer.echo(_("{lesson} {version} was there already.").format(
            lesson=lesson.id, version=lesson.version))
    else:
        typer.echo(_("{lesson} {version} can be opened for a class now.").format(
            lesson=lesson.id, version=lesson.version))
    if taken.kept:
        typer.echo(_("The version before, {version}, is kept in {folder}.").format(
            version=taken.before, folder=taken.kept))
