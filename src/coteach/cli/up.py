"""`coteach up`: the whole deployment in the foreground."""

from __future__ import annotations

import asyncio
import dataclasses
import ipaddress
import os
import signal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from coteach import settings as settings_module
from coteach.cli._data import Data
from coteach.cli._terminal import write_ready_file
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.ports import free_port
from coteach.settings import Settings

READY_SECONDS = 150.0
"""How long a slow machine may take until the first page answers."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(
    data: Data = None,
    port: Annotated[int | None, typer.Option(
        help="The port people use; 0: any free one. [default: 8000]", min=0, max=65535)] = None,
    bind: Annotated[str | None, typer.Option(
        help="The address to listen on; 0.0.0.0 is the whole network. [default: 127.0.0.1]",
    )] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Fill in the demo alliance.")] = False,
    demo_password: Annotated[str | None, typer.Option(
        help="One password for all demo people, instead of random ones.")] = None,
    ready_file: Annotated[Path | None, typer.Option(
        help="Written (JSON: url, pids, logins, class_code) when the first page answers.")] = None,
    tls_cert: Annotated[str | None, typer.Option(help="A certificate for https (PEM).")] = None,
    tls_key: Annotated[str | None, typer.Option(help="Its key (PEM).")] = None,
    tls: Annotated[str | None, typer.Option(
        help="[bold]self-signed[/bold]: make a certificate for the school's own network.")] = None,
    public_url: Annotated[str | None, typer.Option(
        help="The address people type, when another server stands in front.")] = None,
    turn: Annotated[bool, typer.Option(
        "--turn", help="Run a TURN server too (coturn), for networks that let no UDP through.",
    )] = False,
    trust_local: Annotated[bool, typer.Option(
        "--trust-local",
        help="Run notebooks without a sandbox. Only for your own code on your own machine.",
    )] = False,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)
    if port == 0:
        port = free_port(bind or "127.0.0.1")
    settings = settings_module.load(
        data, port=port, bind=bind, demo=demo or None, tls_cert=tls_cert, tls_key=tls_key,
        public_url=public_url, turn=turn or None, trust_local=trust_local or None)
    if tls not in (None, "self-signed"):
        raise UserError(_("--tls knows only self-signed, not {value}.").format(value=tls),
                        hint=_("For a certificate of your own use --tls-cert and --tls-key."))
    if demo_password is not None and not settings.demo:
        raise UserError(_("--demo-password is for the demo."), hint=_("Add --demo."))
    require_loopback_for_demo(settings)
    asyncio.run(run(settings, make_tls=tls is not None, demo_password=demo_password,
                    ready_file=ready_file))


def is_loopback(host: str) -> bool:
    """Say whether an address to listen on is reachable from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require_loopback_for_demo(settings: Settings) -> None:
    """Refuse a demo that others can reach: its passwords are printed for everybody to see.

    Raises
    ------
    UserError
        The demo (or a folder that holds one) would listen beyond this machine.
    """
    holds_demo = settings.layout.demo_file.exists()
    if (settings.demo or holds_demo) and not is_loopback(settings.bind):
        raise UserError(
            _("A demo is for this machine alone, because its passwords are printed; it can't "
              "listen on {host}.").format(host=settings.bind),
            hint=_("Leave --bind away, or start a real deployment in another folder without "
                   "--demo."), code="demo-beyond-loopback")


async def run(settings: Settings, *, make_tls: bool, demo_password: str | None,
              ready_file: Path | None) -> None:
    """Prepare, start, say so, wait for the signal, stop."""
    from coteach.cli import _status, _welcome
    from coteach.sandbox import ensure
    from coteach.supervisor import Supervisor, errorpages, folder, ports, tls, turn
    from coteach.supervisor.parts import parts

    folder.prepare(settings.layout)
    lock = folder.Lock(settings.layout)
    ended = lock.take()
    screen = _status.Screen(settings)
    if ended:
        screen.note(_("{n} processes of an earlier run were ended.").format(n=ended))
    try:
        ports.require_public_port(settings)
        if make_tls:
            host = urlsplit(settings.public_url).hostname if settings.public_url else None
            cert, key, authority = await asyncio.to_thread(
                tls.self_signed, settings.layout, (host,) if host else ())
            settings = dataclasses.replace(settings, tls_cert=str(cert), tls_key=str(key))
            screen.authority = authority
        tls.check_pair(settings.tls_cert, settings.tls_key)
        await asyncio.to_thread(ensure, settings.trust_local)
        if settings.turn:
            settings = turn.prepared(settings)
        settings = ports.assign(settings)
        screen.settings = settings
        screen.starting()
        welcome = await asyncio.to_thread(_welcome.prepare, settings, demo_password)
        pages = errorpages.write(settings.layout.run / "error-pages")
        supervisor = Supervisor(settings.layout, lock.run, screen.changed)
        stop = _on_signals()
        supervisor.start(parts(settings, lock.run, supervisor.client, pages))
        try:
            if await _first_page(supervisor, stop):
                screen.ready(welcome)
                await _until_stopped(supervisor, stop, ready_file, settings, welcome)
        finally:
            screen.stopping()
            await supervisor.stop()
            await asyncio.to_thread(_forget, ready_file)
    finally:
        lock.release()


def _on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _first_page(supervisor: Any, stop: asyncio.Event) -> bool:
    """Wait until everything answers; say whether that came before the signal to stop."""
    ready = asyncio.create_task(supervisor.wait_until_ready(READY_SECONDS))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({ready, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not ready.done():
        ready.cancel()
        return False
    ready.result()
    return True


async def _until_stopped(supervisor: Any, stop: asyncio.Event, ready_file: Path | None,
                         settings: Settings, welcome: dict[str, Any]) -> None:
    """Keep the ready file true (a part that came back has another process) until the signal."""
    written: dict[str, int] = {}
    while not stop.is_set():
        if ready_file is not None and supervisor.pids != written:
            written = supervisor.pids
            write_ready_file(ready_file, {
                "url": settings.url, "pids": {"supervisor": os.getpid(), **written},
                "logins": welcome.get("logins", {}), "class_code": welcome.get("class_code", "")})
        try:
            await asyncio.wait_for(stop.wait(), 0.5)
        except TimeoutError:
            continue


def _forget(ready_file: Path | None) -> None:
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)
