"""The servers that are compared, each started alone in a folder of its own."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from coteach import settings
from coteach.bench import processes
from coteach.settings import secrets_of
from coteach.store import Database
from coteach.store.schema import Person, Room
from coteach.tokens import TokenSigner

ROOM = "bench"
PEOPLE = 8
JANUS = "/usr/bin/janus"


@dataclass(frozen=True)
class Own:
    """A person's own room of coteach, for recording."""

    door: dict[str, Any]
    events: str
    """The URL of its events socket."""
    token: str


@dataclass
class Running:
    """A server that runs, and how to get in."""

    server: processes.Server
    door: dict[str, Any]
    rooms: list[Own] = field(default_factory=list)
    """A room of each person's own; coteach only."""

    def cpu(self) -> float:
        """Return the processor seconds it has used."""
        assert self.server.process is not None
        return processes.cpu_of([psutil.Process(self.server.process.pid)])


def address() -> str:
    """Return an address of this machine that every server takes media at.

    Janus does not use loopback's; between addresses of one machine packets stay on it.
    """
    found = [a.address for name, all_of_it in psutil.net_if_addrs().items()
             for a in all_of_it if a.family == socket.AF_INET and name != "lo"]
    return found[0] if found else "127.0.0.1"


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="coteach-bench-live-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def ours() -> Iterator[Running]:
    """Start coteach's live server."""
    with _folder() as folder:
        port = processes.free_port()
        made = settings.load(folder / "data", environ={}, live_port=port, media_port=0,
                             bind=address())
        made.layout.create()
        names = [f"p{number}" for number in range(PEOPLE)]
        database = Database.of(made)
        database.migrate()
        with database.session() as session:
            for name in names:
                person = Person(username=name, display_name=name, role="teacher")
                session.add(person)
                session.flush()
                session.add(Room(name=f"{ROOM}-{name}", owner_id=person.id, module="m"))
        database.close()
        signer = TokenSigner(secrets_of(made).get("live"), "live")

        def token(room: str, person: str, *, shared: bool = False) -> str:
            return signer.mint({"room": room, "person": person, "name": person, "lang": "en",
                                "owner": not shared, "shared": shared}, lifetime=86400)

        server = processes.Server(
            [sys.executable, "-m", "coteach.live"], folder, port, folder / "log",
            {"COTEACH_DATA": str(made.data), "COTEACH_LIVE_PORT": str(port),
             "COTEACH_MEDIA_PORT": "0", "COTEACH_BIND": made.bind})
        live = f"127.0.0.1:{port}/live"
        passes = {f"{ROOM}-{name}": token(f"{ROOM}-{name}", name) for name in names}
        with _started(server):
            yield Running(
                server, _door(f"http://{live}/{ROOM}", token(ROOM, "all", shared=True)),
                [Own(_door(f"http://{live}/{room}", own), f"ws://{live}/{room}/events", own)
                 for room, own in passes.items()])


def _door(url: str, token: str) -> dict[str, Any]:
    """Describe a door of WHIP and WHEP; see `coteach.bench.live.signalling`."""
    return {"kind": "standard", "publish": f"{url}/whip", "watch": f"{url}/whep", "token": token}


@contextmanager
def _started(server: processes.Server) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.end()


@contextmanager
def stock() -> Iterator[Running]:
    """Start aiortc's stock relay."""
    with _folder() as folder:
        port = processes.free_port()
        server = processes.Server(
            [sys.executable, "-m", "coteach.bench.live.stockrelay", str(port), address()],
            folder, port, folder / "log")
        with _started(server):
            yield Running(server, _door(f"http://127.0.0.1:{port}", "none"))


def janus_there() -> bool:
    """Whether Debian's Janus is installed."""
    return Path(JANUS).exists()


@contextmanager
def janus(event_loops: int = 0) -> Iterator[Running]:
    """Start Janus as Debian configures it, on a port of its own.

    Parameters
    ----------
    event_loops
        Threads for all connections together; 0 is its default, a thread for each.
    """
    with _folder() as folder:
        port = processes.free_port()
        for file in Path("/etc/janus").glob("*.jcfg"):
            shutil.copy(file, folder)
        if event_loops:
            config = folder / "janus.jcfg"
            config.write_text(config.read_text().replace(
                "general: {", f"general: {{\n\tevent_loops = {event_loops}", 1))
        web = folder / "janus.transport.http.jcfg"
        web.write_text(web.read_text().replace("port = 8088", f"port = {port}", 1))
        for other in ("websockets", "pfunix", "mqtt", "nanomsg", "rabbitmq"):
            (folder / f"janus.transport.{other}.jcfg").unlink(missing_ok=True)
        server = processes.Server([JANUS, "--configs-folder", str(folder)],
                                  folder, port, folder / "log")
        with _started(server):
            yield Running(server, {"kind": "janus", "url": f"http://127.0.0.1:{port}/janus",
                                   "room": 4711})
