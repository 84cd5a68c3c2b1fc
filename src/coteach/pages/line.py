"""The connection to one visitor's kernel; while it is open the kernel lives.

What comes through it is the sandbox's word: it is read for its end and for the word "ready" only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import struct
from pathlib import Path

READY_SECONDS = 30.0
_MOST = 4096


def _tell(there: asyncio.Future[None]) -> None:
    if not there.done():
        there.set_result(None)


class LineBroken(Exception):
    """The host or the kernel did not answer."""


class Line:
    """A kernel's life line, and where its sockets are.

    Parameters
    ----------
    sockets
        The host's folder of sockets, seen from here.
    inside
        The same, seen from inside the sandbox.
    """

    def __init__(self, sockets: Path, inside: Path) -> None:
        self._host = sockets / "fork"
        self.folder = sockets / secrets.token_hex(4)
        self.ip = str(self.folder / "k")
        self._ip_inside = str(inside / self.folder.name / "k")
        self.pid = 0
        """The kernel's process; its parent is the supervisor."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._socket: socket.socket | None = None

    async def open(self, request: dict[str, object]) -> None:
        """Ask for a kernel and wait until it is ready.

        Raises
        ------
        LineBroken
            There is none.
        """
        loop = asyncio.get_running_loop()
        line = self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.setblocking(False)
        # The system itself says which process has sent the word.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            async with asyncio.timeout(READY_SECONDS):
                await loop.sock_connect(line, str(self._host))
                await loop.sock_sendall(line, json.dumps({
                    **request, "ip": self._ip_inside}).encode() + b"\n")
                said = await self._first(line)
        except (OSError, TimeoutError) as error:
            self.close()
            raise LineBroken(str(error) or "no answer") from None
        except BaseException:  # who asked has gone: nobody would ever hang up
            self.close()
            raise
        if b'"ready"' not in said:
            self.close()
            raise LineBroken(said.decode(errors="replace")[:300] or "the kernel ended at once")
        loop.add_reader(line.fileno(), self._heard)

    async def _first(self, line: socket.socket) -> bytes:
        loop = asyncio.get_running_loop()
        while True:
            there: asyncio.Future[None] = loop.create_future()
            loop.add_reader(line.fileno(), _tell, there)
            try:
                await there
            finally:
                loop.remove_reader(line.fileno())
            with contextlib.suppress(BlockingIOError):
                said, more, _flags, _address = line.recvmsg(_MOST, socket.CMSG_SPACE(12))
                for level, kind, data in more:
                    if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                        self.pid = struct.unpack("=iII", data[:12])[0]
                return said

    def _heard(self) -> None:
        """Note the end; anything else that is said does not matter."""
        try:
            said = self._socket.recv(_MOST) if self._socket is not None else b""
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            self.close()

    def order(self, word: bytes) -> None:
        """Send ``K`` (end at once) or ``I`` (interrupt)."""
        with contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.send(word)

    def close(self) -> None:
        """Hang up; the kernel ends."""
        if self._socket is not None:
            with contextlib.suppress(OSError, ValueError):
                asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self.order(b"K")
            self._socket.close()
            self._socket = None
        if not self.ended.done():
            self.ended.set_result(None)

    def sweep(self) -> None:
        """Remove the kernel's sockets, whatever it made of its folder."""
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)
