"""The doors for media: WHIP to publish (RFC 9725) and WHEP to watch (its draft).

A session can be told more candidates (PATCH), but not restarted, since aiortc ignores an ICE
restart: who lost her line posts a new offer and gets her old seat.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from coteach.errors import NotFound, UserError
from coteach.i18n import gettext as _
from coteach.live import events, offers, turn
from coteach.live.house import House
from coteach.live.peer import RelayPeer
from coteach.live.seat import Pass
from coteach.tokens import TokenSigner

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
RETRY_AFTER = "30"
CORS = {"Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "Location, Link, ETag, Accept-Post, Accept-Patch, "
                                         "WWW-Authenticate, Retry-After"}
# A page's own pass opens the door, never a cookie, so any origin may knock (RFC 9725, section 4.8).
Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class _Session:
    """What a Location URL stands for."""

    room: str
    holder: Pass
    seat: str
    source: str | None
    """None for a publisher, else the seat that is watched."""
    peer: RelayPeer
    tag: str


def error(request: Request, problem: Exception) -> Response:
    """Return a refusal as a sentence for people and a code for programs."""
    assert isinstance(problem, UserError)
    headers = dict(CORS)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    elif problem.status == 503:
        headers["Retry-After"] = RETRY_AFTER
    return JSONResponse({"error": problem.code, "message": problem.message, "hint": problem.hint},
                        status_code=problem.status, headers=headers)


class Doors:
    """The request handlers and the sessions they gave out.

    Parameters
    ----------
    house
        The rooms.
    signer
        Checks room passes.
    """

    def __init__(self, house: House, signer: TokenSigner) -> None:
        self.house, self.signer = house, signer
        self._sessions: dict[str, _Session] = {}

    # -- what a request is about ----------------------------------------------------------------

    async def door(self, request: Request) -> Response:
        """/live/ROOM/whip and /live/ROOM/whep"""
        if request.method == "OPTIONS":
            return _options("POST", {"Accept-Post": SDP})
        if request.method != "POST":
            return _not_allowed(request, "POST")
        publishing = request.url.path.endswith("/whip")
        return await (self._publish if publishing else self._watch)(request)

    async def session(self, request: Request) -> Response:
        """/live/ROOM/whip/KEY and /live/ROOM/whep/KEY"""
        handlers: dict[str, Handler] = {"DELETE": self._end, "PATCH": self._patch}
        if request.method == "OPTIONS":
            return _options("DELETE, PATCH", {"Accept-Patch": FRAGMENT})
        if request.method not in handlers:
            return _not_allowed(request, "DELETE, PATCH")
        return await handlers[request.method](request)

    def _pass(self, request: Request) -> Pass:
        scheme, _space, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UserError(_("A pass is needed to enter this room."),
                            hint=_("Open the room from your course."), status=401,
                            code="no-token")
        return events.read_pass(token.strip(), request.path_params["room"], self.signer)

    async def _offer(self, request: Request) -> str:
        if _kind(request) != SDP:
            raise UserError(_("The offer must be sent as {kind}.").format(kind=SDP), status=415,
                            code="not-sdp")
        accepted = request.headers.get("accept", "")
        if accepted and not any(each in accepted for each in (SDP, "application/*", "*/*")):
            raise UserError(_("The answer can only be sent as {kind}.").format(kind=SDP),
                            status=406, code="only-sdp")
        return offers.clean(await _body(request, offers.MAX_BYTES))

    # -- beginning ------------------------------------------------------------------------------

    async def _publish(self, request: Request) -> Response:
        holder = self._pass(request)
        offer = await self._offer(request)
        room = self.house.room(holder.room)
        seat = await room.enter(holder.one_of_many() if holder.shared else holder)
        answer = await room.publish(seat, offer)
        assert seat.publisher is not None
        return self._created(request, answer, _Session(
            room.name, holder, seat.id, None, seat.publisher, secrets.token_hex(4)))

    async def _watch(self, request: Request) -> Response:
        holder = self._pass(request)
        offer = await self._offer(request)
        room = self.house.room(holder.room)
        wanted = request.query_params.get("source", "")
        source = room.seats.get(wanted) if wanted else room.on_stage()
        if source is None:
            raise NotFound(_("Nobody can be seen here yet."), hint=_("Wait a moment."),
                           code="not-publishing")
        seat = await room.enter(holder.one_of_many() if holder.shared else holder)
        answer = await room.watch(seat, source, offer)
        return self._created(request, answer, _Session(
            room.name, holder, seat.id, source.id, seat.viewers[source.id],
            secrets.token_hex(4)))

    def _created(self, request: Request, answer: str, session: _Session) -> Response:
        self._sessions = {k: s for k, s in self._sessions.items() if self._current(s)}
        key = secrets.token_urlsafe(16)
        self._sessions[key] = session
        response = Response(answer, status_code=201, media_type=SDP, headers={
            **CORS, "Location": f"{request.url.path}/{key}", "ETag": f'"{session.tag}"'})
        # Of those who share a pass each is one: what a TURN server grants it counts by person.
        person = self.house.room(session.room).seats[session.seat].holder.person
        for server in turn.servers_for(self.house.settings, person):
            response.headers.append("Link", server.as_link())
        return response

    def _current(self, session: _Session) -> bool:
        room = self.house.rooms.get(session.room)
        seat = room.seats.get(session.seat) if room else None
        if seat is None:
            return False
        now = seat.publisher if session.source is None else seat.viewers.get(session.source)
        return now is session.peer

    # -- a session ------------------------------------------------------------------------------

    def _session_of(self, request: Request) -> _Session:
        holder = self._pass(request)
        session = self._sessions.get(request.path_params["key"])
        if session is None or session.room != holder.room or (
                session.holder.person != holder.person) or not self._current(session):
            raise NotFound(_("This connection is over already."))
        return session

    async def _end(self, request: Request) -> Response:
        session = self._session_of(request)
        del self._sessions[request.path_params["key"]]
        room = self.house.room(session.room)
        seat = room.seats[session.seat]
        if session.holder.shared:
            await room.leave(seat)
        elif session.source is None:
            await room.unpublish(seat)
        else:
            await room.unwatch(seat, session.source)
        return Response(status_code=200, headers=CORS)

    async def _patch(self, request: Request) -> Response:
        session = self._session_of(request)
        if _kind(request) != FRAGMENT:
            raise UserError(_("More candidates must be sent as {kind}.").format(kind=FRAGMENT),
                            status=415, code="not-sdpfrag")
        told = request.headers.get("if-match", "")
        if not told:
            raise UserError(_("The request must name the connection's state in If-Match."),
                            status=428, code="no-if-match")
        fragment = offers.fragment(await _body(request, offers.MAX_BYTES))
        if told.strip() == "*" or (fragment.user and fragment.user != session.peer.remote_user):
            raise UserError(_("The connection can't be restarted."),
                            hint=_("Send a new offer; you get your old place."), status=422,
                            code="no-restart")
        if f'"{session.tag}"' not in [each.strip() for each in told.split(",")]:
            raise UserError(_("The connection is not the one that If-Match names."), status=412,
                            code="other-state")
        await session.peer.add_candidates(fragment.candidates, last=fragment.last)
        return Response(status_code=204, headers=CORS)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


async def _body(request: Request, most: int) -> bytes:
    """Return the body, of one that is too long only a little more than `most`."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > most:
            break
    return bytes(raw)


def _options(methods: str, more: dict[str, str]) -> Response:
    return Response(status_code=204, headers={
        **CORS, **more, "Allow": f"{methods}, OPTIONS", "Access-Control-Max-Age": "86400",
        "Access-Control-Allow-Methods": f"{methods}, OPTIONS",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match"})


def _not_allowed(request: Request, methods: str) -> Response:
    response = error(request, UserError(
        _("{method} has no meaning here.").format(method=request.method), status=405,
        code="wrong-method"))
    response.headers["Allow"] = f"{methods}, OPTIONS"
    return response
