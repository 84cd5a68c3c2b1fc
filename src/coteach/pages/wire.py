"""Is a frame from a browser a Jupyter message? Asked before anything allocates what it claims.

Jupyter's own readers believe the counts in a frame: eight bytes then hold up the whole service
(`jupyter_server.services.kernels.connection.base`). So counts and offsets are held against the
frame's length here, in both binary formats, and a text frame must be an object with a header.
"""

from __future__ import annotations

import json
import struct
from itertools import pairwise
from typing import Any

V1 = "v1.kernel.websocket.jupyter.org"
MOST_PARTS = 64
"""Channel, four dictionaries and buffers: widgets send one or two."""
MOST_HEADER = 10_000


def is_message(frame: str | bytes, subprotocol: str | None) -> bool:
    """Say whether a frame can be read as a message of this subprotocol."""
    try:
        if subprotocol == V1:
            return isinstance(frame, bytes) and _v1(frame)
        if isinstance(frame, bytes):
            return _binary(frame)
        return _described(json.loads(frame))
    except (ValueError, RecursionError):
        return False


def _cuts(offsets: tuple[int, ...], first: int, length: int) -> bool:
    """Say whether offsets cut a frame of this length into parts, in order, after its table."""
    return offsets[0] == first and all(a <= b for a, b in pairwise((*offsets, length)))


def _v1(frame: bytes) -> bool:
    """Return as `is_message`: a count, that many 64-bit offsets, then the parts."""
    if len(frame) < 8:
        return False
    (count,) = struct.unpack("<Q", frame[:8])
    if not 6 <= count <= MOST_PARTS or len(frame) < 8 * (count + 1):
        return False
    offsets = struct.unpack(f"<{count}Q", frame[8:8 * (count + 1)])
    if not _cuts(offsets, 8 * (count + 1), len(frame)):
        return False
    frame[offsets[0]:offsets[1]].decode("ascii")
    header = frame[offsets[1]:offsets[2]]
    return len(header) <= MOST_HEADER and _header(json.loads(header))


def _binary(frame: bytes) -> bool:
    """Return as `is_message`: a count and that many 32-bit offsets; the first part is JSON."""
    if len(frame) < 4:
        return False
    (count,) = struct.unpack("!I", frame[:4])
    if not 1 <= count <= MOST_PARTS or len(frame) < 4 * (count + 1):
        return False
    offsets = struct.unpack(f"!{count}I", frame[4:4 * (count + 1)])
    if not _cuts(offsets, 4 * (count + 1), len(frame)):
        return False
    end = offsets[1] if count > 1 else len(frame)
    return _described(json.loads(frame[offsets[0]:end]))


def _described(message: Any) -> bool:
    return (isinstance(message, dict) and _header(message.get("header"))
            and isinstance(message.get("parent_header", {}), dict)
            and isinstance(message.get("channel", ""), (str, type(None))))


def _header(header: Any) -> bool:
    return isinstance(header, dict) and isinstance(header.get("msg_type"), str)
