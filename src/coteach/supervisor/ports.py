"""Finding ports: the public one is the person's choice, the internal ones are nobody's business."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import socket
import tomllib
from collections.abc import Mapping

from coteach.errors import Conflict, UserError
from coteach.i18n import gettext as _
from coteach.ports import INTERNAL, free_port, internal_port, is_free
from coteach.settings import Settings

__all__ = ["INTERNAL", "assign", "free_port", "require_public_port"]

def assign(settings: Settings, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings with a free port for each internal service that has none set."""
    environ = os.environ if environ is None else environ
    named: set[str] = set()
    if settings.layout.settings_file.exists():
        with contextlib.suppress(tomllib.TOMLDecodeError):
            named = set(tomllib.loads(settings.layout.settings_file.read_text(encoding="utf-8")))
    chosen: dict[str, int] = {}
    for name in INTERNAL:
        if name not in named and f"COTEACH_{name.upper()}" not in environ:
            chosen[name] = internal_port(settings.bind_internal,
                                         taken={settings.port, *chosen.values()})
    # Firewalls are told about the media port, so it only moves when it is taken and not set.
    if ("media_port" not in named and "COTEACH_MEDIA_PORT" not in environ
            and not is_free("0.0.0.0", settings.media_port, socket.SOCK_DGRAM)):  # noqa: S104
        chosen["media_port"] = free_port("0.0.0.0", socket.SOCK_DGRAM)  # noqa: S104
    return dataclasses.replace(settings, **chosen)  # type: ignore[arg-type]


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
