"""What `coteach doctor` says about how quickly Labs and class pages start, and how plots look."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from coteach import sandbox
from coteach.i18n import gettext as _
from coteach.settings import Settings

Said = tuple[str, str, str, str]
"""Name, state, sentence and way out of a finding."""

_CHINESE = ("Noto Sans CJK TC", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans TC",
            "Noto Serif CJK TC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
            "AR PL UMing TW", "Droid Sans Fallback")


def fork_server(settings: Settings) -> Iterator[Said]:
    """Can Labs and lessons be forked from a process that has imported everything?"""
    from coteach.forkserver import ForkFailed, ForkServer

    async def start(folder: Path) -> None:
        server = ForkServer("doctor", ("json",), folder, folder / "log")
        try:
            await server.start()
        finally:
            server.close()

    with tempfile.TemporaryDirectory(prefix="coteach-doctor-") as scratch:
        try:
            asyncio.run(start(Path(scratch)))
        except (ForkFailed, OSError) as error:
            yield ("forks", "warning",
                   _("Labs and class pages start slowly: their fork server does not run ({reason})."
                     ).format(reason=error), _("Everything works all the same."))
        else:
            yield ("forks", "ok", _("Labs and class pages are forked from running programs."), "")


def inner_walls(settings: Settings) -> Iterator[Said]:
    """Can the pupils of one lesson share what it has computed, each behind walls of her own?"""
    if not sandbox.probe().ok:
        return
    found = sandbox.inner_probe()
    if not found.ok:
        yield ("inner-walls", "warning",
               _("Every pupil's moving parts run the whole lesson again: sandboxes can't be nested "
                 "here ({reason}).").format(reason=found.reason),
               _("Use a newer Linux, or allow namespaces inside of namespaces."))
    else:
        yield ("inner-walls", "ok", _("Pupils of one lesson share what it has computed, each "
                                      "behind walls of her own."), "")


def fonts(settings: Settings) -> Iterator[Said]:
    """Do plots of lessons have letters for Chinese?"""
    from matplotlib import font_manager

    known = {entry.name for entry in font_manager.fontManager.ttflist}
    if known.intersection(_CHINESE):
        yield ("fonts", "ok", _("Plots of lessons can show Chinese letters."), "")
    else:
        yield ("fonts", "warning", _("Plots of lessons show boxes instead of Chinese letters."),
               _("Install a font such as fonts-noto-cjk."))
