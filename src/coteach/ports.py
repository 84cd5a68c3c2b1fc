"""Ports of this machine: which to take for what, and whose process listens on one.

Rule: people's code shares the loopback with coteach's own services, so what they listen on must not
be there for the taking while one of them is away. The services get ports for which the machine asks
for administrator's rights, or at least ports that no program is given by chance; a sandbox may open
only the latter and its own (`coteach.sandbox.Sandbox.bind_ports`).
"""

from __future__ import annotations

import errno
import ipaddress
import os
import random
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from coteach.errors import UserError
from coteach.i18n import gettext as _

INTERNAL = ("hub_port", "proxy_api_port", "portal_port", "classroom_port", "live_port")
"""The settings that name TCP ports of coteach's own services."""

RESERVED = range(600, 1024)
"""Ports for which an ordinary user has no rights, where nothing else changed that."""

ORDINARY = range(20000, 32000)

MEDIA_MOVES = "COTEACH_MEDIA_PORT_MAY_MOVE"
"""Set to 1 in a part's environment when nobody chose the media port: another one will do."""

_holds: dict[str, socket.socket] = {}

# What a machine may want later though nobody listens now; /etc/services names more of them.
_WELL_KNOWN = frozenset((
    604, 623, 625, 631, 635, 636, 639, 646, 647, 648, 654, 660, 664, 666, 674, 691, 694, 695, 698,
    700, 749, 750, 751, 752, 753, 754, 760, 782, 783, 829, 847, 848, 853, 860, 861, 862, 871, 873,
    888, 897, 898, 901, 902, 903, 953, *range(981, 1024)))

_LISTENING = "0A"


def _numbers(name: str) -> list[int]:
    try:
        return [int(n) for n in Path(f"/proc/sys/net/ipv4/{name}").read_text("ascii").split()]
    except (OSError, ValueError):
        return []


def by_chance() -> range:
    """Return the ports that the machine hands to whoever asks for any."""
    first, last = (*_numbers("ip_local_port_range"), 32768, 60999)[:2]
    return range(first, last + 1)


def may_reserve() -> bool:
    """Say whether we may listen below 1024 and programs of ordinary users may not."""
    start = (*_numbers("ip_unprivileged_port_start"), 0)[0]
    return os.geteuid() == 0 and start >= RESERVED.stop


def ordinary() -> list[int]:
    """Return the ports for services of ordinary users: none that is given by chance."""
    chance = by_chance()
    return ([port for port in ORDINARY if port not in chance]
            or [port for port in range(1024, 65536) if port not in chance] or list(ORDINARY))


def _is_named(port: int) -> bool:
    try:
        socket.getservbyport(port, "tcp")
    except OSError:
        return port in _WELL_KNOWN
    return True


def is_free(host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Say whether a port can be listened on now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            # As servers do: a port whose last connections are still closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def hold(port: int, kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "") -> bool:
    """Let no other deployment on this machine choose a port, for as long as this process lives.

    Between choosing a port and the part that listens on it lie seconds, in which it looks free to
    another deployment that starts. The port itself stays untouched: what is taken is a name in the
    machine's list of abstract sockets, which goes by itself when its holder does.

    Returns
    -------
    bool
        Whether it is ours now; another deployment may hold it.
    """
    if sys.platform != "linux":
        return True
    name = f"coteach/{'tcp' if kind is socket.SOCK_STREAM else 'udp'}/{host}/{port}"
    if name in _holds:
        return True
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        mark.bind(f"\0{name}")
    except OSError as error:
        mark.close()
        return error.errno != errno.EADDRINUSE
    _holds[name] = mark
    return True


def free_port(host: str, kind: socket.SocketKind = socket.SOCK_STREAM,
              taken: frozenset[int] | set[int] = frozenset()) -> int:
    """Return a port nobody listens on.

    Raises
    ------
    UserError
        Hundreds of ports were tried in vain.
    """
    some = ordinary()
    for port in random.sample(some, min(500, len(some))):
        if port not in taken and is_free(host, port, kind):
            return port
    raise UserError(_("No free port was found on {host}.").format(host=host),
                    hint=_("Close other programs and try again."), code="no-port")


def internal_port(host: str, taken: frozenset[int] | set[int] = frozenset()) -> int:
    """Return a free port for one of coteach's own services, out of people's reach where possible.

    Raises
    ------
    UserError
        Hundreds of ports were tried in vain.
    """
    if may_reserve():
        for port in random.sample(RESERVED, len(RESERVED)):
            if port not in taken and not _is_named(port) and is_free(host, port):
                return port
    return free_port(host, taken=taken)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    raw = bytes.fromhex(text)
    if sys.byteorder == "little":
        raw = b"".join(raw[at:at + 4][::-1] for at in range(0, len(raw), 4))
    address = ipaddress.ip_address(raw)
    return getattr(address, "ipv4_mapped", None) or address


def _listeners(host: str, port: int) -> set[str] | None:
    """Return the sockets that answer at an address, as `/proc` names them; None if unknown."""
    try:
        wanted = ipaddress.ip_address(host)
        lines = [line.split() for name in ("tcp", "tcp6") if os.path.exists(f"/proc/net/{name}")
                 for line in Path(f"/proc/net/{name}").read_text("ascii").splitlines()[1:]]
    except (OSError, ValueError):
        return None
    found = set()
    for line in lines:
        text, _colon, number = line[1].rpartition(":")
        if line[3] == _LISTENING and int(number, 16) == port:
            address = _address(text)
            if address == wanted or address.is_unspecified:
                found.add(f"socket:[{line[9]}]")
    return found if lines else None


def listens(host: str, port: int, processes: Iterable[int]) -> bool:
    """Say whether it is one of these processes that listens there.

    Where the machine doesn't show who does, the answer is yes.
    """
    sockets = _listeners(host, port)
    if not sockets:
        return sockets is None
    unknown = False
    for pid in processes:
        try:
            with os.scandir(f"/proc/{pid}/fd") as files:
                for file in files:
                    try:
                        if os.readlink(file.path) in sockets:
                            return True
                    except FileNotFoundError:
                        continue
        except PermissionError:
            unknown = True
        except OSError:
            continue
    return unknown


def session_of(leader: int) -> Iterator[int]:
    """Yield a process that leads a session, then the others of it; none that has its own."""
    yield leader
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != leader:
            try:
                if os.getsid(int(entry)) == leader:
                    yield int(entry)
            except OSError:
                continue


def descendants(pid: int) -> Iterator[int]:
    """Yield a process and all that it started."""
    found = [pid]
    for process in found:
        yield process
        try:
            for task in os.listdir(f"/proc/{process}/task"):
                file = Path(f"/proc/{process}/task/{task}/children")
                found.extend(int(child) for child in file.read_text("ascii").split())
        except OSError:
            continue
