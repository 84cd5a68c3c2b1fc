"""The command line that runs a program in a sandbox.

The environment is the caller's: what is given to `Popen(env=…)` is what the program sees, and all
it sees. Nothing secret may stand in `argv`; every user of the machine can read command lines.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coteach.sandbox import view
from coteach.sandbox.model import Sandbox

LAUNCHER = Path(__file__).parent / "launcher"
NETWORK_FILES = (Path("/etc/resolv.conf"),)


def _accounts(sandbox: Sandbox) -> list[tuple[str, str]]:
    uid = 1000 if sandbox.uid is None else sandbox.uid
    return [
        ("/etc/passwd", f"root:x:0:0:root:/:/usr/sbin/nologin\n"
                        f"me:x:{uid}:{uid}:me:{sandbox.home_in}:/bin/bash\n"
                        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"),
        ("/etc/group", f"root:x:0:\ntty:x:5:\nme:x:{uid}:\nnogroup:x:65534:\n"),
        ("/etc/hostname", "coteach\n"),
    ]


def _binds(sandbox: Sandbox) -> list[tuple[str, str, bool]]:
    found = [*view.binds(), *sandbox.binds]
    rows = [(os.path.realpath(b.source), str(b.target), b.writable)
            for b in sorted(found, key=lambda bind: len(bind.target.parts))]
    if sandbox.network:
        rows += [(os.path.realpath(p), str(p), False) for p in NETWORK_FILES if p.exists()]
    return rows


def specification(sandbox: Sandbox, cwd: Path | None = None, *,
                  report: bool = False) -> dict[str, Any]:
    """Return what the launcher must know to build a sandbox, without a program."""
    return {
        "cwd": str(cwd or sandbox.home_in),
        "uid": sandbox.uid,
        "nested": sandbox.nested,
        "network": sandbox.network,
        "bind_ports": list(sandbox.bind_ports),
        "home": os.path.realpath(sandbox.home),
        "home_in": str(sandbox.home_in),
        "binds": _binds(sandbox),
        "links": view.links(),
        "files": _accounts(sandbox),
        "hidden": [str(p) for p in (*view.hidden(), *sandbox.hidden)],
        "tmp_mb": sandbox.tmp_mb,
        "shm_mb": max(16, sandbox.memory_mb // 8),
        "die_with_parent": sandbox.die_with_parent,
        "report": report,
        "limits": {name: getattr(sandbox, name) for name in (
            "memory_mb", "processes", "open_files", "file_mb", "cpu_seconds", "cpus",
            "cpu_weight")},
    }


def command(sandbox: Sandbox, argv: Sequence[str], cwd: Path | None = None, *,
            report: bool = False) -> list[str]:
    """Return the command line that runs `argv` in the sandbox.

    Parameters
    ----------
    sandbox
        Its walls and limits.
    argv
        The program and its arguments, with paths as they are inside.
    cwd
        The working folder inside; the home when not given.
    report
        Print one JSON line about the limits in force before the program starts.

    Notes
    -----
    The process started is the sandbox's supervisor: signals sent to it reach the program (SIGKILL
    ends everything at once), and its exit code is the program's (128 + n after signal n, 125 when
    the sandbox can't be built, with a line on stderr that begins with ``coteach-sandbox:``).
    """
    spec = {"argv": list(argv), **specification(sandbox, cwd, report=report)}
    # Not sys.executable: in a virtual environment it is a link, and -I -S need nothing of it.
    python = os.path.realpath(sys.executable)
    return [python, "-I", "-S", str(LAUNCHER), json.dumps(spec)]
