"""Finding ports: the public one is the person's choice, the internal ones are nobody's business."""

from __future__ import annotations

import dataclasses
import errno
import os
import socket
import tomllib
from collections.abc import Callable, Mapping

from coteach.errors import Conflict, UserError
from coteach.i18n import gettext as _
from coteach.ports import INTERNAL, free_port, hold, internal_port, is_free
from coteach.settings import Settings

__all__ = ["INTERNAL", "assign", "free_port", "is_set", "require_public_port"]

_TRIES = 50


def is_set(name: str, settings: Settings, environ: Mapping[str, str] | None = None) -> bool:
    """Say whether a port was chosen by a person, in the settings file or the environment."""
    environ = os.environ if environ is None else environ
    if f"COTEACH_{name.upper()}" in environ:
        return True
    try:
        return name in tomllib.loads(settings.layout.settings_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, tomllib.TOMLDecodeError):
        return False


def assign(settings: Settings, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings with a free port for each internal service that has none set.

    Other deployments leave them alone from now on (`coteach.ports.hold`).

    Raises
    ------
    Conflict
        The media port was chosen by a person, and another program has it.
    """
    chosen: dict[str, int] = {}
    for name in INTERNAL:
        if not is_set(name, settings, environ):
            chosen[name] = _held(
                lambda taken: internal_port(settings.bind_internal, taken=taken),
                {settings.port, *chosen.values()})
    # Firewalls are told about the media port, so it only moves when it is taken and not set.
    if not _is_ours(settings.media_port):
        if is_set("media_port", settings, environ):
            raise Conflict(
                _("The UDP port {port} at {address} can't be used: {error}.").format(
                    port=settings.media_port, address=settings.bind or "0.0.0.0",  # noqa: S104
                    error=os.strerror(errno.EADDRINUSE)),
                hint=_("Stop the other program or set media_port to another port."),
                code="port-in-use")
        chosen["media_port"] = _held(
            lambda taken: free_port("0.0.0.0", socket.SOCK_DGRAM, taken),  # noqa: S104
            set(), socket.SOCK_DGRAM)
    return dataclasses.replace(settings, **chosen)  # type: ignore[arg-type]


def _is_ours(media_port: int) -> bool:
    return media_port == 0 or (
        is_free("0.0.0.0", media_port, socket.SOCK_DGRAM)  # noqa: S104
        and hold(media_port, socket.SOCK_DGRAM))


def _held(choose: Callable[[set[int]], int], taken: set[int],
          kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a free port that no other deployment is about to take."""
    taken = set(taken)
    for _try in range(_TRIES):
        port = choose(taken)
        if hold(port, kind):
            return port
        taken.add(port)
    return choose(set())  # somebody holds them all: take what is free now


def require_public_port(settings: Settings) -> None:
    """Do nothing if people's port can be listened on.

    Raises
    ------
    Conflict
        Another program has it, or it needs rights that this user does not have.
    UserError
        The address to listen on is not one of this machine.
    """
    host = settings.bind or "0.0.0.0"  # noqa: S104
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, settings.port))
            probe.listen(1)
            if settings.port and not hold(settings.port, host=host):
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        except PermissionError:
            raise Conflict(
                _("Port {port} is reserved for the administrator of this machine.").format(
                    port=settings.port),
                hint=_("Choose one above 1023, for example --port 8000."),
                code="port-reserved") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Conflict(
                    _("Port {port} is in use by another program.").format(port=settings.port),
                    hint=_("Stop that program, or choose another port with --port {other}.").format(
                        other=settings.port + 1 if settings.port < 65535 else 8000),
                    code="port-in-use") from None
            raise UserError(
                _("{host} is not an address of this machine.").format(host=host),
                hint=_("Use --bind 127.0.0.1 for this machine alone, or --bind 0.0.0.0 for the "
                       "whole network."), code="bad-bind") from None
