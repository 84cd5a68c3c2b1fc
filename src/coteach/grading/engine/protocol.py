"""Frames on a line: a length, a JSON text, bytes that the text refers to. Parsed strictly.

Rule: every wait has an end, every length a bound, and what does not fit ends the line.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from typing import Any

HEAD = struct.Struct("!IIQ")
MAGIC = 0x43543101
MOST_BLOBS = 100_000
MOST_TEXT = 8 << 20
"""Bytes of a message's text: what it becomes in memory is many times that."""


class LineBroken(Exception):
    """The other end is gone, or what it said is no message."""


class LineTimeout(Exception):
    """The other end said nothing in time; the line is still whole if no byte had come."""


def pack(message: Any, blobs: list[bytes], most: int) -> bytes:
    """Return one frame.

    Raises
    ------
    ValueError
        It would be larger than `most` bytes.
    """
    message = [message, [len(blob) for blob in blobs]] if blobs else [message]
    text = json.dumps(message, separators=(",", ":")).encode("ascii")
    size = sum(map(len, blobs))
    if len(text) + size > most or len(text) > MOST_TEXT:
        raise ValueError(f"a message of {len(text) + size} bytes; {most} are allowed")
    return b"".join((HEAD.pack(MAGIC, len(text), size), text, *blobs))


def sizes(head: bytes, most: int) -> tuple[int, int]:
    """Return the lengths of the text and of the bytes that follow a head."""
    magic, text, size = HEAD.unpack(head)
    if magic != MAGIC or text + size > most or text > MOST_TEXT:
        raise LineBroken(f"no frame, or too large: {magic:x} {text} {size}")
    return text, size


def unpack(text: bytes, body: bytes) -> tuple[Any, list[bytes]]:
    """Return a message and its bytes."""
    try:
        found = json.loads(text)
        if not isinstance(found, list) or not 1 <= len(found) <= 2:
            raise ValueError("no message")
        lengths = found[1] if len(found) == 2 else []
        if not isinstance(lengths, list) or len(lengths) > MOST_BLOBS or not all(
                type(n) is int and n >= 0 for n in lengths) or sum(lengths) != len(body):
            raise ValueError("lengths that do not fit")
    except (ValueError, RecursionError) as error:
        raise LineBroken(f"what came is no message: {str(error)[:200]}") from None
    blobs, place = [], 0
    for length in lengths:
        blobs.append(body[place:place + length])
        place += length
    return found[0], blobs


class Line:
    """One end of a stream socket that carries frames.

    Parameters
    ----------
    most
        Bytes of one frame, in both directions.
    ahead
        Whether bytes of the next message may be read with those of one; not before a fork that
        must not have them.
    """

    def __init__(self, end: socket.socket, most: int, *, ahead: bool = True) -> None:
        self.socket, self.most, self._ahead = end, most, ahead
        self._came = bytearray()
        self._wanted: tuple[int, int] | None = None
        end.setblocking(False)
        self._poll = select.poll()
        self._poll.register(end, select.POLLIN)
        self._poll_out = select.poll()
        self._poll_out.register(end, select.POLLOUT)

    def send(self, message: Any, blobs: list[bytes] | None = None,
             until: float | None = None) -> None:
        """Send a frame.

        Raises
        ------
        ValueError
            It is too large; nothing was sent.
        LineBroken, LineTimeout
            It could not be sent whole; the line is of no use then.
        """
        frame = memoryview(pack(message, blobs or [], self.most))
        while frame:
            try:
                frame = frame[self.socket.send(frame):]
            except BlockingIOError:
                self._wait(self._poll_out, until)
            except OSError as error:
                raise LineBroken(str(error)) from None

    def receive(self, until: float | None = None) -> tuple[Any, list[bytes]]:
        """Return the next message; `until` is a time of `time.monotonic`.

        What came of a message is kept when the time is over.
        """
        while True:
            if self._wanted is None and len(self._came) >= HEAD.size:
                self._wanted = sizes(bytes(self._came[:HEAD.size]), self.most)
                del self._came[:HEAD.size]
            if self._wanted is not None and len(self._came) >= sum(self._wanted):
                text, size = self._wanted
                self._wanted = None
                whole = bytes(self._came[:text + size])
                del self._came[:text + size]
                return unpack(whole[:text], whole[text:])
            try:
                part = self.socket.recv(self._room())
            except BlockingIOError:
                self._wait(self._poll, until)
                continue
            except OSError as error:
                raise LineBroken(str(error)) from None
            if not part:
                raise LineBroken("the other end is gone")
            self._came += part

    def _room(self) -> int:
        """Return how many bytes to take: not more than this message has, if so wanted."""
        if self._ahead:
            return 1 << 18
        return (HEAD.size if self._wanted is None else sum(self._wanted)) - len(self._came)

    @staticmethod
    def _wait(poll: select.poll, until: float | None) -> None:
        if until is None:
            poll.poll()
            return
        left = until - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000 + 1):
            raise LineTimeout

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
