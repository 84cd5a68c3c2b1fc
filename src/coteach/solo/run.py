"""Serving until a signal: the port, a data folder for as long as it lasts, and no leftovers."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coteach import sandbox
from coteach import settings as settings_module
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.pages import serving
from coteach.settings import Settings
from coteach.solo.service import Solo, create_application
from coteach.solo.shelf import Look, Shelf

DEFAULT_PORT = 8866
"""Voila's own."""
MORE_PORTS = 50
SPARE_ALONE = 2
"""Kernels that are started ahead when nobody but this machine can open the page."""
END_SECONDS = 8.0
_IN_USE = (errno.EADDRINUSE, errno.EACCES)
"""Also a port that only an administrator may take."""


@dataclass(frozen=True)
class Wanted:
    """What `coteach page` was asked for."""

    path: Path
    ip: str = "127.0.0.1"
    port: int | None = None
    """None: the usual port, or a later one when it is in use."""
    base_url: str = "/"
    language: str = "en"
    show_sources: bool = False
    show_tracebacks: bool = False
    theme: str = ""
    trust_local: bool = False


@dataclass(frozen=True)
class Running:
    """What runs."""

    url: str
    solo: Solo


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def serve(wanted: Wanted, ready: Callable[[Running], None],
                told: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM.

    Parameters
    ----------
    ready
        Called when the first page answers.
    told
        Gets sentences for the author of the notebooks.

    Raises
    ------
    UserError
        There is nothing to show, no sandbox, or the port is in use.
    """
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    base = base_url(wanted.base_url)
    shelf = Shelf(wanted.path, Look(
        language=wanted.language, show_sources=wanted.show_sources,
        show_tracebacks=wanted.show_tracebacks, state_url=f"{base}api/state/"))
    await asyncio.to_thread(sandbox.ensure, wanted.trust_local)
    sandbox.sweep()
    sockets, port = listen(wanted.ip, wanted.port)
    folder = Path(tempfile.mkdtemp(prefix="ct-w-"))
    try:
        settings = _settings(folder, wanted)
        solo = Solo(settings, shelf, base, f"coteach_visitor_{port}", told, wanted.theme)
        server = serving.serve(create_application(solo))
        server.add_sockets(sockets)
        try:
            if shelf.single:
                solo.open(shelf.single)
            host = settings_module.in_url(settings_module.host_for(wanted.ip))
            ready(Running(f"http://{host}:{port}{base}", solo))
            await over.wait()
        finally:
            server.stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_SECONDS):
                    await solo.close()
    finally:
        for one in sockets:
            one.close()
        shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path, wanted: Wanted) -> Settings:
    """Make a deployment in a folder that goes with this process, also when it is killed."""
    alone = is_loopback(wanted.ip) and "COTEACH_SPARE_KERNELS" not in os.environ
    sandbox.claim(folder)
    folder.chmod(0o711)
    settings = settings_module.load(folder / "data", trust_local=wanted.trust_local or None,
                                    spare_kernels=SPARE_ALONE if alone else None)
    settings.layout.create()
    return settings


def base_url(text: str) -> str:
    """Return an address's path with slashes at both ends.

    Raises
    ------
    UserError
        It is none.
    """
    made = "/" + text.strip("/") + "/" if text.strip("/") else "/"
    if any(letter in made for letter in "?#\\ \"'<>") or ".." in made:
        raise UserError(_("{text!r} is no path of an address.").format(text=text),
                        hint=_("Write for example /pages/."), code="bad-base-url")
    return made


def listen(ip: str, port: int | None) -> tuple[list[socket.socket], int]:
    """Return sockets that listen, and their port.

    Raises
    ------
    UserError
        The port is in use, or the address is none of this machine's.
    """
    tries = [port] if port is not None else [*range(DEFAULT_PORT, DEFAULT_PORT + MORE_PORTS)]
    for one in tries:
        try:
            found = _bind(ip, one)
        except OSError as error:
            if one != tries[-1] and error.errno in _IN_USE:
                continue
            if error.errno in _IN_USE:
                raise UserError(_("Port {port} is in use.").format(port=one),
                                hint=_("Choose another one with --port."), status=500,
                                code="port-in-use") from None
            raise UserError(_("Nothing can listen at {ip}: {reason}.").format(
                ip=ip, reason=error.strerror or error),
                hint=_("Choose an address of this machine with --ip."),
                code="bad-ip") from None
        return [found], found.getsockname()[1]
    raise AssertionError("there is always a first port")


def _bind(ip: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.set_inheritable(False)
        made.setblocking(False)
        made.bind((ip, port))
        made.listen(512)
    except BaseException:
        made.close()
        raise
    return made
