"""The private folder of one lesson host: what it reads, where it writes, its walls and limits."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

from coteach import sandbox
from coteach.sandbox import HOME, Bind, Lease, Sandbox
from coteach.settings import Settings

LESSON = Path("/home/lesson")
"""Where a folder that is too large to copy is shown, only to read."""
SOCKETS = Path("/run/s")
"""Where the sockets lie inside; not in /tmp, which each visitor has of her own."""
MOST_COPY, MOST_FILES = 200_000_000, 20_000
LEFT_OUT = frozenset((".git", ".ipynb_checkpoints", ".venv", "__pycache__", "node_modules"))
"""Folders that no lesson reads and that may be large."""
VISITOR = {"tmp_mb": 64, "processes": 48, "cpu_seconds": 600, "file_mb": 32}
"""Limits of one visitor's kernel, besides its memory."""
_SOCKET_PATH = 107 - len("/ct-k-12345678/s/12345678/k-5")


def _memory_here() -> int:
    """Return this machine's memory in MB."""
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) >> 20


def _size(folder: Path) -> int:
    """Return the size of a folder in bytes; too many files count as too large."""
    total = count = 0
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        count += len(names)
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
        if count > MOST_FILES:
            return MOST_COPY + 1
        if total > MOST_COPY:
            break
    return total


def _odd(folder: str, names: list[str]) -> set[str]:
    """Name what is not copied: a pipe or a device would block the copy or be a way out."""
    found = {name for name in names if name in LEFT_OUT}
    for name in names:
        with contextlib.suppress(OSError):
            mode = os.lstat(os.path.join(folder, name)).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
                found.add(name)
    return found


def _fonts(home: Path) -> None:
    """Give matplotlib its list of fonts, which takes a second to make."""
    cache = Path(os.environ.get("MPLCONFIGDIR") or Path.home() / ".cache" / "matplotlib")
    for file in sorted(cache.glob("fontlist-v*.json")) if cache.is_dir() else []:
        target = home / ".cache" / "matplotlib"
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target / file.name)


class Place:
    """Folders of one host. Make it in a thread: it copies the lesson's files.

    Parameters
    ----------
    folder
        The lesson's files; the host gets a copy of its own to work in.
    cells
        Its code cells, ``{"id", "source"}``.
    settings
        The deployment's settings.
    apart
        Whether a sandbox is possible here.
    """

    def __init__(self, folder: Path | None, cells: list[dict[str, str]], settings: Settings,
                 *, apart: bool) -> None:
        self._settings = settings
        self.apart = apart
        self._lease: Lease | None = None
        self._shown: Path | None = None
        if apart and sandbox.ensure().mode == "root":
            self._lease = sandbox.lease()
        base = tempfile.gettempdir()
        if len(base) > _SOCKET_PATH:
            base = "/tmp"  # noqa: S108  mkdtemp makes a private folder in it
        self.root = Path(tempfile.mkdtemp(prefix="ct-k-", dir=base))
        try:
            sandbox.claim(self.root)
            self.root.chmod(0o711)
            (self.root / "in").mkdir(mode=0o755)
            for name in ("home", "s", "out"):
                (self.root / name).mkdir(mode=0o700)
            (self.root / "in" / "lesson.json").write_text(
                json.dumps({"cells": cells}, ensure_ascii=False), encoding="utf-8")
            self._fill(folder)
            for name in ("home", "s", "out"):
                sandbox.give(self.root / name, self.uid)
        except BaseException:
            self.remove()
            raise

    @property
    def uid(self) -> int | None:
        """The user id inside, when coteach runs as root."""
        return None if self._lease is None else self._lease.uid

    @property
    def out(self) -> Path:
        """Where the host writes results; nothing in it is trusted."""
        return self.root / "out"

    @property
    def sockets(self) -> Path:
        """Where the host and its kernels have their sockets, seen from here."""
        return self.root / "s"

    @property
    def sockets_in(self) -> Path:
        """The same, seen from inside."""
        return SOCKETS if self.apart else self.sockets

    @property
    def log(self) -> Path:
        """What is written past Jupyter."""
        return self.root / "log"

    @property
    def cwd(self) -> Path:
        """The working folder as the lesson sees it."""
        if not self.apart:
            return self.root / "home" if self._shown is None else self._shown
        return HOME if self._shown is None else LESSON

    def _fill(self, folder: Path | None) -> None:
        home = self.root / "home"
        if folder is not None and folder.is_dir():
            if _size(folder) <= MOST_COPY:
                shutil.copytree(folder, home, symlinks=True, ignore=_odd, dirs_exist_ok=True)
                home.chmod(0o700)
            else:
                self._shown = folder.resolve()
        _fonts(home)

    def sandbox(self, *, alone: bool, kernels: int) -> Sandbox:
        """Return the walls: for one visitor alone, or for a host with this many kernels."""
        binds = [Bind(self.root / "in", self.root / "in"),
                 Bind(self.out, self.out, writable=True),
                 Bind(self.sockets, SOCKETS, writable=True)]
        if self._shown is not None:
            binds.append(Bind(self._shown, LESSON))
        own = self._settings.lesson_memory_mb
        if alone:
            memory, processes = own, VISITOR["processes"]
        else:
            memory = min(own * (2 + kernels), max(2 * own, _memory_here() // 2))
            processes = 64 + kernels * (VISITOR["processes"] + 2)
        return Sandbox(
            home=self.root / "home", binds=tuple(binds), uid=self.uid, nested=not alone,
            memory_mb=memory, processes=processes, open_files=4096, file_mb=VISITOR["file_mb"],
            cpu_seconds=3600, tmp_mb=max(16, own // 4),
            # A host's group is a whole class: with one person's share, a busy neighbour slows all.
            cpu_weight=50 if alone else 500)

    def limits(self) -> dict[str, int]:
        """Return a visitor's limits for the request that her kernel reads."""
        return {**VISITOR, "memory_mb": self._settings.lesson_memory_mb}

    def last_words(self) -> str:
        """Return the end of the log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 2000))
                return log.read().decode(errors="replace").strip()
        except OSError:
            return ""

    def spec(self, *, alone: bool, **more: Any) -> dict[str, Any]:
        """Return what `lessonhost.main` is told."""
        own = self._settings.lesson_memory_mb
        return {"lesson": str(self.root / "in" / "lesson.json"), "out": str(self.out),
                "socket": str(self.sockets_in / "fork"), "cwd": str(self.cwd),
                # Alone it has a visitor's memory, of which its own program takes some.
                "memory_mb": own * 3 // 4 if alone else 4 * own, "alone": alone, **more}

    def remove(self) -> None:
        """Remove everything; the host has ended."""
        shutil.rmtree(self.root, ignore_errors=True)
        if self._lease is not None:
            self._lease.close()
            self._lease = None
