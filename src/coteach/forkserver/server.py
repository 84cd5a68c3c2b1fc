"""The owner's side of a template: starts it, asks for children, replaces it when it is not good.

A child is not the owner's child in the eyes of the system, so what becomes of it is told through
the connection that was made for it. A child lives on when its template is replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from coteach import sandbox as boxes
from coteach.sandbox import Sandbox

READY_SECONDS = 120.0
FORK_SECONDS = 30.0
_KEPT = ("COTEACH_RUN", "COTEACH_LANGUAGE")
_LINE = 1 << 16
_START = ("import sys; sys.path[:] = [p for p in sys.path if p]; "
          "from coteach.forkserver import template; template.main()")


_listening: set[asyncio.Task[int]] = set()
"""A loop holds its tasks weakly; a child must not end because nobody kept its `Child`."""


class ForkFailed(Exception):
    """A child or its template could not be started; the text is what it said itself."""


class Child:
    """A forked child, seen from its owner.

    Parameters
    ----------
    pid
        The process id of its supervisor; `coteach.sandbox.end` ends all of it.
    started
        When that process started, in the kernel's ticks; with the id it names it for good.
    """

    def __init__(self, pid: int, reader: asyncio.StreamReader,
                 writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.started = boxes.started(pid) or 0
        self.words: list[str] = []
        self._reader = reader
        self._writer = writer
        self._code: int | None = None
        self._running = asyncio.get_running_loop().create_future()
        self._end = asyncio.create_task(self._listen())
        _listening.add(self._end)
        self._end.add_done_callback(_listening.discard)

    async def _listen(self) -> int:
        with contextlib.suppress(OSError, ValueError):
            while line := await self._reader.readline():
                said = json.loads(line)
                if "said" in said:
                    self.words.append(said["said"])
                if "running" in said and not self._running.done():
                    self._running.set_result(True)
                if "code" in said:
                    self._code = int(said["code"])
        if self._code is None:  # it was killed and could not say so
            self._code = 128 + signal.SIGKILL
        if not self._running.done():
            self._running.set_result(False)
        self._writer.close()
        return self._code

    async def running(self) -> bool:
        """Return True when its function is called, False when it ended before that."""
        return bool(await asyncio.shield(self._running))

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._code

    async def wait(self) -> int:
        """Return the exit code when it ends: 128 + n after signal n."""
        return await asyncio.shield(self._end)

    def terminate(self) -> None:
        """Ask it to end."""
        if self._is_there():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, with everything in it."""
        if self._is_there():
            boxes.end(self.pid)

    def _is_there(self) -> bool:
        return self._code is None and self.started != 0 and boxes.started(
            self.pid) == self.started


def fingerprint() -> str:
    """Return what changes when packages are installed, removed or replaced here."""
    from coteach import __version__

    facts: list[object] = [__version__, sys.version, sys.executable]
    for name in ("purelib", "platlib"):
        folder = sysconfig.get_path(name)
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            facts.extend(sorted((entry.name, entry.stat().st_mtime_ns) for entry in entries
                                if entry.name.endswith((".dist-info", ".egg-info", ".pth"))))
            facts.append(os.stat(folder).st_mtime_ns)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


