"""The classroom is killed twice while thirty pupils answer: nothing is lost, nothing is there twice.

The service runs as a deployment runs it, under the supervisor that starts it again. A pupil here
does what her page's outbox does: one request at a time, the oldest first, again and again until it
was acknowledged. Her line is bad too: now and then it breaks while the server works.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Callable

import httpx
import pytest
from classroom_site import answer, fill, settled

from coteach.store import Database, classes, events
from coteach.store.schema import Event, SchoolClass
from coteach.supervisor import State, Supervisor, mark, parts

PUPILS = 30
BATCH = 40
FIRST_WAIT, LONGEST_WAIT = 0.1, 1.0
"""As in the outbox, but shorter: fewer seconds pass between the two starts."""
BREAKS = 0.04
"""How many requests the line loses."""


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that happens soon."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.005)


class Pupil:
    """A pupil's browser: what she answered, in order, and what of it waits to be sent."""

    def __init__(self, browser: httpx.AsyncClient, actor: str, chance: random.Random) -> None:
        self.browser, self.actor, self.chance = browser, actor, chance
        self.pupil = browser.cookies["coteach_pupil"]
        self.made: list[str] = []
        self.waiting: list[dict] = []
        self.acknowledged: set[str] = set()
        self.sent: set[str] = set()
        self.again: set[str] = set()
        self.asking = False

    async def answers(self, over: asyncio.Event) -> None:
        """Answer all the time."""
        while not over.is_set():
            event = answer(seq=len(self.made) + 1)
            self.made.append(event["id"])
            self.waiting.append(event)
            await asyncio.sleep(self.chance.uniform(0.05, 0.15))

    async def sends(self, over: asyncio.Event) -> None:
        """Send what waits until she stopped and everything is acknowledged."""
        wait = FIRST_WAIT
        while self.waiting or not over.is_set():
            if not self.waiting:
                await asyncio.sleep(0.01)
            elif await self._send(self.waiting[:BATCH]):
                wait = FIRST_WAIT
            else:
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)

    async def _send(self, batch: list[dict]) -> bool:
        ids = {event["id"] for event in batch}
        self.again |= self.sent & ids
        self.sent |= ids
        breaks = self.chance.uniform(0, 0.05) if self.chance.random() < BREAKS else 60
        self.asking = True
        try:
            async with asyncio.timeout(breaks):
                got = await self.browser.post(
                    "/c/api/answers", json={"pupil": self.pupil, "events": batch})
        except (httpx.HTTPError, TimeoutError):
            return False
        finally:
            self.asking = False
        assert got.status_code == 200, got.text
        stored = set(got.json()["stored"])
        self.acknowledged |= stored
        self.waiting = [event for event in self.waiting if event["id"] not in stored]
        return bool(stored)


class Room:
    """Thirty pupils in one class of the running service."""

    def __init__(self, settings, supervisor: Supervisor, pupils: list[Pupil]) -> None:
        self.settings, self.supervisor, self.pupils = settings, supervisor, pupils

    def acknowledged(self) -> int:
        return sum(len(pupil.acknowledged) for pupil in self.pupils)

    async def until_more(self, more: int) -> None:
        """Wait until so many further answers are acknowledged."""
        wanted = self.acknowledged() + more
        await until(lambda: self.acknowledged() >= wanted)

    async def kill(self) -> None:
        """Kill the service while it is being asked, and wait until it is back."""
        keeper = self.supervisor.keepers["classroom"]
        await until(lambda: any(pupil.asking for pupil in self.pupils))
        pid = keeper.pid
        os.kill(pid, signal.SIGKILL)
        await until(lambda: keeper.pid not in (None, pid) and keeper.state is State.READY)


def thirty_cards(database: Database, ids: dict[str, str]) -> list[tuple[str, str]]:
    """Give the class thirty pupils more; return their cards and pseudonyms."""
    with database.session() as session:
        mine = session.get(SchoolClass, ids["class-lan"])
        cards = [classes.add_card(session, mine, nickname=f"Pupil {n}", picture="crab")
                 for n in range(PUPILS)]
        return [(card.id, card.pseudonym) for card in cards]


@pytest.fixture
async def room(settings):
    settings = settled(settings)
    database, ids = fill(settings)
    cards = thirty_cards(database, ids)
    database.close()
    run = "test-" + os.urandom(4).hex()
    environ = parts.environment(settings, run)
    ends: list[str] = []
    supervisor = Supervisor(settings.layout, run, lambda change: ends.append(change.exit))
    supervisor.start([parts.own("classroom", "/c/healthz", settings, environ)])
    chance = random.Random()
    async with contextlib.AsyncExitStack() as browsers:
        try:
            await supervisor.wait_until_ready(60)
            pupils = []
            for card, actor in cards:
                browser = await browsers.enter_async_context(httpx.AsyncClient(
                    base_url=settings.internal("classroom"), trust_env=False,
                    headers={"Sec-Fetch-Site": "same-origin"}))
                entered = await browser.post(f"/c/{ids['code']}/enter", data={"card": card})
                assert entered.status_code == 303, entered.text
                pupils.append(Pupil(browser, actor, chance))
            yield Room(settings, supervisor, pupils)
        finally:
            await supervisor.stop()
    assert ends.count("signal SIGKILL") >= 2
    assert not mark.marked(run)


async def test_a_classroom_killed_twice_keeps_each_acknowledged_answer_once_and_in_order(room):
    over = asyncio.Event()
    async with asyncio.timeout(120), asyncio.TaskGroup() as lines:
        for pupil in room.pupils:
            lines.create_task(pupil.answers(over))
            lines.create_task(pupil.sends(over))
        for _time in range(2):
            await room.until_more(random.randint(50, 600))
            await room.kill()
        await room.until_more(300)
        over.set()

    with Database(room.settings.store_url).reading() as session:
        stored = {pupil.actor: [(row.id, row.client_seq) for row in events.read(
            session, actor=pupil.actor, verbs=["answered"])] for pupil in room.pupils}
        everything = session.query(Event).filter(Event.verb == "answered").count()
    for pupil in room.pupils:
        lost = pupil.acknowledged - {name for name, _seq in stored[pupil.actor]}
        assert not lost, f"{len(lost)} acknowledged answers are not there"
        assert stored[pupil.actor] == [(name, n) for n, name in enumerate(pupil.made, 1)]
    assert everything == sum(len(pupil.made) for pupil in room.pupils)
    assert any(pupil.again for pupil in room.pupils), "nothing had to be sent again"
