"""One UDP port for all peers.

Each peer's ICE connection (aioice) believes it has sockets of its own; datagrams find their peer
by the ICE user name of a signed STUN request and from then on by their address. What comes from
anybody else is dropped before another line of code sees it, empty datagrams first: on aiortc 1.16
one of them ends a session.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import time
from collections.abc import Callable
from typing import Any

import aioice.ice
import structlog
from aioice import stun
from aioice.candidate import Candidate, candidate_foundation, candidate_priority

from coteach import ports
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.settings import EVERY_ADDRESS

log = structlog.get_logger()

BUFFER = 4 << 20
Address = tuple[str, int]


def local_addresses(bind: str) -> list[str]:
    """Return the addresses of this machine to take media at, for a `bind` setting."""
    if bind in EVERY_ADDRESS:
        found = [a for a in aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=False)]
        return [*found, "127.0.0.1"]
    if bind == "localhost":
        return ["127.0.0.1"]
    return [bind]


def resolve(host: str) -> str:
    """Return the IP address that a `media_host` setting means.

    Raises
    ------
    UserError
        The name has none.
    """
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.gethostbyname(host)
    except OSError:
        raise UserError(_("The setting media_host names {host}, which has no address.").format(
            host=host), hint=_("Set it to the address people reach this machine at."),
            code="bad-setting") from None


def _bound(address: str, port: int) -> socket.socket:
    """Return a UDP socket with room for bursts."""
    raw = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        raw.setblocking(False)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        raw.bind((address, port))
    except OSError:
        raw.close()
        raise
    return raw


class _Transport:
    """What one ICE connection sees as its own datagram transport."""

    def __init__(self, port: _Socket, protocol: aioice.ice.StunProtocol) -> None:
        self._port = port
        self._protocol = protocol
        self._closed = False

    def sendto(self, data: bytes, addr: Address) -> None:
        if not self._closed:
            self._port.send(data, addr)

    @property
    def send(self) -> Callable[[bytes, Address], None]:
        """`sendto` without this object between; for those who know when it is closed."""
        return self._port.send

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._port.public if name == "sockname" else default

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._port.forget(self._protocol)
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)


class _Socket(asyncio.DatagramProtocol):
    """One bound address; knows which peer a datagram is for."""

    transport: asyncio.DatagramTransport

    def __init__(self, public_host: str, raw: socket.socket) -> None:
        self._public_host, self._raw = public_host, raw
        self._by_name: dict[str, aioice.ice.StunProtocol] = {}
        self._by_address: dict[Address, aioice.ice.StunProtocol] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.public: Address = (self._public_host, self._raw.getsockname()[1])

    def send(self, data: bytes, addr: Address) -> None:
        """Send a datagram; what the network does not take now waits, what it refuses is lost."""
        try:
            # Not through the transport, which costs half as much again.
            self._raw.sendto(data, addr)
        except BlockingIOError:
            self.transport.sendto(data, addr)
        except OSError:
            pass

    def join(self, connection: aioice.ice.Connection, component: int) -> aioice.ice.StunProtocol:
        """Give an ICE connection its share of this socket."""
        protocol = aioice.ice.StunProtocol(connection)
        protocol.connection_made(_Transport(self, protocol))  # type: ignore[arg-type]
        host, port = self.public
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", host), component=component,
            transport="udp", priority=candidate_priority(component, "host"), host=host, port=port,
            type="host")
        self._by_name[connection.local_username] = protocol
        return protocol

    def forget(self, protocol: aioice.ice.StunProtocol) -> None:
        """Take back what `join` gave."""
        self._by_name = {k: v for k, v in self._by_name.items() if v is not protocol}
        self._by_address = {k: v for k, v in self._by_address.items() if v is not protocol}

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if not data:
            return
        address = (addr[0], addr[1])
        protocol = self._by_address.get(address)
        if data[0] < 4:
            self._stun(data, address, protocol)
        elif protocol is not None:
            protocol.receiver.heard = time.monotonic()  # type: ignore[attr-defined]
            protocol.receiver.data_received(data, 1)

    def _stun(self, data: bytes, address: Address,
              known: aioice.ice.StunProtocol | None) -> None:
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        if message.message_class == stun.Class.REQUEST:
            name = str(message.attributes.get("USERNAME", "")).partition(":")[0]
            protocol = self._by_name.get(name)
            if protocol is None or "MESSAGE-INTEGRITY" not in message.attributes or (
                    not message.check_message_integrity(
                        protocol.receiver.local_password.encode())):
                return
            # Every signed request maps anew: a peer that comes back from another network, or
            # another peer at an address used before, is found at once.
            self._by_address[address] = protocol
        else:
            waiting = (p for p in self._by_name.values()
                       if message.transaction_id in p.transactions)
            protocol = known if known and message.transaction_id in known.transactions else next(
                waiting, None)
            if protocol is None:
                return
        protocol.receiver.heard = time.monotonic()  # type: ignore[attr-defined]
        protocol.datagram_received(data, address)


class MediaPort:
    """The live server's UDP port, at each address people may reach it.

    Parameters
    ----------
    bind
        The `bind` setting: loopback in a demo, every address of the machine for ``0.0.0.0``.
    host
        The `media_host` setting: the address to tell people instead, for a server behind NAT.
    port
        The port; 0 takes a free one.
    may_move
        Whether another port will do when this one is taken: peers are told it in every answer.
    """

    def __init__(self, bind: str, host: str, port: int, *, may_move: bool = False) -> None:
        self._bind, self._host, self.port = bind, host, port
        self._may_move = may_move
        self._sockets: list[_Socket] = []

    async def open(self) -> None:
        """Bind.

        Raises
        ------
        UserError
            The port is taken or the address is not of this machine.
        """
        local = local_addresses(self._bind)
        pairs = [(address, address) for address in local]
        if self._host and self._host not in local:
            pairs = [("0.0.0.0", resolve(self._host))]  # noqa: S104
        loop = asyncio.get_running_loop()
        for address, public in pairs:
            try:
                raw = _bound(address, self.port)
                _transport, port = await loop.create_datagram_endpoint(
                    lambda public=public, raw=raw: _Socket(public, raw),  # type: ignore[misc]
                    sock=raw)
            except OSError as error:
                self.close()
                if self._may_move and error.errno == errno.EADDRINUSE:
                    self._may_move = False
                    taken, self.port = self.port, ports.free_port("0.0.0.0", socket.SOCK_DGRAM)  # noqa: S104
                    log.warning("the media port is taken", port=taken, instead=self.port)
                    await self.open()
                    return
                raise UserError(
                    _("The UDP port {port} at {address} can't be used: {error}.").format(
                        port=self.port, address=address, error=error.strerror or error),
                    hint=_("Stop the other program or set media_port to another port."),
                    code="port-in-use") from None
            self._sockets.append(port)
            self.port = port.public[1]

    @property
    def peers(self) -> int:
        """How many ICE connections use the port now."""
        return len({id(p.receiver) for s in self._sockets for p in s._by_name.values()})

    def attach(self, connection: aioice.ice.Connection) -> None:
        """Let an ICE connection use this port instead of sockets of its own."""
        connection.heard = time.monotonic()  # type: ignore[attr-defined]

        async def candidates(component: int, *_ignored: Any, **_more: Any) -> list[Candidate]:
            protocols = [port.join(connection, component) for port in self._sockets]
            connection._protocols += protocols
            return [protocol.local_candidate for protocol in protocols]

        connection.get_component_candidates = candidates  # type: ignore[method-assign]

    def close(self) -> None:
        """Give the port back."""
        for port in self._sockets:
            port.transport.close()
        self._sockets.clear()