class ForkServer:
    """One template process and the children that are forked from it.

    Parameters
    ----------
    name
        What it is for; lists of processes and the log show it.
    imports
        The modules that the template imports, in order; see `coteach.forkserver` for which are
        allowed. A name that ends in ``?`` may be missing.
    folder
        A folder for run-time files; the template's home is made in it.
    log
        Where the template writes; children have logs of their own.
    environ
        More variables for the template, no secrets. Children do not inherit them.
    """

    def __init__(self, name: str, imports: Iterable[str], folder: Path, log: Path,
                 environ: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.imports = tuple(imports)
        self.folder = Path(folder) / f"fork-{name}"
        self.log = Path(log)
        self.environ = dict(environ or {})
        self._lock = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._made_of = ""
        self._ready = False

    @property
    def pid(self) -> int | None:
        """The template's process id, None when there is none."""
        return self._process.pid if self._alive() and self._process else None

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Have a template that is ready: start one, or replace one that died or is outdated.

        Raises
        ------
        ForkFailed
            It can't be had: the words say which module can't be imported, or what it started.
        """
        async with self._lock:
            if not self._alive() or self._made_of != fingerprint():
                self.close()
                self.launch()
            if not self._ready:
                await self._wait()

    def launch(self) -> None:
        """Start the template and go on while it imports; `start` waits for it.

        Raises
        ------
        ForkFailed
            No process could be started.
        """
        self._made_of, self._ready = fingerprint(), False
        ours, theirs = socket.socketpair()
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.chmod(0o700)
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _START, str(theirs.fileno()), str(os.getpid()),
                     json.dumps(self.imports), f"coteach {self.name}"],
                    env=self._environment(), cwd="/", stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, pass_fds=(theirs.fileno(),), start_new_session=True)
        except OSError as error:
            ours.close()
            raise ForkFailed(str(error)) from error
        finally:
            theirs.close()
        ours.setblocking(False)
        self._control = ours

    async def _wait(self) -> None:
        assert self._control is not None
        try:
            line = await asyncio.wait_for(self._answer(self._control), READY_SECONDS)
            answer = json.loads(line or b"{}")
        except (TimeoutError, OSError, ValueError) as error:
            answer = {"error": f"no answer ({error!r})"}
        if "ready" not in answer:
            self.close()
            raise ForkFailed(answer.get("error") or f"the template ended; see {self.log}")
        self._ready = True

    @staticmethod
    async def _answer(control: socket.socket) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            part = await asyncio.get_running_loop().sock_recv(control, 1 << 12)
            if not part:
                break
            line += part
        return line

    def _environment(self) -> dict[str, str]:
        own = boxes.scrubbed(os.environ, _KEPT, self.environ)
        # Libraries keep lists of fonts and such in their home; no sandbox shows this folder.
        own.update(HOME=str(self.folder), TMPDIR=str(self.folder),
                   MPLCONFIGDIR=str(self.folder / "matplotlib"))
        return own

    async def fork(self, entry: str, arguments: Mapping[str, Any] | None = None, *,
                   sandbox: Sandbox | None, env: Mapping[str, str], log: Path,
                   cwd: Path | None = None, title: str = "",
                   die_with_parent: bool = True, pass_fds: Sequence[int] = ()) -> Child:
        """Return a child that is inside its walls and about to call a function.

        Parameters
        ----------
        entry
            ``module:function``. The function is called with `arguments`; what it returns does
            not matter, `SystemExit` gives the exit code.
        arguments
            What JSON can hold. They go to the child alone, as `env` does, so both may hold
            secrets of the person that the child is for.
        sandbox
            Its walls; None only where `trust_local` allows code to run without.
        env
            The whole environment.
        log
            A file that standard output and error are appended to, made for the owner alone.
        cwd
            The working folder; inside the home when not given.
        title
            What lists of processes show.
        die_with_parent
            Without a sandbox: end with this process. With one, the sandbox says so.
        pass_fds
            Open files that the function has too; it finds their numbers as ``fds`` among its
            arguments. At most four.

        Raises
        ------
        ForkFailed
            It did not come to the call; the text is what the child said.
        """
        spec: dict[str, Any]
        if sandbox is None:
            spec = {"apart": False, "cwd": str(cwd or env.get("HOME", "/")),
                    "die_with_parent": die_with_parent}
        else:
            spec = {"apart": True, **boxes.specification(sandbox, cwd)}
        request = {"entry": entry, "arguments": dict(arguments or {}), "env": dict(env),
                   "log": str(log), "spec": spec, "title": title or f"coteach {self.name}"}
        for last in (False, True):
            await self.start()
            child = await self._ask(json.dumps(request).encode() + b"\n", last, pass_fds)
            if child is not None:
                return child
        raise AssertionError("the last try answers or raises")

    async def _ask(self, request: bytes, last: bool, pass_fds: Sequence[int]) -> Child | None:
        """Return the child, or None when the template was gone before it could fork one."""
        reader, writer = await self._connect(pass_fds)
        if reader is None or writer is None:
            if last:
                raise ForkFailed(f"the template {self.name} ended; see {self.log}")
            return None
        said: list[str] = []
        try:
            async with asyncio.timeout(FORK_SECONDS):
                writer.write(request)
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
                first = await self._first(reader, said)
                if first is None:
                    writer.close()
                    if said or last:
                        raise ForkFailed("; ".join(said) or "the child ended at once")
                    return None
                child = Child(first, reader, writer)
                if await child.running():
                    return child
                await child.wait()
                raise ForkFailed("; ".join(child.words) or
                                 f"the child ended with code {child.poll()}; see its log")
        except TimeoutError:
            writer.close()
            raise ForkFailed(f"the template {self.name} did not answer") from None

    async def _connect(self, pass_fds: Sequence[int]
                       ) -> tuple[asyncio.StreamReader | None, asyncio.StreamWriter | None]:
        mine, theirs = socket.socketpair()
        try:
            control = self._control
            if control is None:
                raise ConnectionError
            with theirs:
                while True:
                    try:
                        socket.send_fds(control, [b"f"], [theirs.fileno(), *pass_fds])
                        break
                    except BlockingIOError:
                        await asyncio.sleep(0.01)
            return await asyncio.open_connection(sock=mine, limit=_LINE)
        except OSError:
            mine.close()
            return None, None

    @staticmethod
    async def _first(reader: asyncio.StreamReader, said: list[str]) -> int | None:
        """Return the process id, the first fact that a child tells about itself."""
        try:
            while line := await reader.readline():
                fact = json.loads(line)
                if "pid" in fact:
                    return int(fact["pid"])
                said.append(fact.get("said", ""))
        except (OSError, ValueError):
            pass
        return None

    def close(self) -> None:
        """End the template; its children live on."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._process = None
