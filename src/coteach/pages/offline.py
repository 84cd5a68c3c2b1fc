"""A lesson as a folder of pages for a USB stick: text, pictures and questions without a server.

Rule: everything is relative and plain. A browser that opens a file loads no modules and asks no
server, so the script is a classic one, and widgets are shown as they were when the lesson was
executed. Answers stay on the device until the pupil saves them as a file, which her teacher takes
in (`classroom.imports`).
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from coteach_widgets import pages
from markupsafe import Markup

from coteach import lessonpack, ui
from coteach.errors import UserError
from coteach.i18n import LANGUAGES
from coteach.i18n import gettext as _
from coteach.i18n import language as use_language
from coteach.lessonpack import Lesson
from coteach.pages import runtime
from coteach.pages.files import STATIC
from coteach.pages.host import Host
from coteach.pages.page import Page
from coteach.pages.renderer import Rendered, Renderer, data_script, template_words, voice_html
from coteach.pages.starting import Starter
from coteach.settings import Settings

SHARED = "shared"
_WIDGET = '<div class="ct-widget" data-model-id='
_SECTION = re.compile(r"<section\b.*?</section>", re.S)
_CONTROL = re.compile(
    r"<(input|select|textarea|button)\b(?=[^>]*(?:data-ct-model=|jupyter-button))")
_STARTER = re.compile(r"<button\b[^>]*\bct-start\b[^>]*>.*?</button>", re.S)
_FOREIGN = re.compile(r"""url\((?!["']?data:)[^)]*\)""")


async def export(lesson: Lesson, languages: Sequence[str], target: Path, settings: Settings,
                 cards: Sequence[Mapping[str, str]] = ()) -> list[Path]:
    """Write a lesson as a folder that opens in a browser without a server.

    Parameters
    ----------
    lesson
        The pack.
    languages
        BCP 47 tags; each gets a page of its own.
    target
        The folder to make; it must not be there yet, or be empty.
    settings
        Where and with which limits the lesson is executed.
    cards
        Name cards to choose from, ``{"id", "nickname"}``; without any a pupil types her nickname.

    Returns
    -------
    list of Path
        The pages; the first one is where to begin.

    Raises
    ------
    UserError
        The folder is in use, or the lesson can't be executed.
    """
    await asyncio.to_thread(_begin, target)
    starter = Starter(settings)
    renderer = Renderer(lambda _digest, name: f"../{SHARED}/pictures/{name}")
    written = []
    try:
        for language in languages:
            rendered = await _rendered(lesson, language, settings, starter, renderer)
            written.append(await asyncio.to_thread(
                _write, lesson, language, languages, target, rendered, cards))
    finally:
        renderer.close()
        starter.close()
    await asyncio.to_thread(_write_shared, lesson, target)
    return [await asyncio.to_thread(_write_door, lesson, languages, target), *written]


def _begin(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(_("The folder {folder} is not empty.").format(folder=target),
                        hint=_("Choose a new folder."), code="not-empty")
    target.mkdir(parents=True, exist_ok=True)


async def _rendered(lesson: Lesson, language: str, settings: Settings, starter: Starter,
                    renderer: Renderer) -> Rendered:
    page = Page(
        notebook=lesson.notebook_in(language), folder=lesson.folder, language=language,
        title=lesson.title_in(language), source_language=lesson.languages[0], name=lesson.id,
        env={"COTEACH_LESSON": lesson.id})
    host = Host(page, settings, starter)
    try:
        executed = await host.ready
    finally:
        await host.end()
    with use_language(language):
        return await renderer.render(page, executed)


def _write(lesson: Lesson, language: str, languages: Sequence[str], target: Path,
           rendered: Rendered, cards: Sequence[Mapping[str, str]]) -> Path:
    pictures = target / SHARED / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, content in rendered.files.items():
        (pictures / name).write_bytes(content)
    with use_language(language):
        texts = {
            "assets": f"../{SHARED}/assets/", "header": _header(language, languages, cards),
            "head": Markup('<link rel="stylesheet" href="../{}/coteach.css">').format(SHARED),
            "note": Markup("<noscript><p class='ct-notice'>{}</p></noscript>").format(
                _("You can read everything here. Answering needs JavaScript.")),
            "footer": _footer(), "data": data_script(_data(lesson, language, cards)),
            "scripts": Markup('<script src="../{}/coteach.js" defer></script>').format(SHARED),
            **_voices(lesson, language)}
        html = _SECTION.sub(lambda found: _still(found.group(0)), rendered.fill(texts))
    file = target / language / "index.html"
    file.parent.mkdir()
    file.write_text(html, encoding="utf-8")
    return file


def _still(section: str) -> str:
    """Return a section in which widgets are plainly pictures; a question among them is none."""
    if _WIDGET not in section:
        return section
    sentence = Markup('<p class="ct-notice">{}</p>').format(
        _("This is a picture of a part that moves on the class page only. "
          "You see how it begins."))
    at = section.index(_WIDGET)
    section = _CONTROL.sub(r"<\1 disabled", _STARTER.sub("", section))
    return f"{section[:at]}{sentence}{section[at:]}".replace(
        _WIDGET, '<div class="ct-widget ct-pictured" data-model-id=')


def _header(language: str, languages: Sequence[str], cards: Sequence[Mapping[str, str]]) -> Markup:
    links = Markup('<nav aria-label="{}">{}</nav>').format(_("Language"), Markup(" ").join(
        Markup('<a href="../{}/index.html" lang="{}" hreflang="{}"{}>{}</a>').format(
            tag, tag, tag, Markup(' aria-current="true"') if tag == language else "",
            LANGUAGES.get(tag, tag)) for tag in languages))
    choose = Markup('<select id="ct-card"><option value="">{}</option>{}</select>').format(
        _("Choose your name card"), Markup("").join(
            Markup('<option value="{}">{}</option>').format(card["id"], card["nickname"])
            for card in cards))
    field = (choose if cards else Markup(
        '<input type="text" id="ct-card" maxlength="24" autocomplete="off">'))
    asked = _("Which name card is yours?") if cards else _("What is your nickname?")
    return Markup(
        '<a class="skip" href="#ct-main">{skip}</a><header class="ct-offline">{links}'
        '<form id="ct-who" hidden><label for="ct-card">{asked}</label> {field} '
        '<button type="submit">{go}</button>'
        '<p class="ct-problem" role="alert" hidden>{first}</p></form></header>'
        '<div class="ct-offline ct-me" id="ct-me" hidden><strong></strong>'
        '<button type="button" class="ct-save" aria-describedby="ct-save-note">{save}</button>'
        '<button type="button" id="ct-other">{other}</button>'
        '<p class="ct-saved" id="ct-save-note" role="status"></p></div>').format(
            save=_("Save my answers"),
            skip=_("Go to the content"), asked=asked, field=field,
            links=links if len(languages) > 1 else "", go=_("Begin"), other=_("Not you?"),
            first=_("Say first who you are; then you can answer."))


def _footer() -> Markup:
    return Markup(
        '<section class="ct-offline ct-hand" id="ct-hand" hidden><h2>{title}</h2><p>{words}</p>'
        '<p><button type="button" class="ct-save">{save}</button></p>'
        '<p class="ct-saved" role="status"></p></section>').format(
            title=_("Your answers for your teacher"),
            words=_("Your answers are on this device. Save them as a file and give the file to "
                    "your teacher."), save=_("Save my answers as a file"))


def _data(lesson: Lesson, language: str, cards: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {"offline": True, "lesson": lesson.id, "version": lesson.version, "language": language,
            "title": lesson.title_in(language), "phrases": pages.phrases(language, "offline_page"),
            "cards": {card["id"]: card["nickname"] for card in cards}}


def _voices(lesson: Lesson, language: str) -> dict[str, str]:
    words = template_words()
    return {f"voice:{cell}": voice_html({
        "url": f"../{SHARED}/assets/{voice.path}", "language": voice.language,
        "note": "" if voice.language == language else LANGUAGES.get(
            voice.language, voice.language)}, words)
        for cell, voice in lessonpack.voices(lesson, [language]).items()}


def _write_shared(lesson: Lesson, target: Path) -> None:
    folder = target / SHARED
    if lesson.assets.is_dir():
        shutil.copytree(lesson.assets, folder / "assets", dirs_exist_ok=True)
    (folder / "coteach.js").write_text(pages.page_script("offline_page"), encoding="utf-8")
    widgets = runtime.FOLDER / str(runtime.manifest()["css"])
    sheets = [ui.STATIC / "tokens.css", ui.STATIC / "base.css", widgets, STATIC / "page.css"]
    css = "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
    # Pictures of style sheets are not copied: an address that leads nowhere is worse than none.
    (folder / "coteach.css").write_text(
        _FOREIGN.sub("none", css) + pages.page_style("offline_page"), encoding="utf-8")


def _write_door(lesson: Lesson, languages: Sequence[str], target: Path) -> Path:
    """Write the page where one begins: in the lesson's own language, with each of its others."""
    first = languages[0]
    links = Markup("").join(_door_link(lesson, tag) for tag in languages)
    title = lesson.title_in(first)
    with use_language(first):
        asked = _("In which language do you want to read?") if len(languages) > 1 else _("Begin")
    html = Markup(
        '<!doctype html><html lang="{}"><head><meta charset="utf-8"><title>{}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="{}/coteach.css"></head>'
        '<body class="ct-classpage"><main class="ct-lesson ct-door"><h1>{}</h1>{}'
        '<h2>{}</h2><ul>{}</ul></main></body></html>').format(
            first, title, SHARED, title, Markup("<p>{}</p>").format(summary)
            if (summary := lesson.summary_in(first)) else "", asked, links)
    file = target / "index.html"
    file.write_text(html, encoding="utf-8")
    return file


def _door_link(lesson: Lesson, tag: str) -> Markup:
    title = lesson.title_in(tag)
    # Who reads another language finds hers by its own name.
    return Markup('<li><a href="{}/index.html" lang="{}" hreflang="{}"><strong>{}</strong>'
                  '<span>{}</span></a></li>').format(
        tag, tag, tag, LANGUAGES.get(tag, tag), title)
