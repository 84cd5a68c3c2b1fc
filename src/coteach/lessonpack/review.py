"""What a lesson pack's author should know before others get it: structure, languages, weight.

Rule: a finding is a sentence for a teacher, with a way out; ``failed`` is what pupils would see
broken, ``warning`` what some of them will miss. Nothing is run here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from coteach.errors import UserError
from coteach.i18n import LANGUAGES, ngettext
from coteach.i18n import gettext as _
from coteach.lessonpack import weight as weighing
from coteach.lessonpack.lesson import Lesson

MOST_KB = 600
"""A page's own files: 20 seconds on a line of 256 kbit/s."""
LINE_KB = 32
"""Kilobytes a second of that line."""


@dataclass(frozen=True)
class Finding:
    """What one look at a pack found."""

    name: str
    state: str
    """``ok``, ``warning`` or ``failed``."""
    sentence: str
    way_out: str = ""
    cell: str = ""
    language: str = ""


def review(lesson: Lesson) -> list[Finding]:
    """Return what there is to say about a pack that could be read."""
    return [found for look in (_structure, _licence, _translations, _assets, _weight, _offline)
            for found in look(lesson)]


def _structure(lesson: Lesson) -> Iterator[Finding]:
    yield Finding("structure", "ok", _("{lesson} {version} is complete: {languages}.").format(
        lesson=lesson.id, version=lesson.version,
        languages=", ".join(LANGUAGES.get(tag, tag) for tag in lesson.languages)))


def _licence(lesson: Lesson) -> Iterator[Finding]:
    if "-ND-" in lesson.licence:
        yield Finding("licence", "warning", _(
            "The licence {licence} lets nobody translate or adapt the lesson.").format(
                licence=lesson.licence), _("Choose one that does, such as CC-BY-4.0."))
    elif lesson.licence.startswith("LicenseRef-"):
        yield Finding("licence", "warning", _(
            "The licence {licence} is one of your own; other schools can't know what it "
            "allows.").format(licence=lesson.licence),
            _("Choose one that is known, such as CC-BY-4.0."))
    else:
        yield Finding("licence", "ok", _("The licence is {licence}.").format(
            licence=lesson.licence))


def _translations(lesson: Lesson) -> Iterator[Finding]:
    for tag in lesson.languages[1:]:
        name = LANGUAGES.get(tag, tag)
        try:
            states = lesson.untranslated_in(tag)
        except UserError as error:
            yield Finding("translation", "failed", str(error), language=tag)
            continue
        for cell, state in states.items():
            sentence = _("{language}: the cell {cell} has changed since it was translated.") if (
                state == "stale") else _("{language}: the cell {cell} is not translated.")
            yield Finding("translation", "warning",
                          sentence.format(language=name, cell=cell),
                          _("Run coteach lesson translate and fill it in."), cell, tag)
        if not states:
            yield Finding("translation", "ok", _("{language}: everything is translated.").format(
                language=name), language=tag)


def _assets(lesson: Lesson) -> Iterator[Finding]:
    found = weighing.assets(lesson)
    for cell, name in found.missing:
        yield Finding("assets", "failed", _("The file assets/{name} is not in the pack.").format(
            name=name), _("Put it there, or correct its name in the cell {cell}.").format(
                cell=cell) if cell else "", cell)
    if found.unused:
        yield Finding("assets", "warning", ngettext(
            "{n} file in assets is not used: {names}.", "{n} files in assets are not used: "
            "{names}.", len(found.unused)).format(
                n=len(found.unused), names=", ".join(found.unused[:5])),
            _("Delete what nobody needs."))


def _weight(lesson: Lesson) -> Iterator[Finding]:
    found = weighing.weight(lesson)
    total = round(found.loaded / 1000)
    sentence = _("A page loads up to {kb} kB of its own ({seconds} s on a line of 256 kbit/s)."
                 ).format(kb=total, seconds=max(1, round(total / LINE_KB)))
    if total > MOST_KB and found.largest:
        yield Finding("weight", "warning", sentence, _(
            "Make the largest files smaller: {files}.").format(files=", ".join(
                _("{name} ({kb} kB)").format(name=name, kb=round(size / 1000))
                for name, size in found.largest)))
    else:
        yield Finding("weight", "ok", sentence)


def _offline(lesson: Lesson) -> Iterator[Finding]:
    found = weighing.outside(lesson)
    for thing in found:
        if thing.kind == "picture":
            yield Finding("offline", "failed", _(
                "The cell {cell} shows {address}, which pages do not load from the network."
                ).format(cell=thing.cell, address=thing.address),
                _("Put the file into the folder assets."), thing.cell)
        else:
            yield Finding("offline", "warning", _(
                "The cell {cell} names {address}; lessons run without a network.").format(
                    cell=thing.cell, address=thing.address),
                _("Put what it needs into the folder assets."), thing.cell)
    away = [r.url for r in lesson.resources if r.url.startswith("https://")]
    if away:
        yield Finding("offline", "warning", ngettext(
            "{n} partner's resource needs a line: {urls}.",
            "{n} partners' resources need a line: {urls}.", len(away)).format(
                n=len(away), urls=", ".join(away[:3])))
    if not found and not away:
        yield Finding("offline", "ok", _("It works without a line."))
