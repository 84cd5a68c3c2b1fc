"""`coteach live`: the live server alone, with one room for an encoder and its players."""

from __future__ import annotations

import logging
import os
import re
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from coteach import ports, settings
from coteach.cli._terminal import log_here, say, write_ready_file
from coteach.errors import UserError
from coteach.i18n import gettext as _

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,79}", re.ASCII)
LIFETIME = 7 * 86400
"""Seconds that the token is good for."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("live")(live)


def live(
    port: Annotated[int | None, typer.Option(
        help="The port for WHIP and WHEP. [default: 8012, or another one that is free]",
        min=1, max=65535)] = None,
    room: Annotated[str, typer.Option(help="The room's name.")] = "live",
    ready_file: Annotated[Path | None, typer.Option(
        help="Written (JSON: pid, whip, whep, token) when the server answers.")] = None,
    ip: Annotated[str, typer.Option(
        help="The address to listen on. [default: 127.0.0.1, this machine only]")] = "127.0.0.1",
    media_port: Annotated[int, typer.Option(
        help="The UDP port for pictures and sound; 0 takes a free one.", min=0, max=65535)] = 0,
    media_host: Annotated[str, typer.Option(
        help="The address people reach that port at, behind a router.")] = "",
    data: Annotated[Path | None, typer.Option(
        help="Where it keeps what it must know. [default: a folder that is removed at the end]",
    )] = None,
) -> None:
    """Relay one publisher (OBS, FFmpeg, GStreamer, a browser) to many viewers as it is."""
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)
    if not NAME.fullmatch(room):
        raise UserError(_("{room!r} can't be the name of a room.").format(room=room),
                        hint=_("Use letters, digits and hyphens."), code="bad-room")
    if port is not None and not ports.is_free(ip, port):
        raise UserError(_("The port {port} can't be used.").format(port=port),
                        hint=_("Choose another one with --port."), status=500,
                        code="port-in-use")
    with tempfile.TemporaryDirectory(prefix="coteach-live-") as scratch:
        chosen = settings.load(
            data or scratch, bind=ip, bind_internal=ip, media_port=media_port,
            media_host=media_host or None, live_port=port or _free(ip))
        _serve(chosen, room, ready_file)


def _free(ip: str) -> int:
    usual = settings.Settings.live_port
    return usual if ports.is_free(ip, usual) else ports.free_port(ip)


def _serve(chosen: settings.Settings, room: str, ready_file: Path | None) -> None:
    # Only now: it loads the whole media machine.
    from coteach.live.serve import serve
    from coteach.store import Database
    from coteach.tokens import TokenSigner

    log_here(logging.WARNING)
    chosen.layout.create()
    database = Database.of(chosen)
    database.migrate()
    token = TokenSigner(settings.secrets_of(chosen).get("live"), "live").mint(
        {"room": room, "person": "live", "name": room, "shared": True}, lifetime=LIFETIME)
    url = f"http://{settings.host_for(chosen.bind)}:{chosen.live_port}/live/{room}"

    def ready() -> None:
        if ready_file is not None:
            write_ready_file(ready_file, {"pid": os.getpid(), "whip": f"{url}/whip",
                                          "whep": f"{url}/whep", "token": token})
        say(_("Publish to {url}").format(url=f"{url}/whip"))
        say(_("Watch at {url}").format(url=f"{url}/whep"))
        say(_("Bearer token for both: {token}").format(token=token))
        say(_("Stop with Ctrl-C."))

    try:
        if not serve(chosen, database, ready):
            raise UserError(_("The live server could not start."), status=500, code="no-start")
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)
