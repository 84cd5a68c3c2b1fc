"""A page's connection to its kernel, for a kernel that answers from the moment it is there.

jupyter_server asks each kernel four times who it is before a page may speak to it, on sockets
made for that, and hears all it publishes twice. Here a kernel says that it is ready itself, what it
publishes is subscribed to once for its whole life, and a socket that a page never uses is not made.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import weakref
from typing import Any

from jupyter_server._tz import utcnow
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

MOST_ERRORS = 10
MOST_TRACE = 6000
MOST_NAME = 80
HEARD_WITHIN = 2.0
"""Seconds that a kernel has to welcome us; one that welcomes nobody is subscribed to by then."""


class Published:
    """What one kernel publishes, for the pages that are connected to it.

    Parameters
    ----------
    kernel
        jupyter_server's manager of the kernel; its state is noted.
    tracked
        Says whether a message of this type is the page's work.
    """

    def __init__(self, kernel: Any, tracked: Any) -> None:
        self._kernel, self._tracked = kernel, tracked
        self.pages: weakref.WeakSet[VisitorConnection] = weakref.WeakSet()
        self.errors: dict[str, str] = {}
        """The newest errors of callbacks: the name of each, and where it stopped."""
        self.tracebacks = False
        """Whether its pages may see where an error stopped."""
        self._subscribed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stream = kernel.connect_iopub()
        self.stream.channel = "iopub"
        self.stream.on_recv(self._heard)

    async def subscribed(self) -> None:
        """Return when nothing that the kernel publishes is missed any more."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._subscribed), HEARD_WITHIN)

    def _heard(self, parts: list[bytes]) -> None:
        if not self._subscribed.done():
            self._subscribed.set_result(None)
        with contextlib.suppress(ValueError, KeyError, IndexError, TypeError, AttributeError):
            self._note(parts[parts.index(b"<IDS|MSG>") + 2:])
        with contextlib.suppress(ValueError, KeyError, IndexError, TypeError, AttributeError):
            parts = self._for_pages(parts)
        for page in list(self.pages):
            page.handle_outgoing_message(self.stream, parts)

    def _for_pages(self, parts: list[bytes]) -> list[bytes]:
        """Return a message as pages get it: where an error stopped is not for pupils."""
        cut = parts.index(b"<IDS|MSG>")
        if b'"error"' not in parts[cut + 2] or json.loads(parts[cut + 2])["msg_type"] != "error":
            return parts
        content = json.loads(parts[cut + 5])
        name, said = str(content["ename"])[:MOST_NAME], str(content["evalue"])
        self.errors.pop(name, None)
        self.errors[name] = "\n".join(map(str, content["traceback"]))[-MOST_TRACE:]
        while len(self.errors) > MOST_ERRORS:
            del self.errors[next(iter(self.errors))]
        if self.tracebacks:
            return parts
        content["traceback"] = [f"{name}: {said}"]
        rest = [*parts[cut + 2:cut + 5], json.dumps(content).encode(), *parts[cut + 6:]]
        return [*parts[:cut + 1], self._kernel.session.sign(rest[:4]), *rest]

    def _note(self, parts: list[bytes]) -> None:
        """Note what the kernel does, as jupyter_server does."""
        kind = json.loads(parts[0])["msg_type"]
        asked = self._tracked((json.loads(parts[1]) or {}).get("msg_type"))
        if asked or self._tracked(kind) or self._kernel.execution_state == "busy":
            self._kernel.last_activity = utcnow()
        if kind == "status":
            state = json.loads(parts[3])["execution_state"]
            if asked:
                self._kernel.execution_state = state
            elif self._kernel.execution_state == "starting" and state != "starting":
                self._kernel.execution_state = "idle"


class _Sockets(dict[str, Any]):
    """The sockets of one page to its kernel, each made when it is first written to."""

    NAMES = ("shell", "control", "stdin")

    def __init__(self, connection: VisitorConnection) -> None:
        super().__init__()
        self._connection = weakref.ref(connection)

    def __bool__(self) -> bool:
        return True

    def __contains__(self, name: object) -> bool:
        return name in self.NAMES

    def __missing__(self, name: str) -> Any:
        connection = self._connection()
        if connection is None or name not in self.NAMES:
            raise KeyError(name)
        self[name] = stream = getattr(connection.kernel_manager, f"connect_{name}")(
            identity=connection.session.bsession)
        stream.channel = name
        stream.on_recv_stream(connection.handle_outgoing_message)
        return stream


class VisitorConnection(ZMQChannelsWebsocketConnection):
    """jupyter_server's connection of a page, without its questions."""

    async def prepare(self) -> None:
        """Prepare for a page; the kernel has said that it is ready."""
        await self._register_session()
        self.session.key = self.kernel_manager.session.key

    def connect(self) -> asyncio.Future[None]:  # type: ignore[override]
        """Connect the page; what it says from here on is passed on."""
        self.multi_kernel_manager.notify_connect(self.kernel_id)
        self.channels = _Sockets(self)
        self.kernel_manager.published.pages.add(self)
        ZMQChannelsWebsocketConnection._open_sockets.add(self)
        there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        there.set_result(None)
        return there

    def disconnect(self) -> None:  # type: ignore[override]
        """Let the page go; what its kernel publishes is still heard."""
        if (published := getattr(self.kernel_manager, "published", None)) is not None:
            published.pages.discard(self)
        super().disconnect()
