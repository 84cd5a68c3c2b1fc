"""Programs in a sandbox, started by root and by an ordinary user.

Every test runs twice where the tests run as root: with a sandbox started by root (own user id) and
with one started by an ordinary user (user namespace).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coteach import sandbox

ORDINARY, PERSON, OTHER = 12345, 200_901, 200_902
MODES = ["root", "user"] if os.geteuid() == 0 else ["user"]

DRIVER = """
import json, os, sys
from pathlib import Path
from coteach.sandbox import Bind, Sandbox, command
spec = json.loads(sys.argv[1])
argv, env, box = spec.pop("argv"), spec.pop("env"), spec
box["binds"] = tuple(Bind(Path(s), Path(t), w) for s, t, w in box.get("binds", ()))
box["hidden"] = tuple(map(Path, box.get("hidden", ())))
line = command(Sandbox(**{**box, "home": Path(box["home"])}), argv)
os.execve(line[0], line, env)
"""


class Box:
    """Runs programs in a sandbox as root or as an ordinary user would start it."""

    def __init__(self, mode: str, folder: Path) -> None:
        self.mode = mode
        self.folder = folder
        self.uid = PERSON if mode == "root" else None
        self.owner = PERSON if mode == "root" else (ORDINARY if os.geteuid() == 0 else os.geteuid())
        self.home = self.make("homes/own", self.owner)
        self.other = self.make("homes/other", OTHER if mode == "root" else self.owner)
        (self.other / "diary").write_text("secret of another")
        os.chmod(self.other / "diary", 0o600)
        os.chown(self.other / "diary", self.other.stat().st_uid, self.other.stat().st_gid)

    def make(self, name: str, owner: int) -> Path:
        path = self.folder / name
        path.mkdir(parents=True, mode=0o700)
        path.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(path, owner, owner)
        return path

    def line(self, argv: list[str], env: dict[str, str] | None = None, **box) -> list[str]:
        spec = {"home": str(self.home), "uid": self.uid, "argv": argv, **box,
                "env": {"HOME": "/home/me", "PATH": sandbox.search_path(), **(env or {})}}
        become = (["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
                  if self.mode == "user" and os.geteuid() == 0 else [])
        return [*become, sys.executable, "-c", DRIVER, json.dumps(spec)]

    def run(self, argv: list[str], timeout: float = 60, **box) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.line(argv, **box), capture_output=True, text=True, cwd="/",
                              timeout=timeout, stdin=subprocess.DEVNULL)

    def sh(self, script: str, **box) -> str:
        done = self.run(["/bin/bash", "-c", script], **box)
        assert "coteach-sandbox: can't" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def python(self, code: str, **box) -> str:
        done = self.run([sys.executable, "-c", code], **box)
        assert "coteach-sandbox: can't" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def start(self, argv: list[str], **box) -> subprocess.Popen[str]:
        return subprocess.Popen(self.line(argv, **box), stdout=subprocess.PIPE, text=True, cwd="/",
                                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)


@contextmanager
def fresh_box(mode: str) -> Iterator[Box]:
    """Give a box of its own."""
    folder = Path(tempfile.mkdtemp(prefix="ct-test-"))
    folder.chmod(0o711)
    yield Box(mode, folder)
    shutil.rmtree(folder)


def processes_with(mark: str) -> list[int]:
    """Return the processes of the whole machine whose command line holds a mark."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if mark.encode() in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def gone(mark: str, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while processes_with(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
