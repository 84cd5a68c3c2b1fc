"""Can this machine keep people's code apart? A real trial says so, not a guess."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.sandbox.commandline import command
from coteach.sandbox.model import Sandbox
from coteach.sandbox.uids import LAST_LEASE, give

_TRIAL = """
import json, os, socket
def writes(path):
    try:
        open(path, "x").close()
    except OSError:
        return False
    return True
print(json.dumps({
    "others": sorted(p for p in os.listdir("/proc") if p.isdigit() and int(p) > 2),
    "shadow": os.path.exists("/etc/shadow"), "usr": writes("/usr/coteach-trial"),
    "home": writes(os.path.expanduser("~/trial")), "root": os.listdir("/"),
    "net": sorted(name for _n, name in socket.if_nameindex()),
}))
"""


_INNER_TRIAL = """
import json, os, socket, sys
from coteach.sandbox.walls import inner_walls
here, there = socket.socketpair()
if os.fork() == 0:
    here.close()
    walls = inner_walls(there.fileno(), keep=(there.fileno(),))
    alone = [p for p in os.listdir("/proc") if p.isdigit()] == ["1"]
    found = {"home": walls.home, "reason": walls.reason, "alone": alone}
    there.sendall((json.dumps(found) + "\\n").encode())
    os._exit(0)
there.close()
print(here.makefile().readline().strip())
"""


@dataclass(frozen=True)
class Probe:
    """What the trial found.

    Parameters
    ----------
    ok
        Whether people's code can run apart here.
    mode
        ``root`` (own user ids), ``user`` (user namespaces) or ``none``.
    reason
        Why not, one sentence and what to do, translated; empty when ok.
    limits
        What holds memory, processes and processor time: ``group`` (control group), ``watch``
        (summed and stopped by the sandbox's own process), ``process`` (each by itself) or
        ``none``. And what holds the ports that a sandbox with a network may listen on: ``rules``
        (of the kernel) or ``none``.
    """

    ok: bool
    mode: str
    reason: str = ""
    limits: dict[str, str] = field(default_factory=dict)


def _trial(uid: int | None) -> tuple[dict[str, str] | None, str]:
    """Return the limits in force, or None and what was wrong."""
    home = Path(tempfile.mkdtemp(prefix="ct-probe-"))
    try:
        give(home, uid)
        box = Sandbox(home=home, uid=uid, memory_mb=256)
        done = subprocess.run(
            command(box, [sys.executable, "-I", "-S", "-c", _TRIAL], report=True),
            env={"HOME": str(box.home_in)}, capture_output=True, text=True, timeout=30, check=False,
            stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            return None, lines[-1].removeprefix("coteach-sandbox: ")
        first, second = done.stdout.splitlines()
        seen = json.loads(second)
        wrong = [name for name, bad in (
            ("processes", bool(seen["others"])), ("accounts", seen["shadow"]),
            ("system", seen["usr"]), ("home", not seen["home"]), ("network", seen["net"] != ["lo"]),
            ("files", not {"old", "root"}.isdisjoint(seen["root"])),
        ) if bad]
        if wrong:
            return None, "not kept apart: " + ", ".join(wrong)
        report = json.loads(first)
        controls = report["controls"]
        return {"memory": "group" if "memory" in controls else "watch",
                "processes": "group" if "pids" in controls else "process",
                "cpu": "group" if "cpu" in controls else "none",
                "ports": "rules" if report["ports"] else "none"}, ""
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return None, str(error)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True)
class Inner:
    """Whether visitors of one lesson can share its sandbox behind walls of their own.

    Parameters
    ----------
    ok
        Whether they can; otherwise each gets a sandbox, and executes the lesson herself.
    home
        How each has a home of her own: see `coteach.sandbox.walls.Walls`.
    reason
        Why not, or why the home is no overlay, in the words of the machine.
    """

    ok: bool
    home: str = "none"
    reason: str = ""


@cache
def inner_probe() -> Inner:
    """Try the inner walls, once for this process."""
    found = probe()
    if not found.ok:
        return Inner(False, reason=found.reason)
    uid = LAST_LEASE + 2 if found.mode == "root" else None
    home = Path(tempfile.mkdtemp(prefix="ct-probe-"))
    try:
        give(home, uid)
        box = Sandbox(home=home, uid=uid, memory_mb=512, nested=True)
        done = subprocess.run(
            command(box, [sys.executable, "-c", _INNER_TRIAL]), env={"HOME": str(box.home_in)},
            capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)
        said = json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr.strip()}
        if said.get("error") or not said["alone"]:
            return Inner(False, reason=said.get("error", "processes of others are seen"))
        return Inner(True, said["home"], said["reason"])
    except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        return Inner(False, reason=str(error))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _advice(error: str) -> str:
    if "user namespace" in error or "unshare" in error or "mount" in error:
        return _("In a container, allow it to make namespaces (Docker: --privileged). On Ubuntu, "
                 "set kernel.apparmor_restrict_unprivileged_userns to 0. Or start coteach as root.")
    return _("Run `coteach doctor` for details.")


@cache
def probe() -> Probe:
    """Try a sandbox, once for this process."""
    if sys.platform != "linux":
        return Probe(False, "none", _("Sandboxes need Linux."))
    tries: list[tuple[str, int | None]] = [("user", None)]
    if os.geteuid() == 0:
        # Real root in a user namespace would still be root for the limits: own ids or nothing,
        # unless this root is itself only root of a container.
        whole = Path("/proc/self/uid_map").read_text(encoding="ascii").split()[-1] == "4294967295"
        tries = [("root", LAST_LEASE + 1), *([] if whole else tries)]
    error = ""
    for mode, uid in tries:
        limits, found = _trial(uid)
        if limits is not None:
            return Probe(True, mode, "", limits)
        error = error or found
    return Probe(False, "none", _("This machine does not let coteach make a sandbox ({error}). "
                                  "{advice}").format(error=error, advice=_advice(error)))


def ensure(trust_local: bool = False) -> Probe:
    """Return the probe if people's code may run: apart, or because `trust_local` says so.

    Raises
    ------
    UserError
        It can't run apart and nobody said that it may run without.
    """
    found = probe()
    if not found.ok and not trust_local:
        raise UserError(
            _("People's code can't be run safely here."),
            hint=found.reason + " " + _("If all code here is your own, set trust_local."),
            status=503, code="no-sandbox")
    return found
