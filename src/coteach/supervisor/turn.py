"""The TURN server of a deployment: Debian's coturn with a configuration that is written here.

Rule: it is a way into the rooms and nowhere else. Whoever has a pass for a room gets a password for
a few hours (`coteach.live.turn`), and with it reaches the addresses of the media port alone, by UDP
alone, whatever else there is on this machine or in its network.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import pwd
import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

from coteach import ports
from coteach.errors import Conflict, UserError
from coteach.i18n import gettext as _
from coteach.settings import Settings, in_url, secrets_of
from coteach.supervisor.mark import VARIABLE
from coteach.supervisor.service import Service

PROGRAM = "turnserver"
USER = "turnserver"
"""Debian's user for it: started as root it becomes that one."""
OF_ONE, OF_ALL = 64, 2000
"""Ways through at the same time, of one person and of everybody. A browser asks for one a
connection and transport, also when it does not use it in the end."""
MOST_BYTES = 1_000_000
"""Bytes a second through one of them: more than a shared screen in good quality."""


def program() -> str:
    """Return coturn's program.

    Raises
    ------
    UserError
        It is not installed.
    """
    found = shutil.which(PROGRAM)
    if found is None:
        raise UserError(_("The TURN server coturn is not installed."),
                        hint=_("Install it (sudo apt-get install coturn), or start without "
                               "--turn."), code="no-turnserver")
    return found


def prepared(settings: Settings) -> Settings:
    """Return the settings with the addresses that people are told.

    Raises
    ------
    UserError
        The program is missing, or one of its ports can't be used.
    """
    program()
    wanted = [("turn_port", socket.SOCK_STREAM), ("turn_port", socket.SOCK_DGRAM)]
    if settings.tls_cert:
        wanted.append(("turn_tls_port", socket.SOCK_STREAM))
    for name, kind in wanted:
        port = getattr(settings, name)
        others = {settings.port} if kind is socket.SOCK_STREAM else {settings.media_port}
        if port in others or not all(
                ports.is_free(address, port, kind) for address in _addresses(settings)) or (
                not ports.hold(port, kind)):
            raise Conflict(
                _("The port {port} can't be used for TURN.").format(port=port),
                hint=_("Stop the other program or set {name} to another port.").format(name=name),
                code="port-in-use")
    return settings if settings.turn_urls else dataclasses.replace(
        settings, turn_urls=",".join(urls(settings)))


def urls(settings: Settings) -> list[str]:
    """Return what people are told: UDP, then TCP, then TLS for networks that let only that out."""
    named = urlsplit(settings.public_url).hostname if settings.public_url else None
    # Browsers compare the host with the certificate, which is for the name that people type.
    host = (named if settings.tls_cert else None) or (
        settings.media_host or named or _media(settings)[0])
    host = in_url(host)
    found = [f"turn:{host}:{settings.turn_port}?transport={kind}" for kind in ("udp", "tcp")]
    if settings.tls_cert:
        found.append(f"turns:{host}:{settings.turn_tls_port}?transport=tcp")
    return found


def _addresses(settings: Settings) -> list[str]:
    """Return the addresses of this machine to listen at."""
    # Not at the top: most deployments have no TURN server, and what this needs takes a while.
    from coteach.live.udp import local_addresses

    return local_addresses(settings.bind)


def _media(settings: Settings) -> list[str]:
    """Return the addresses of this machine that media reach the rooms at."""
    found = _addresses(settings)
    return [a for a in found if not ipaddress.ip_address(a).is_loopback] or found


def configuration(settings: Settings) -> str:
    """Return the text of coturn's configuration file."""
    media = _media(settings)
    inside = media[0]
    lines = [
        # Who may use it: passwords made of the secret and a time.
        "use-auth-secret",
        f"static-auth-secret={settings.turn_secret or secrets_of(settings).text('turn')}",
        "realm=coteach", "stale-nonce=600",
        # Where it listens.
        f"listening-port={settings.turn_port}",
        *(f"listening-ip={address}" for address in _addresses(settings)),
        f"relay-ip={inside}",
        # Where it leads: the media port's addresses. What is allowed wins over what is denied.
        "denied-peer-ip=0.0.0.0-255.255.255.255",
        "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        *(f"allowed-peer-ip={address}" for address in media),
        "no-multicast-peers", "no-tcp-relay",
        # How much.
        f"user-quota={OF_ONE}", f"total-quota={OF_ALL}", f"max-bps={MOST_BYTES}",
        # Nothing that rooms do not need.
        "no-cli", "no-dtls", "no-rfc5780", "no-stun-backward-compatibility",
        "response-origin-only-with-rfc5780", "no-software-attribute",
        "no-dynamic-ip-list", "no-dynamic-realms", "no-auth-pings",
        "log-file=stdout", "simple-log",
        f"pidfile={settings.layout.run / 'turnserver.pid'}",
        # Without a database that it can open it refuses everybody, also those of the secret.
        "userdb=:memory:",
    ]
    if ipaddress.ip_address(inside).is_loopback:
        lines.append("allow-loopback-peers")
    if settings.media_host and settings.media_host not in _addresses(settings):
        from coteach.live.udp import resolve

        # Peers are told the address outside; coturn reaches it here, whatever the router does.
        outside = resolve(settings.media_host)
        lines += [f"external-ip={outside}/{inside}", f"allowed-peer-ip={outside}"]
    if settings.tls_cert:
        lines += [f"tls-listening-port={settings.turn_tls_port}", "no-tlsv1", "no-tlsv1_1",
                  f"cert={Path(settings.tls_cert).absolute()}",
                  f"pkey={Path(settings.tls_key).absolute()}"]
    else:
        lines.append("no-tls")
    if os.geteuid() == 0 and _is_user(USER):
        lines += [f"proc-user={USER}", f"proc-group={USER}"]
    return "\n".join(lines) + "\n"


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def service(settings: Settings, run: str) -> Service:
    """Return the TURN server; its configuration is written now.

    The secret is in a file that only the owner reads: everybody may read a command line. It gets
    none of the others' settings either.
    """
    file = settings.layout.run / "turnserver.conf"
    file.unlink(missing_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(configuration(settings))
    host = in_url(_addresses(settings)[0])
    return Service(
        "turn", [program(), "-c", str(file)],
        {"PATH": os.defpath, VARIABLE: run}, health=f"stun://{host}:{settings.turn_port}",
        folder=settings.layout.run)
