"""What a person's JupyterLab is told when it starts, and where it writes what it says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO
from urllib.parse import quote

from coteach.settings import Layout

LOG_BYTES = 4 << 20
SETTINGS = Path(__file__).parent / "labsettings"
"""Jupyter configuration of every Lab, and below it what differs by language."""

ARGUMENTS = (
    # It would run `npm` at each start to look for language servers that nobody has here.
    "--LanguageServerManager.autodetect=False",
    "--ServerApp.allow_root=False",
    "--ServerApp.terminals_enabled=True",
    # Kernels as files of the private /tmp: other Labs share the loopback.
    "--KernelManager.transport=ipc",
    # The environment is read-only inside, so installing could only fail.
    "--LabApp.extension_manager=readonly",
    # No calls to the outside that nobody asked for.
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)


def file_name(person: str, server: str = "") -> str:
    """Return a file name for a person's server: no path separators, one name for one person."""
    name = quote(person, safe="")
    return name if not server else f"{name}--{quote(server, safe='')}"


def config_path(language: str) -> str:
    """Return Jupyter's configuration folders for a person who reads a language.

    JupyterLab's own menus follow her language where there is a language pack; what she chooses in
    its settings wins.
    """
    own = SETTINGS / language
    return os.pathsep.join(str(p) for p in (own, SETTINGS) if p.is_dir())


class LabLog:
    """The log of one Lab; it keeps the present file and the one before.

    Parameters
    ----------
    layout
        The data folder's layout.
    name
        From `file_name`.
    """

    def __init__(self, layout: Layout, name: str) -> None:
        self.file = layout.logs / f"lab-{name}.log"
        self._start = 0

    def open(self) -> IO[bytes]:
        """Open it to append; what is written from now on is what `tail` shows."""
        if self.file.exists() and self.file.stat().st_size > LOG_BYTES:
            self.file.replace(self.file.with_suffix(".log.1"))
        handle = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._start = os.fstat(handle).st_size
        return os.fdopen(handle, "ab", buffering=0)

    def tail(self, lines: int = 6) -> str:
        """Return the last lines of this start."""
        try:
            with self.file.open("rb") as log:
                end = log.seek(0, os.SEEK_END)
                log.seek(max(self._start, end - 4000))
                text = log.read().decode(errors="replace")
        except OSError:
            return ""
        return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


def make_home(layout: Layout, name: str) -> Path:
    """Make a person's home, which nobody else may enter; return it."""
    home = layout.homes / name
    home.mkdir(mode=0o700, exist_ok=True)
    return home
