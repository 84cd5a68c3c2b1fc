"""A line between a browser and a server: counts what passes, and can be slow, late and lossy.

Rule: it works on bytes of TCP connections, so pages, pictures and sockets share one line as they do
in a school, and nothing that a browser counts or leaves out changes the sum.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass

SEGMENT = 1400
_WAITING = 64
"""Segments that one connection keeps on the way: about what a small router holds."""


@dataclass(frozen=True)
class Quality:
    """How good a line is; the default is as good as loopback."""

    kbit: float = 0.0
    """In each direction, for all connections together; 0: without a limit."""
    delay: float = 0.0
    """Seconds there and back."""
    loss: float = 0.0
    """Part of the segments that come one round later, as after a repeat."""


SLOW = Quality(kbit=256, delay=0.4)
"""A village's line: 256 kbit/s, 400 ms."""


class Line:
    """A line to a port of loopback; `async with` opens and closes it.

    Parameters
    ----------
    target
        The server's port.
    quality
        May be changed at any time.
    """

    def __init__(self, target: int, quality: Quality | None = None) -> None:
        self.target = target
        self.quality = quality or Quality()
        self.down = 0
        """Bytes that the browser got."""
        self.up = 0
        self.cut = False
        """While set, nothing passes and new connections are refused."""
        self.port = 0
        self._free = {"down": 0.0, "up": 0.0}
        self._random = random.Random(4)  # noqa: S311  the same losses in every run
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Line:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, near: asyncio.StreamReader, browser: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        far: asyncio.StreamWriter | None = None
        try:
            if self.cut:
                return
            # The handshake of the browser with us cost nothing; on a line it is one round.
            await asyncio.sleep(self.quality.delay)
            reader, far = await asyncio.open_connection("127.0.0.1", self.target)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass("up", near, far))
                group.create_task(self._pass("down", reader, browser))
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            for writer in (browser, far):
                if writer is not None:
                    with contextlib.suppress(OSError, RuntimeError):
                        writer.close()

    async def _pass(self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
                    ) -> None:
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_WAITING)

        async def arrive() -> None:
            while True:
                due, data = await on_the_way.get()
                await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
                if not data:
                    if writer.can_write_eof():
                        writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()
                # A page that was not received is not counted.
                setattr(self, way, getattr(self, way) + len(data))

        arriving = asyncio.create_task(arrive())
        try:
            while data := await reader.read(SEGMENT if self.quality.kbit else 65536):
                while self.cut:  # noqa: ASYNC110  a line that is cut tells nobody when it is back
                    await asyncio.sleep(0.05)
                await on_the_way.put((self._due(way, len(data)), data))
            await on_the_way.put((0.0, b""))
            await arriving
        finally:
            arriving.cancel()

    def _due(self, way: str, size: int) -> float:
        now = asyncio.get_running_loop().time()
        if not self.quality.kbit:
            return now + self.quality.delay / 2
        begin = max(now, self._free[way])
        self._free[way] = begin + size * 8 / (self.quality.kbit * 1000)
        late = self.quality.delay if self._random.random() < self.quality.loss else 0.0
        return self._free[way] + self.quality.delay / 2 + late
