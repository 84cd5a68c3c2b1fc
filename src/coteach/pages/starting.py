"""How a lesson host's process starts: forked from a template with everything imported, or plain.

Rule: the template is only a matter of speed. When it can't be had a host starts as any program in
a sandbox does, and the log says so once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import Protocol

import structlog

from coteach import sandbox
from coteach.forkserver import ForkFailed, ForkServer
from coteach.pages.place import Place
from coteach.sandbox import Sandbox
from coteach.settings import Settings

ENTRY = "coteach.pages.lessonhost:main"
IMPORTS = ("numpy?", "pandas?", "matplotlib.pyplot?", "matplotlib.backends.backend_agg?",
           "PIL.PngImagePlugin?", "ipywidgets", "anywidget", "coteach_widgets", "IPython",
           "coteach.pages.lessonhost", "IPython.core.magics", "ipykernel.heartbeat",
           "ipykernel.control", "ipykernel.iostream", "ipykernel.shellchannel",
           "ipykernel.subshell_manager", "tornado.platform.asyncio")
"""What a lesson is likely to use. No module here starts a thread or opens anything."""
NATIVE = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""pyarrow, which pandas loads, starts a thread for its memory otherwise."""

log = structlog.get_logger("pages")


class Process(Protocol):
    """A running host."""

    pid: int

    async def wait(self) -> int:
        """Return its exit code when it ends."""

    def kill(self) -> None:
        """End it at once, with everything in it."""


class _Program:
    """A host that was started as a program."""

    def __init__(self, process: asyncio.subprocess.Process, *, apart: bool) -> None:
        self._process, self._apart = process, apart
        self.pid = process.pid

    async def wait(self) -> int:
        """Return its exit code when it ends."""
        return await self._process.wait()

    def kill(self) -> None:
        """End it at once."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                if self._apart:
                    sandbox.end(self.pid)
                else:
                    self._process.kill()


class Starter:
    """Starts hosts; keeps the template that they are forked from."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: ForkServer | None = None
        self.forked = 0
        """How many hosts were forked and not started as programs."""

    def environment(self, more: dict[str, str]) -> dict[str, str]:
        """Return the environment of a host: named variables, no secret."""
        return sandbox.scrubbed(os.environ, (), {
            "MPLBACKEND": "module://matplotlib_inline.backend_inline", **NATIVE, **more})

    async def start(self, place: Place, spec: dict[str, object], env: dict[str, str],
                    walls: Sandbox) -> Process:
        """Start a host in its place."""
        if not place.apart:
            env = {**env, "HOME": str(place.root / "home"), "TMPDIR": str(place.root / "home")}
        try:
            return await self._fork(place, spec, env, walls)
        except ForkFailed as error:
            log.warning("a lesson host was not forked and starts as a program",
                        error=str(error)[:300])
        return await self._program(place, spec, env, walls)

    def _template(self) -> ForkServer:
        if self._server is None:
            layout = self._settings.layout
            layout.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._server = ForkServer("lessons", IMPORTS, layout.run,
                                      layout.logs / "forkserver-lessons.log", NATIVE)
        return self._server

    async def _fork(self, place: Place, spec: dict[str, object], env: dict[str, str],
                    walls: Sandbox) -> Process:
        child = await self._template().fork(
            ENTRY, spec, sandbox=walls if place.apart else None, env=env,
            log=place.log, cwd=place.cwd, title="coteach lesson")
        self.forked += 1
        return child

    async def _program(self, place: Place, spec: dict[str, object], env: dict[str, str],
                       walls: Sandbox) -> Process:
        file = place.root / "in" / "spec.json"
        file.write_text(json.dumps(spec), encoding="utf-8")
        argv = [sys.executable, "-m", "coteach.pages.lessonhost", str(file)]
        if place.apart:
            argv = sandbox.command(walls, argv, place.cwd)
        with place.log.open("ab") as words:
            process = await asyncio.create_subprocess_exec(
                *argv, env=env, cwd="/" if place.apart else place.cwd, stdout=words, stderr=words,
                stdin=asyncio.subprocess.DEVNULL, start_new_session=True)
        return _Program(process, apart=place.apart)

    async def warm(self) -> None:
        """Have the template ready before the first host is wanted."""
        with contextlib.suppress(ForkFailed):
            await self._template().start()

    def close(self) -> None:
        """End the template. Hosts that were forked from it are ended by who has them."""
        if self._server is not None:
            self._server.close()
            self._server = None
