"""Letting coteach record people who agree, over the room's own events socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import websockets

from coteach.errors import UserError


@asynccontextmanager
async def recording(rooms: Sequence[tuple[str, str]]) -> AsyncIterator[None]:
    """Record these rooms while the block runs.

    Parameters
    ----------
    rooms
        The events URL of each, and its owner's pass.
    """
    async with AsyncExitStack() as stack:
        for url, token in rooms:
            socket = await stack.enter_async_context(websockets.connect(url))
            await socket.send(json.dumps({"type": "hello", "token": token, "consent": True}))
            await socket.send(json.dumps({"type": "record"}))
            while True:
                said = json.loads(await socket.recv())
                if said["type"] == "error":
                    raise UserError(said["message"], status=500, code="bench-no-recording")
                if said["type"] == "state" and said["recording"]:
                    break
        yield
