"""How peers reach a server: over WHIP and WHEP, or over Janus's own HTTP interface."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import Any, Protocol

import httpx
from aiortc import RTCPeerConnection, RTCSessionDescription


class Door(Protocol):
    """A way to publish and to watch; people are numbered from 0."""

    async def publish(self, number: int, offer: str) -> str:
        """Return the answer to an offer to publish."""

    async def watch(self, peer: RTCPeerConnection, *, sound: bool) -> None:
        """Negotiate a connection that receives."""

    async def close(self) -> None:
        """Let go of the server."""


def door(told: dict[str, Any]) -> Door:
    """Return the door that a job describes."""
    if told["kind"] == "janus":
        return JanusDoor(told["url"], told["room"])
    return StandardDoor(told["publish"], told["watch"], told["token"])


class StandardDoor:
    """WHIP and WHEP.

    Parameters
    ----------
    publish, watch
        The URLs.
    token
        The pass of everybody who comes in here.
    """

    def __init__(self, publish: str, watch: str, token: str) -> None:
        self._publish, self._watch, self._token = publish, watch, token
        self._client = httpx.AsyncClient(trust_env=False, timeout=30)

    async def _post(self, url: str, offer: str) -> str:
        answer = await self._client.post(url, content=offer, headers={
            "content-type": "application/sdp", "authorization": f"Bearer {self._token}"})
        answer.raise_for_status()
        return answer.text

    async def publish(self, number: int, offer: str) -> str:
        return await self._post(self._publish, offer)

    async def watch(self, peer: RTCPeerConnection, *, sound: bool) -> None:
        for kind in ("audio", "video") if sound else ("video",):
            peer.addTransceiver(kind, "recvonly")
        await peer.setLocalDescription(await peer.createOffer())
        answer = await self._post(self._watch, peer.localDescription.sdp)
        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def close(self) -> None:
        await self._client.aclose()


class JanusDoor:
    """Janus's video room plugin; one session with a handle for each connection."""

    def __init__(self, url: str, room: int) -> None:
        self._url, self._room = url, room
        self._client = httpx.AsyncClient(trust_env=False, timeout=90)
        self._session = ""
        self._events: dict[int, asyncio.Queue[dict[str, Any]]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def _say(self, path: str, **message: Any) -> dict[str, Any]:
        answer = await self._client.post(f"{self._url}{path}", json={
            **message, "transaction": secrets.token_hex(6)})
        found: dict[str, Any] = answer.json()
        if found["janus"] == "error":
            raise ConnectionError(found["error"]["reason"])
        return found

    async def _open(self) -> None:
        if not self._session:
            made = await self._say("", janus="create")
            self._session = f"/{made['data']['id']}"
            self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            answer = await self._client.get(f"{self._url}{self._session}")
            event = answer.json()
            if event.get("sender") in self._events and event["janus"] == "event":
                self._events[event["sender"]].put_nowait(event)

    async def _handle(self) -> int:
        await self._open()
        made = await self._say(self._session, janus="attach", plugin="janus.plugin.videoroom")
        number = int(made["data"]["id"])
        self._events[number] = asyncio.Queue()
        return number

    async def _ask(self, handle: int, body: dict[str, Any], jsep: Any = None) -> dict[str, Any]:
        await self._say(f"{self._session}/{handle}", janus="message", body=body,
                        **({"jsep": jsep} if jsep else {}))
        while True:
            event = await asyncio.wait_for(self._events[handle].get(), 20)
            data = event["plugindata"]["data"]
            if "error" in data:
                raise ConnectionError(data["error"])
            # Others' comings and goings are told as events too.
            if data.get("videoroom") in ("joined", "attached") or "jsep" in event or (
                    "started" in data):
                return event

    async def publish(self, number: int, offer: str) -> str:
        handle = await self._handle()
        with contextlib.suppress(ConnectionError):  # it is there already
            await self._say(f"{self._session}/{handle}", janus="message", body={
                "request": "create", "room": self._room, "publishers": 20, "bitrate": 4_000_000,
                "videocodec": "vp8", "fir_freq": 0})
        await self._ask(handle, {"request": "join", "ptype": "publisher", "room": self._room,
                                 "id": number + 1})
        event = await self._ask(handle, {"request": "publish"}, {"type": "offer", "sdp": offer})
        return str(event["jsep"]["sdp"])

    async def watch(self, peer: RTCPeerConnection, *, sound: bool) -> None:
        handle = await self._handle()
        event = await self._ask(handle, {"request": "join", "ptype": "subscriber",
                                         "room": self._room, "streams": [{"feed": 1}]})
        await peer.setRemoteDescription(RTCSessionDescription(event["jsep"]["sdp"], "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        await self._ask(handle, {"request": "start"},
                        {"type": "answer", "sdp": peer.localDescription.sdp})

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._client.aclose()
