"""Starts each person's JupyterLab in a sandbox of its own.

The Lab shares the machine's network, because it must reach the Hub and its browser must reach it;
everything else of another person, of the Hub and of the machine is not there. A Lab outlives a Hub
that restarts: process id and start time are kept, and both must fit before a process is believed
to be that Lab.

Labs are forked from a template that has imported JupyterLab already (`labfork`). Where that can't
be, a Lab is started as a program of its own, in the same sandbox.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Any as AnyTrait
from traitlets import Integer, Unicode, default

from coteach import i18n, ports, sandbox
from coteach.errors import UserError
from coteach.forkserver import Child, ForkFailed
from coteach.hub import lab, labfork
from coteach.hub.templating import language_of
from coteach.i18n import gettext as _
from coteach.settings import Settings, load
from coteach.store.full import storage_full

_POLL = 0.1
_SOON = 0.03
_STOP_SECONDS = 5


class LabFailed(Exception):
    """A Lab did not start; the person sees `jupyterhub_message`."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(f"{message} {detail}".strip())
        self.jupyterhub_message = f"{message}\n{detail}".strip()


class CoteachSpawner(LocalProcessSpawner):
    """JupyterHub's local spawner with a sandbox around the process."""

    data = Unicode(config=True, help="The data folder, when `settings` is not given.")
    port: int
    settings = AnyTrait(config=True, help="The deployment's `coteach.settings.Settings`.")
    memory_mb = Integer(config=True, help="Memory of a Lab with its kernels.")
    process_limit = Integer(config=True, help="Processes and threads of a Lab with its kernels.")
    started = Integer(0, help="When the process started, in ticks of the machine's kernel.")

    _child: Child | None = None
    _stage = 0
    _messages: tuple[str, ...] = ()

    @default("settings")
    def _settings_default(self) -> Settings:
        return load(self.data or None)

    @default("memory_mb")
    def _memory_mb_default(self) -> int:
        return int(self.settings.memory_limit_mb)

    @default("process_limit")
    def _process_limit_default(self) -> int:
        return int(self.settings.process_limit)

    @default("cmd")
    def _cmd_default(self) -> list[str]:
        # Not jupyter-labhub: it uses JupyterHub's older way in, which asks even a Hub token for a
        # cross-site cookie.
        return [labfork.PROGRAM]

    @default("default_url")
    def _default_url_default(self) -> str:
        return "/lab"

    @default("disable_user_config")
    def _disable_user_config_default(self) -> bool:
        return True

    @default("env_keep")
    def _env_keep_default(self) -> list[str]:
        return []

    @property
    def _file_name(self) -> str:
        return lab.file_name(self.user.name, self.name)

    @property
    def _pid_file(self) -> Path:
        return Path(self.settings.layout.run) / f"lab-{self._file_name}.json"

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Return the Lab's whole environment: JupyterHub's and ours, nothing inherited."""
        threads = min(4, os.cpu_count() or 1)
        own = sandbox.scrubbed(os.environ, threads=threads)
        own["JUPYTER_CONFIG_PATH"] = lab.config_path(i18n.get_language())
        own["COTEACH_LANGUAGE"] = i18n.get_language()
        if not self._apart:
            own["HOME"] = str(self._home)
            own.pop("JUPYTER_RUNTIME_DIR")
        return {**own, **env}

    def get_args(self) -> list[str]:
        """Return the arguments of the Lab's server."""
        arguments = [*super().get_args(), *lab.ARGUMENTS]
        if not self._apart and os.geteuid() == 0:
            arguments = [a for a in arguments if "allow_root" not in a] + ["--allow-root"]
        return arguments

    def move_certs(self, paths: dict[str, str]) -> dict[str, str]:
        """Refuse: the Hub's traffic stays on loopback, and certificates would lie in homes."""
        raise NotImplementedError("coteach does not use JupyterHub's internal_ssl")

    @property
    def _apart(self) -> bool:
        return sandbox.probe().ok

    @property
    def _home(self) -> Path:
        return Path(self.settings.layout.homes) / lab.file_name(self.user.name)

    def _sandbox(self) -> sandbox.Sandbox:
        """Prepare the person's home; return the sandbox around it."""
        layout = self.settings.layout
        home = lab.make_home(layout, lab.file_name(self.user.name))
        uid = None
        if sandbox.probe().mode == "root":
            uid = sandbox.Uids(layout.uids).of(self.user.name)
            sandbox.give(home, uid)
        return sandbox.Sandbox(
            home=home, uid=uid, network=True, bind_ports=(self.port,), memory_mb=self.memory_mb,
            processes=self.process_limit, open_files=4096, file_mb=2048,
            tmp_mb=max(64, self.memory_mb // 3), hidden=(Path(layout.root).resolve(),),
            # The Hub may be restarted while people work.
            die_with_parent=False)

    def _command(self) -> tuple[list[str], Path]:
        argv = [*self.cmd, *self.get_args()]
        if not self._apart:
            return argv, lab.make_home(self.settings.layout, lab.file_name(self.user.name))
        return sandbox.command(self._sandbox(), argv), Path("/")

    async def start(self) -> tuple[str, int]:
        """Start the Lab; return when it listens.

        Raises
        ------
        LabFailed
            It ended or never listened. Waiting for that here, and not after, keeps JupyterHub
            6.1.1 from answering "Exception is not set" in place of the reason
            (jupyterhub/handlers/base.py, `finish_spawn_future.exception()`).
        """
        with i18n.language(language_of(self.handler)):
            self._stage = 0
            self._messages = (_("Preparing your JupyterLab."), _("Starting JupyterLab."),
                              _("JupyterLab is ready."))
            try:
                sandbox.ensure(self.settings.trust_local)
                await self._end_forgotten()
                self.port = self._own_port()
                log = lab.LabLog(self.settings.layout, self._file_name)
                if not await self._fork(log):
                    self._launch(log)
                self._write_down()
                self._stage = 1
                await self._listening(log)
            except UserError as error:
                raise LabFailed(error.message, error.hint) from error
            except OSError as error:
                full = storage_full(error)
                if full is not None:
                    self.log.error("the Lab of %s can't be started: disk full", self.user.name)
                    raise LabFailed(full.message, full.hint) from error
                self.log.exception("the Lab of %s can't be started", self.user.name)
                raise LabFailed(_("Your JupyterLab could not be prepared."),
                                str(error.strerror or error)) from error
            self._stage = 2
        return (self.ip or "127.0.0.1", self.port)

    def _own_port(self) -> int:
        """Return a port for the Lab: the one it had, or one that other Labs get by no chance."""
        host = self.ip or "127.0.0.1"
        taken = {getattr(self.settings, name) for name in (*ports.INTERNAL, "port")}
        if self.port and self.port not in taken and ports.is_free(host, self.port):
            return self.port
        return ports.free_port(host, taken=taken)

    async def _fork(self, log: lab.LabLog) -> bool:
        """Fork the Lab from the template; say whether that was possible."""
        server = labfork.server_of(self.settings)
        if server is None or list(self.cmd) != [labfork.PROGRAM]:
            return False
        log.open().close()
        argv = [labfork.program_path(), *self.get_args()]
        try:
            child = await server.fork(
                labfork.ENTRY, {"argv": argv}, sandbox=self._sandbox(), env=self.get_env(),
                log=log.file, title=f"coteach lab: {argv[0]}")
        except ForkFailed as error:
            self.log.warning("Labs are started without a fork for now: %s", error)
            labfork.failed(self.settings)
            return False
        self._child = child
        self.pid, self.started = child.pid, child.started
        return True

    def _launch(self, log: lab.LabLog) -> None:
        env = self.get_env()
        argv, folder = self._command()
        with log.open() as out:
            process = self.proc = subprocess.Popen(
                argv, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True)
        self.pid = process.pid
        self.started = sandbox.started(self.pid) or 0

    def _write_down(self) -> None:
        self._pid_file.write_text(json.dumps([self.pid, self.started]), encoding="ascii")
        self.log.info("Lab of %s: process %s, port %s", self.user.name, self.pid, self.port)

    async def _listening(self, log: lab.LabLog) -> None:
        pid, host = self.pid, self.ip or "127.0.0.1"
        deadline = time.monotonic() + max(5, self.start_timeout - 5)
        while time.monotonic() < deadline:
            code = self._exit_code()
            if code is not None:
                raise LabFailed(
                    _("Your JupyterLab ended while it started (code {code}).").format(code=code),
                    log.tail())
            try:
                _reader, writer = await asyncio.open_connection(host, self.port)
            except OSError:
                await asyncio.sleep(_SOON)
                continue
            writer.close()
            # Looked at last: it costs more than a connection, and ten may be starting.
            if ports.listens(host, self.port, ports.descendants(pid)):
                return
            await asyncio.sleep(_POLL)
        raise LabFailed(_("Your JupyterLab took too long to start."), log.tail())

    def _exit_code(self) -> int | None:
        """Return None while the Lab runs, otherwise its exit code (0 if nobody knows it)."""
        if self.proc is not None:
            return self.proc.poll()
        if self._child is not None:
            return self._child.poll()
        there = self.pid and self.started and sandbox.started(self.pid) == self.started
        return None if there else 0

    async def _end_forgotten(self) -> None:
        """End a Lab of this person that a Hub started and did not live to write down."""
        try:
            pid, began = json.loads(self._pid_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        if began and sandbox.started(pid) == began:
            self.log.warning("ending a forgotten Lab of %s (process %s)", self.user.name, pid)
            sandbox.end(pid)
            for _wait in range(50):
                if sandbox.started(pid) != began:
                    return
                await asyncio.sleep(_POLL)

    async def progress(self) -> AsyncGenerator[dict[str, Any], None]:
        """Say what is being done, in the person's language."""
        said = -1
        while said < 2:
            if self._stage > said and self._messages:
                said = self._stage
                yield {"progress": (10, 40, 90)[said], "message": self._messages[said]}
            await asyncio.sleep(_POLL)

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up a Lab that a Hub before this one started."""
        super().load_state(state)
        self.started = int(state.get("started", 0))

    def get_state(self) -> dict[str, Any]:
        """Return what a later Hub needs to know the Lab again."""
        state: dict[str, Any] = super().get_state()
        if self.pid:
            state["started"] = self.started
        return state

    def clear_state(self) -> None:
        """Forget the process."""
        super().clear_state()
        self.proc = None  # type: ignore[assignment]  # the trait allows it
        self._child = None
        self.started = 0

    async def poll(self) -> int | None:
        """Return None while the Lab runs, otherwise its exit code (0 if nobody knows it)."""
        code = self._exit_code()
        if code is None:
            return None
        self.clear_state()
        return int(code)

    async def stop(self, now: bool = False) -> None:
        """End the Lab: with time to save its state, then at once with everything in it."""
        if await self.poll() is not None:
            return
        pid = self.pid
        if not now:
            await self._signal(signal.SIGTERM)
            await self.wait_for_death(_STOP_SECONDS)
        if await self.poll() is None:
            self._end(pid)
            await self.wait_for_death(_STOP_SECONDS)
            if await self.poll() is None:
                self.log.error("the Lab of %s (process %s) does not end", self.user.name, pid)
                return
        self._pid_file.unlink(missing_ok=True)

    def _end(self, pid: int) -> None:
        if self._apart:
            sandbox.end(pid)
        else:
            os.killpg(pid, signal.SIGKILL)
