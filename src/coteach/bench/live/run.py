"""The run: each server alone, the same publisher and viewers, and what its process used."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coteach.bench import report
from coteach.bench.live import recorder, servers
from coteach.bench.report import Row
from coteach.errors import UserError
from coteach.i18n import gettext as _

LOSS = 0.03
NEAR = 10
"""Viewers for the delay."""
COUNTED = 50
"""Viewers that decrypt what comes; more of them only look on, or they would be what is measured."""
SETTLE = 2.0
_PERCENT = "%"


@dataclass(frozen=True)
class Work:
    """What is done."""

    viewers: int = 30
    seconds: float = 10.0
    """How long each measurement takes."""
    rounds: int = 2
    """How often the relays take turns; their mean counts."""
    stock_viewers: int = 5
    """The stock relay fills the machine with more."""


def rows() -> tuple[Row, ...]:
    """Return the figures with their goals; the stock column says against whom."""
    return (
        Row("viewer", _("a core for a viewer, against aiortc's MediaRelay"), _PERCENT,
            most_ratio=1 / 20),
        Row("viewer_janus", _("a core for a viewer, against Janus as it comes"), _PERCENT,
            most_ratio=1.0),
        Row("viewer_janus_loop", _("a core for a viewer, against Janus with event_loops=1"),
            _PERCENT, most_ratio=1.5),
        Row("lost", _("packets that never came (Janus)"), "", most=0),
        Row("delay_p50_ms", _("way of a frame with 10 viewers, median (Janus)"), "ms"),
        Row("delay_p99_ms", _("way of a frame with 10 viewers, 99 of 100 (Janus)"), "ms", most=15),
        Row("lost_down", _("3 % lost on the way to viewers: never mended (Janus)"), _PERCENT,
            most=0.5),
        Row("wait_down_ms", _("longest wait for a frame then (Janus)"), "ms", most=150),
        Row("lost_up", _("3 % lost on the way from the publisher: never mended (Janus)"),
            _PERCENT, most=0.5),
        Row("wait_up_ms", _("longest wait for a frame then (Janus)"), "ms", most=150),
        Row("publisher", _("a core for a publisher with sound, of eight"), _PERCENT, most=2.5),
        Row("recording", _("a core for recording one of them"), _PERCENT, most=1.5),
    )


async def run(work: Work, say: report.Say = lambda line: None) -> dict[str, Any]:
    """Measure all sides that are here."""
    on = report.machine()
    janus = servers.janus_there()
    if not janus:
        say(_("Janus is not installed, so it is left out; Debian has it as janus."))
    sides: dict[str, Callable[[], AbstractContextManager[servers.Running]]] = {
        "ours": servers.ours}
    if janus:
        sides |= {"janus": servers.janus, "janus_loop": lambda: servers.janus(1)}
    many: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for _round in range(work.rounds):
        for side, start in sides.items():
            many[side].append(await _alone(start, work.viewers, work.seconds))
            say(_said(side, many[side][-1]))
    stock = await _alone(servers.stock, work.stock_viewers, work.seconds)
    say(_said("MediaRelay", stock))
    found: dict[str, dict[str, float]] = {
        side: {"viewer": statistics.fmean(each["viewer"] for each in measured),
               "lost": sum(each["never"] for each in measured)}
        for side, measured in many.items()}
    for side in ("ours", "janus") if janus else ("ours",):
        found[side] |= await _line(sides[side], work, say)
    found["ours"] |= await _publishers(work, say)
    return report.result("live", {
        "viewers": work.viewers, "picture": "VP8 640x360@30", "stock_viewers": work.stock_viewers,
        "janus": _janus_version() if janus else ""}, *_columns(found, stock), on)


def _said(side: str, found: dict[str, Any]) -> str:
    return _("{side}: {percent:.3f} % of a core for a viewer, {p99:.1f} ms, {never} never came"
             ).format(side=side, percent=found["viewer"], p99=found["p99"] * 1000,
                      never=found["never"])


def _columns(found: dict[str, dict[str, float]], stock: dict[str, Any]
             ) -> tuple[dict[str, Any], dict[str, Any]]:
    ours = {key: round(value, 4) for key, value in found["ours"].items()}
    theirs: dict[str, Any] = {"viewer": round(stock["viewer"], 4)}
    for side in ("janus", "janus_loop"):
        if side in found:
            ours[f"viewer_{side}"] = ours["viewer"]
            theirs[f"viewer_{side}"] = round(found[side]["viewer"], 4)
    if "janus" in found:
        theirs |= {key: round(value, 4) for key, value in found["janus"].items()
                   if key not in ("viewer",)}
    return ours, theirs


def _janus_version() -> str:
    status = Path("/var/lib/dpkg/info/janus.list")
    return "Debian" if status.exists() else "local"


async def _alone(start: Callable[[], AbstractContextManager[servers.Running]], viewers: int,
                 seconds: float, *, down: float = 0.0, up: float = 0.0) -> dict[str, Any]:
    """Start a server, one publisher and viewers; return what was counted."""
    with start() as running:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(_peers("publish", running, 1, loss=up))
            near = min(viewers, COUNTED)
            processes = [await stack.enter_async_context(_peers("watch", running, near, loss=down))]
            if viewers > near:
                processes.append(await stack.enter_async_context(
                    _peers("watch", running, viewers - near, loss=down, crowd=True)))
            await asyncio.sleep(SETTLE)
            for one in processes:
                one.tell("start")
            cpu = await _used(running, seconds)
            seen = [viewer for one in processes for viewer in (await one.stop())["viewers"]]
    waits = sorted(wait for viewer in seen for wait in viewer["waits"])
    if not all(viewer["packets"] for viewer in seen):
        raise UserError(_("No picture reached the viewers: {said}").format(
            said=running.server.last_words()), status=500, code="bench-no-media")
    waits = waits or [0.0]  # what is encoded anew carries no stamp
    never = sum(viewer["never"] for viewer in seen)
    repaired = sum(viewer["repaired"] for viewer in seen)
    return {"cpu": cpu, "viewer": cpu / viewers, "never": never, "repaired": repaired,
            "p50": waits[len(waits) // 2], "p99": waits[int(len(waits) * 0.99)],
            "longest": waits[-1]}


async def _line(start: Callable[[], AbstractContextManager[servers.Running]], work: Work,
                say: report.Say) -> dict[str, float]:
    near = await _alone(start, NEAR, work.seconds)
    found = {"delay_p50_ms": near["p50"] * 1000, "delay_p99_ms": near["p99"] * 1000}
    for way, losses, title in (("down", {"down": LOSS}, _("on the way to viewers")),
                               ("up", {"up": LOSS}, _("on the way from the publisher"))):
        lossy = await _alone(start, NEAR, 2 * work.seconds, **losses)
        lost = lossy["never"] + lossy["repaired"]
        found[f"lost_{way}"] = 100 * lossy["never"] / max(lost, 1)
        found[f"wait_{way}_ms"] = lossy["longest"] * 1000
        say(_("3 % lost {way}: {lost} packets, {never} never came, longest wait {wait:.0f} ms"
              ).format(way=title, lost=lost, never=lossy["never"], wait=lossy["longest"] * 1000))
    return found


async def _publishers(work: Work, say: report.Say) -> dict[str, float]:
    """Eight people with sound in rooms of their own, and then recorded."""
    with servers.ours() as running:
        async with AsyncExitStack() as stack:
            for room in running.rooms:
                people = await stack.enter_async_context(_peers(
                    "publish", running, 1, sound=True, door=room.door))
            before = await people.measure(running, work.seconds)
            await stack.enter_async_context(recorder.recording(
                [(room.events, room.token) for room in running.rooms]))
            after = await people.measure(running, work.seconds)
    each = len(running.rooms)
    say(_("a publisher with sound takes {percent:.2f} % of a core, recorded {more:.2f} % more"
          ).format(percent=before / each, more=(after - before) / each))
    return {"publisher": before / each, "recording": max(0.0, (after - before) / each)}


async def _used(running: servers.Running, seconds: float) -> float:
    """Return the percent of a core that a server uses in some seconds."""
    begun, cpu = asyncio.get_running_loop().time(), running.cpu()
    await asyncio.sleep(seconds)
    return 100 * (running.cpu() - cpu) / (asyncio.get_running_loop().time() - begun)


class _Peers:
    """A process with publishers or viewers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def heard(self) -> dict[str, Any]:
        """Return what it says next."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            said = (await self._process.stderr.read()).decode(errors="replace")
            raise UserError(_("The peers of the measurement ended: {said}").format(
                said=said[-600:]), status=500, code="bench-no-peers")
        found: dict[str, Any] = json.loads(line)
        return found

    def tell(self, word: str) -> None:
        """Say a word to it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())

    async def measure(self, running: servers.Running, seconds: float) -> float:
        """Count for some seconds; return the percent of a core that the server used."""
        await asyncio.sleep(SETTLE)
        self.tell("start")
        return await _used(running, seconds)

    async def stop(self) -> dict[str, Any]:
        """End it; return what it counted."""
        self.tell("stop")
        return await self.heard()

    async def end(self) -> None:
        """See that nothing of it is left."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def _peers(role: str, running: servers.Running, count: int, *, loss: float = 0.0,
                 sound: bool = False, door: dict[str, Any] | None = None, crowd: bool = False
                 ) -> AsyncIterator[_Peers]:
    job = {"role": role, "count": count, "sound": sound, "loss": loss, "crowd": crowd,
           "door": door or running.door, "address": servers.address()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "coteach.bench.live.peers", json.dumps(job), limit=1 << 26,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE)
    made = _Peers(process)
    try:
        await asyncio.wait_for(made.heard(), 120)
        yield made
    finally:
        await made.end()
