"""A live room: who is here, who publishes, what is recorded. The server decides, never a page.

All methods run in the event loop. `tick` must be called about once a second.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import structlog

from coteach.errors import Conflict, Forbidden, NotFound, UserError
from coteach.i18n import gettext as _
from coteach.i18n import language as in_language
from coteach.live import view
from coteach.live.acts import only_teachers
from coteach.live.adapting import SMALL
from coteach.live.floor import WEBCAST, Floor
from coteach.live.keeping import Keeper
from coteach.live.peer import RelayPeer
from coteach.live.purpose import practice_purpose
from coteach.live.recording import PracticeRecording, require_space
from coteach.live.seat import Listener, Pass, Seat, seat_id
from coteach.live.udp import MediaPort
from coteach.settings import Settings
from coteach.store import recordings, rooms
from coteach.store.database import Database
from coteach.store.schema import Recording, utcnow

log = structlog.get_logger()


def N_(message: str) -> str:  # marks a sentence that is translated for each listener
    return message


MAX_SEATS = 12
MAX_CLASSROOMS = 210
"""Seats of a webcast: 200 classrooms and who is on stage."""
MAX_PLAYERS = 500
"""Connections of shared passes: players of a stream and encoders."""
SEAT_GRACE = 30.0
"""Seconds that an empty seat stays in the list, so that people see "coming back"."""
PLAYER_GRACE = 6.0
"""Seconds that the seat of a player or encoder may be without a connection."""
OWNER_GRACE = 30.0
"""Seconds that a recording goes on without its teacher; her page may be loading again."""
CONSENT_LASTS = timedelta(minutes=30)
"""An answer given so long ago still counts for who comes back; later she is asked anew."""
RESUME_WITHIN = 300.0
"""Seconds after a cut in which a recording goes on as the same one."""


class Room:
    """One room.

    Parameters
    ----------
    name
        Its name in the store and in URLs.
    port, database, settings
        What the live server shares.
    """

    def __init__(self, name: str, port: MediaPort, database: Database,
                 settings: Settings) -> None:
        self.name = name
        self._port, self._database, self._settings = port, database, settings
        self.seats: dict[str, Seat] = {}
        self.recording: PracticeRecording | None = None
        self._saving = False
        self._stopping: set[asyncio.Task[Any]] = set()
        self._owner_left: float | None = None
        self._recording_lock = asyncio.Lock()
        self.floor = Floor()
        self._keeper = Keeper(name, database, settings.recording_days)
        self._loaded = False
        self._loading = asyncio.Lock()
        self._opened = time.monotonic()

    # -- people ---------------------------------------------------------------------------------

    async def enter(self, holder: Pass) -> Seat:
        """Give a person her seat: a new one, or the one she had a moment ago.

        Raises
        ------
        UserError
            The room is full.
        """
        await self._load()
        place = seat_id(self.name, holder.person)
        seat = self.seats.get(place)
        if seat is None:
            alike = sum(s.holder.shared == holder.shared for s in self.seats.values())
            if alike >= (MAX_PLAYERS if holder.shared else self._most_seats):
                full = _("The room is full: {count} people are in it.").format(count=alike)
                if holder.shared:
                    raise UserError(full, status=503, code="room-full")
                raise Conflict(full, hint=_("Ask the teacher to wait for you."), code="room-full")
            seat = self.seats[place] = Seat(holder)
            if not holder.shared:
                seat.consent = await asyncio.to_thread(self._consent_before, holder.person)
            log.info("entered", room=self.name, seat=place)
        seat.holder = holder
        return seat

    async def _load(self) -> None:
        """Build the floor again from what the store kept; once."""
        async with self._loading:
            if not self._loaded:
                self.floor = await asyncio.to_thread(self._keeper.load)
                self._loaded = True

    @property
    def _most_seats(self) -> int:
        return MAX_CLASSROOMS if self.floor.kind == WEBCAST else MAX_SEATS

    def _consent_before(self, person: str) -> bool | None:
        with self._database.reading() as session:
            return rooms.consents(session, self.name, since=utcnow() - CONSENT_LASTS).get(person)

    def listen(self, seat: Seat, listener: Listener) -> None:
        """Connect a person's events socket; an older one of hers is closed."""
        if seat.listener is not None:
            seat.listener.replace()
        seat.listener = listener
        self.changed()

    def unlisten(self, seat: Seat, listener: Listener) -> None:
        """Her events socket is gone."""
        if seat.listener is listener:
            seat.listener = None
            seat.here_at = time.monotonic()
            self.changed()

    async def leave(self, seat: Seat) -> None:
        """She left on purpose."""
        if self.recording is not None:
            self.recording.pause(seat.holder.person)
        self.seats.pop(seat.id, None)
        await seat.close()
        self._keeper.keep(self.floor.gone(seat.id, time.time()))
        log.info("left", room=self.name, seat=seat.id)
        self.changed()

    def changed(self) -> None:
        """Tell everybody that the state is new."""
        for seat in self.seats.values():
            if seat.listener is not None:
                seat.listener.changed()

    def tell(self, code: str, message: str, hint: str = "") -> None:
        """Say something to everybody; the sentence is an untranslated msgid."""
        for seat in self.seats.values():
            if seat.listener is not None:
                with in_language(seat.holder.language):
                    seat.listener.send({"type": "notice", "code": code, "message": _(message),
                                        "hint": _(hint) if hint else ""})

    async def act(self, seat: Seat, message: dict[str, Any]) -> None:
        """Do on the floor what a person asks: a hand, a message, the stage.

        Raises
        ------
        UserError
            She may not, or it makes no sense.
        """
        happened = self.floor.act(view.who(seat), message, time.time())
        self._keeper.keep(happened)
        for event in happened:
            if (other := self.seats.get(event.value.get("of", ""))) is not None:
                await self._follow_stage(other)
        if happened:
            self.changed()

    def ask_to_unmute(self, seat: Seat, other: str) -> None:
        """Ask somebody to turn her microphone on; only she can."""
        only_teachers(view.who(seat))
        found = self.seats.get(other)
        if found is not None and found.listener is not None:
            found.listener.send({"type": "unmute-asked", "name": seat.holder.name})

    async def _follow_stage(self, seat: Seat) -> None:
        """Make what a person sends agree with what the floor says."""
        try:
            self.floor.stage.may_publish(view.who(seat))
        except Forbidden:
            if seat.publisher is not None:
                await self.unpublish(seat)
        if (sound := seat.sources.get("audio")) is not None:
            sound.held = seat.id in self.floor.stage.muted

    # -- media ----------------------------------------------------------------------------------

    async def publish(self, seat: Seat, offer: str) -> str:
        """Take a person's picture and sound; returns the answer."""
        if not seat.holder.shared:
            self.floor.stage.may_publish(view.who(seat))
        await seat.unpublish()
        peer = RelayPeer(self._port)
        try:
            answer, sources = await asyncio.wait_for(peer.answer_publisher(offer), 5)
        except Exception as error:
            await peer.close()
            raise _not_negotiable(error) from error
        seat.published(peer, sources)
        await self._follow_stage(seat)
        peer.on("connectionstatechange", self.changed)
        self._record(seat)
        self.changed()
        return answer

    def on_stage(self) -> Seat | None:
        """Return who is seen by those who name nobody: the one who began last and is heard."""
        return max((s for s in self.seats.values() if s.sources),
                   key=lambda s: (s.publisher is not None and s.publisher.alive, s.published_at),
                   default=None)

    async def unpublish(self, seat: Seat) -> None:
        """She publishes no more."""
        if self.recording is not None:
            self.recording.pause(seat.holder.person)
        await seat.unpublish()
        self.changed()

    async def watch(self, viewer: Seat, source: Seat, offer: str) -> str:
        """Send one person's picture and sound to another; returns the answer."""
        if not source.sources:
            raise NotFound(_("Nobody can be seen here yet."), hint=_("Wait a moment."),
                           code="not-publishing")
        await self.unwatch(viewer, source.id)
        peer = RelayPeer(self._port)
        try:
            answer = await asyncio.wait_for(peer.answer_viewer(offer, source.sources), 5)
        except Exception as error:
            await peer.close()
            raise _not_negotiable(error) from error
        viewer.viewers[source.id] = peer
        return answer

    async def unwatch(self, viewer: Seat, source: str) -> None:
        """Stop sending."""
        peer = viewer.viewers.pop(source, None)
        if peer is not None:
            await peer.close()

    # -- consent and recording ------------------------------------------------------------------

    async def consent(self, seat: Seat, given: bool) -> None:
        """Keep a person's yes or no; a no takes her out of a recording that runs."""
        holder = seat.holder
        if seat.consent == given:
            return

        def save() -> None:
            with self._database.session() as session:
                rooms.answer_consent(
                    session, room=self.name, actor=holder.person, given=given,
                    purpose=practice_purpose(holder.language, owner=holder.owner),
                    language=holder.language)

        await asyncio.to_thread(save)
        seat.consent = given
        if self.recording is not None:
            if given:
                self._record(seat)
            else:
                await self.recording.leave_out(holder.person)
                if holder.owner:
                    await self.stop_recording("consent-withdrawn")
        self.changed()

    def _record(self, seat: Seat) -> None:
        if self.recording is not None and seat.consent and seat.sources:
            self.recording.add(seat.holder.person, seat.holder.name, {
                kind: source for kind, source in seat.sources.items() if kind != SMALL})

    def _owner(self) -> Seat | None:
        return next((s for s in self.seats.values() if s.holder.owner), None)

    async def start_recording(self, seat: Seat, resume: str | None = None) -> None:
        """Begin to record everybody who said yes.

        Parameters
        ----------
        seat
            Who asks; only the room's owner may.
        resume
            The recording that was cut off and shall go on.

        Raises
        ------
        Forbidden, Conflict, StorageFull
            She may not; it runs already; the disk is full.
        """
        if not seat.holder.owner:
            raise Forbidden(_("Only the teacher of this room can record."), code="not-owner")
        async with self._recording_lock:
            if self.recording is not None:
                if resume == self.recording.id:
                    return
                raise Conflict(_("The recording runs already."), code="recording-runs")
            if not seat.consent:
                raise Forbidden(
                    _("You did not agree to be recorded, so nothing is recorded."),
                    hint=_("Change your answer if you want to record."), code="no-consent")
            if not seat.sources:
                raise Conflict(_("Your camera and microphone are not connected yet."),
                               hint=_("Wait until you see yourself."), code="not-publishing")
            require_space(self._settings.layout.recordings)
            row, begun = await asyncio.to_thread(self._open_row, resume)
            self.recording = PracticeRecording(
                self._database, self._settings.layout, row, begun=begun,
                on_failure=self._failed)
            for other in self.seats.values():
                self._record(other)
        log.info("recording started", room=self.name, recording=row.id, resumed=begun > 0)
        self.changed()

    def _open_row(self, resume: str | None) -> tuple[Recording, float]:
        with self._database.session() as session:
            room = rooms.get(session, self.name)
            if resume:
                row = session.get(Recording, resume)
                if row is not None and row.room == self.name and row.status == "ready" and (
                        row.reason in ("server-stopped", "page-closed") and row.ended is not None
                        and (utcnow() - row.ended).total_seconds() < RESUME_WITHIN):
                    # Not before what is written ends, also when the clock was set back.
                    begun = max((utcnow() - row.started).total_seconds(), row.duration or 0.0)
                    return recordings.reopen(session, row.id), begun
            return recordings.start(
                session, room, purpose=practice_purpose("en"),
                days=self._settings.recording_days), 0.0

    async def stop_recording(self, reason: str = "") -> Recording | None:
        """End the recording and finish its files."""
        async with self._recording_lock:
            recording, self.recording = self.recording, None
            self._owner_left = None
            if recording is None:
                return None
            self._saving = True
            self.changed()
            try:
                row = await recording.stop(reason)
            finally:
                self._saving = False
        for seat in self.seats.values():
            if seat.listener is not None:
                seat.listener.send({"type": "recorded", "recording": row.id,
                                    "status": row.status, "seconds": row.duration})
        self.changed()
        return row

    def _failed(self, reason: str) -> None:
        """The disk is full: end the recording, keep what is written, go on with the room."""
        if self.recording is None or self._stopping:
            return
        why = (N_("The server's disk is full. The recording has ended; what was recorded until "
                  "now is kept.") if reason == "disk-full" else
               N_("The server can't write the recording any more. It has ended; what was recorded "
                  "until now is kept."))
        self.tell(reason, why,
                  N_("You can go on practising; tell your trainer."))
        self._in_background(self.stop_recording(reason))

    def _in_background(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    # -- time -----------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Notice who is gone and what is due."""
        now = time.monotonic()
        for seat in list(self.seats.values()):
            if seat.publisher is not None and not seat.publisher.alive:
                log.info("publisher gone", room=self.name, seat=seat.id)
                await self.unpublish(seat)
            if seat.fell_silent(now):
                self.changed()
            for source, peer in list(seat.viewers.items()):
                if not peer.alive:
                    await self.unwatch(seat, source)
                elif peer.adapter is not None:
                    peer.adapter.tick(now)
            if seat.present:
                seat.here_at = now
            elif now - seat.here_at > (PLAYER_GRACE if seat.holder.shared else SEAT_GRACE) and not (
                    seat.holder.owner and self.recording):
                await self.leave(seat)
        if self._loaded and now - self._opened > SEAT_GRACE:
            for gone in self.floor.seats() - self.seats.keys():  # not back since the restart
                self._keeper.keep(self.floor.gone(gone, time.time()))
                self.changed()
        if self.recording is None:
            return
        self.recording.tick()
        owner = self._owner()
        if owner is not None and owner.present:
            if self._owner_left is not None:
                self._owner_left = None
                self.changed()
        elif self._owner_left is None:
            self._owner_left = now
            self.changed()
        elif now - self._owner_left > OWNER_GRACE:
            self._in_background(self.stop_recording("page-closed"))

    @property
    def empty(self) -> bool:
        """Whether nobody is here and nothing is being written."""
        return (not self.seats and self.recording is None and not self._saving
                and self._keeper.idle)

    @property
    def busy(self) -> bool:
        """Whether somebody is here now."""
        return any(seat.present for seat in self.seats.values())

    def state(self, seat: Seat) -> dict[str, Any]:
        """Return what one person may know about the room."""
        return view.state(self, seat)

    @property
    def saving(self) -> bool:
        """Whether a recording is being finished."""
        return self._saving

    @property
    def stops_in(self) -> int | None:
        """Seconds until a recording stops by itself, when its teacher does not come back."""
        if self._owner_left is None:
            return None
        return max(0, round(OWNER_GRACE - (time.monotonic() - self._owner_left)))

    async def close(self) -> None:
        """Finish the recording and close every connection."""
        if self.recording is not None:
            await self.stop_recording("server-stopped")
        await asyncio.gather(*self._stopping, return_exceptions=True)
        for seat in list(self.seats.values()):
            self.seats.pop(seat.id, None)
            await seat.close()
        await self._keeper.close()


def _not_negotiable(error: Exception) -> UserError:
    if isinstance(error, UserError):
        return error
    log.warning("offer not answered", error=repr(error))
    return UserError(_("The offer can't be answered."), hint=_("Load the page again."),
                     code="bad-offer")
