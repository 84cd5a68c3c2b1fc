"""The events socket of a room: `/live/ROOM/events`, JSON both ways.

The first message must be ``{"type": "hello", "token": …}``, with the answer to the question of
consent in ``consent`` when there is one, so that it is known before anything is seen. After that
the server sends the whole state whenever it changes (`Room.state`), so a page that missed something
needs no history; slow readers get fewer, newer states. A page sends ``consent``,
``record``, ``stop``, ``leave`` and ``ping``, ``read`` to get chat and captions, and what the
floor knows (`coteach.live.floor`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections import deque
from typing import Any

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from coteach.errors import StorageFull, UserError
from coteach.i18n import gettext as _
from coteach.i18n import set_language
from coteach.live import turn
from coteach.live.acts import seat_of
from coteach.live.house import House
from coteach.live.purpose import practice_purpose
from coteach.live.room import Room
from coteach.live.seat import Pass, Seat
from coteach.tokens import TokenSigner

log = structlog.get_logger()

HELLO_WITHIN = 10.0
MAX_MESSAGE = 4096
WAITING = 50
"""Messages that may wait for a slow reader; older ones are dropped, the state is always new."""
TICK = 1.0
"""Seconds between states while a recording runs, so that clocks agree."""
GAP = 0.05
"""Seconds between two states: a hundred hands at once are few states."""
_ID = re.compile(r"[0-9a-f-]{36}", re.ASCII)

UNREADABLE = 1003
"""RFC 6455: a kind of data that is not taken, here bytes that are no text."""
FAILED = 1011
REFUSED = 4403
REPLACED = 4409
UNREADABLE_CODES = ("not-text", "long-message", "bad-message")


class Client:
    """One connected socket; a `Listener` of the room."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self._wake = asyncio.Event()
        self._dirty = False
        self._messages: deque[dict[str, Any]] = deque(maxlen=WAITING)
        self._replaced = False
        self.read: dict[str, int] | None = None
        """The last number of each feed that was sent; None when the page wants none."""

    def changed(self) -> None:
        self._dirty = True
        self._wake.set()

    def send(self, message: dict[str, Any]) -> None:
        self._messages.append(message)
        self._wake.set()

    def replace(self) -> None:
        self._replaced = True
        self._wake.set()

    async def pump(self, room: Room, seat: Seat) -> None:
        """Send until the socket is gone or the seat is taken from elsewhere."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), TICK if room.recording else None)
            self._wake.clear()
            if self._replaced:
                with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                    await self.socket.close(REPLACED)
                return
            while self._messages:
                await self.socket.send_json(self._messages.popleft())
            if self._dirty or room.recording is not None:
                self._dirty = False
                await self.socket.send_json(room.state(seat))
                await self._send_feeds(room)
                await asyncio.sleep(GAP)

    async def _send_feeds(self, room: Room) -> None:
        """Send the messages and captions that are new to this page."""
        if self.read is None:
            return
        for name, feed in (("chat", room.floor.chat.feed), ("captions", room.floor.captions.feed)):
            if new := feed.after(self.read[name]):
                self.read[name] = max(entry["number"] for entry in new)
                await self.socket.send_json({"type": name, "entries": new})


async def serve(socket: WebSocket, house: House, signer: TokenSigner) -> None:
    """Serve one events socket until it closes."""
    await socket.accept()
    name = socket.path_params["room"]
    try:
        holder, consent = await _hello(socket, name, signer)
        room = house.room(name)
        seat = await room.enter(holder)
        if consent is not None:
            await room.consent(seat, consent)
    except UserError as error:
        await _refuse(socket, error)
        return
    except (TimeoutError, WebSocketDisconnect):
        return
    client = Client(socket)
    room.listen(seat, client)
    client.send({"type": "welcome", "seat": seat.id, "room": name, "owner": holder.owner,
                 "purpose": practice_purpose(holder.language, owner=holder.owner),
                 "ice_servers": [server.as_json() for server in turn.servers_for(
                     house.settings, holder.person)]})
    client.changed()
    try:
        await house.seen([name])
    except StorageFull:  # it only tells others that the room is open; the room goes on
        log.warning("the disk is full", room=name)
    reading = asyncio.create_task(_read(socket, room, seat, client))
    sending = asyncio.create_task(client.pump(room, seat))
    try:
        await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (reading, sending):
            task.cancel()
        ends = await asyncio.gather(reading, sending, return_exceptions=True)
        room.unlisten(seat, client)
    fault = next((end for end in ends if isinstance(end, Exception)
                  and not isinstance(end, (WebSocketDisconnect, RuntimeError))), None)
    if fault is not None:
        log.error("an events socket failed", room=name, exc_info=fault)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(FAILED, "internal")


async def _hello(socket: WebSocket, name: str, signer: TokenSigner
                 ) -> tuple[Pass, bool | None]:
    message = _parsed(await asyncio.wait_for(_text(socket), HELLO_WITHIN))
    if message.get("type") != "hello":
        raise UserError(_("The first message must be a hello with a pass."), code="no-hello")
    consent = message.get("consent")
    return (read_pass(str(message.get("token", "")), name, signer),
            consent if isinstance(consent, bool) else None)


def read_pass(token: str, room: str, signer: TokenSigner) -> Pass:
    """Return the pass of a token that is good for this room.

    Raises
    ------
    Forbidden, UserError
        It is forged, expired, or for another room.
    """
    claims = signer.read(token)
    try:
        holder = Pass.of(claims)
    except KeyError:
        raise UserError(_("This pass is not for a room."), status=403, code="bad-token") from None
    set_language(holder.language)
    if holder.room != room:
        raise UserError(_("This pass is for another room."), status=403,
                        hint=_("Go back and open the room again."), code="other-room")
    return holder


async def _text(socket: WebSocket) -> str:
    """Return the next frame's text.

    Raises
    ------
    UserError
        It is a frame of bytes.
    """
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005), message.get("reason"))
    text = message.get("text")
    if text is None:
        raise UserError(_("The message is not text."), code="not-text")
    return str(text)


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > MAX_MESSAGE:
        raise UserError(_("The message is too long."), code="long-message")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise UserError(_("The message is not JSON."), code="bad-message")
    return message


async def _refuse(socket: WebSocket, error: UserError) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.send_json(_described(error))
        await socket.close(UNREADABLE if error.code in UNREADABLE_CODES else REFUSED, error.code)


def _described(error: UserError) -> dict[str, Any]:
    return {"type": "error", "code": error.code, "message": error.message, "hint": error.hint}


async def _read(socket: WebSocket, room: Room, seat: Seat, client: Client) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            try:
                if not await _handle(_parsed(await _text(socket)), room, seat, client):
                    return
            except UserError as error:
                client.send(_described(error))


async def _handle(message: dict[str, Any], room: Room, seat: Seat, client: Client) -> bool:
    """Do what a page asks; returns False when it left."""
    match message.get("type"):
        case "ping":
            client.send({"type": "pong"})
        case "consent" if isinstance(message.get("given"), bool):
            await room.consent(seat, message["given"])
        case "record":
            resume = message.get("resume")
            known = isinstance(resume, str) and _ID.fullmatch(resume)
            await room.start_recording(seat, resume if known else None)
        case "stop":
            if not seat.holder.owner:
                raise UserError(_("Only the teacher of this room can stop the recording."),
                                status=403, code="not-owner")
            await room.stop_recording()
        case "read":
            after = message.get("after")
            client.read = dict.fromkeys(("chat", "captions"), after if type(after) is int else 0)
            client.changed()
        case "ask-unmute":
            room.ask_to_unmute(seat, seat_of(message))
        case verb if room.floor.knows(verb):
            await room.act(seat, message)
        case "leave":
            if seat.holder.owner:
                await room.stop_recording()
            await room.leave(seat)
            return False
        case _:
            raise UserError(_("The room does not know this message."), code="bad-message")
    return True
