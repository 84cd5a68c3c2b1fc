"""Asking a STUN server whether it is there: the health check of a part that speaks no HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import os

_BINDING = b"\x00\x01\x00\x00\x21\x12\xa4\x42"
"""The head of a binding request without attributes (RFC 8489); a transaction id follows."""
_ANSWERED = (0x0101, 0x0111)
"""Success, or a refusal: somebody who speaks STUN is there."""


async def answers(host: str, port: int, seconds: float) -> bool:
    """Say whether a STUN server answers at a TCP port within some seconds."""
    asked = os.urandom(12)
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(_BINDING + asked)
                head = await reader.readexactly(20)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    return int.from_bytes(head[:2]) in _ANSWERED and head[8:] == asked
