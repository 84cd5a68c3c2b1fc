"""Kernels in a sandbox, for every Jupyter program that starts kernels.

A kernel gets a private folder of files, a scrubbed environment and, without a network, its sockets
as files: the provisioner turns the manager's transport to `ipc`, whatever it was. The connection
file is ours and the kernel reads it; the folder of sockets is the kernel's and nobody else's.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Bool, Dict, Enum, Float, Integer, List, Unicode

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.sandbox.commandline import command
from coteach.sandbox.environment import scrubbed
from coteach.sandbox.leftovers import claim
from coteach.sandbox.model import HOME, Bind, Sandbox
from coteach.sandbox.processes import end
from coteach.sandbox.trial import ensure
from coteach.sandbox.uids import Lease, give, lease

LESSON = Path("/home/lesson")
_SOCKET_PATH = 107
_ENDED_BY_US = (-signal.SIGKILL, 128 + signal.SIGKILL, 128 + signal.SIGTERM)


class SandboxProvisioner(LocalProvisioner):
    """Start a kernel in a sandbox; the traits are the kernelspec's provisioner config."""

    memory_mb = Integer(512, config=True, help="Memory of the kernel and all it starts.")
    processes = Integer(64, config=True, help="Processes and threads of the kernel.")
    open_files = Integer(1024, config=True)
    file_mb = Integer(256, config=True, help="The largest file a kernel may write.")
    cpu_seconds = Integer(None, allow_none=True, config=True)
    cpus = Float(None, allow_none=True, config=True)
    network = Bool(False, config=True)
    folder = Enum(["copy", "read", "none"], "copy", config=True, help=(
        "What the kernel sees of its working folder: a copy of its own, which is its home; the "
        "folder itself, only to read, at /home/lesson; or nothing."))
    copy_mb = Integer(200, config=True, help="The largest working folder that is copied.")
    read_only = Dict({}, config=True, help="More folders to show: path here to path inside.")
    env = Dict({}, config=True, help="Variables to set.")
    keep_env = List(Unicode(), config=True, help="Variables to keep, besides the language.")
    trust_local = Bool(False, config=True, help="Run without a sandbox where none is possible.")

    _place: Path | None = None
    _lease: Lease | None = None
    _plain = False
    _reported = False

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare the kernel's private folder and sockets, then the command line."""
        self._plain = not ensure(self.trust_local).ok
        if self._plain:
            return await super().pre_launch(**kwargs)
        if self.parent is None:
            raise RuntimeError("the sandbox provisioner needs a kernel manager")
        cwd = kwargs.pop("cwd", None)
        if self._place is None:
            self._prepare(Path(cwd) if cwd else None)
        else:
            self._clear_sockets()
        given = kwargs.pop("env", os.environ)
        kwargs = await super().pre_launch(env=dict(given), **kwargs)
        uid = self._uid
        if uid is not None:
            os.chown(self.parent.connection_file, uid, uid)
        kwargs["env"] = scrubbed(given, self.keep_env, {**self._spec_env(), **self.env})
        kwargs["cwd"] = cwd
        return kwargs

    @property
    def _uid(self) -> int | None:
        return None if self._lease is None else self._lease.uid

    def _spec_env(self) -> dict[str, str]:
        own = self.kernel_spec.env if self.kernel_spec else {}
        return {name: str(value) for name, value in own.items() if "$" not in str(value)}

    def _prepare(self, cwd: Path | None) -> None:
        if ensure().mode == "root":
            self._lease = lease()
        base = tempfile.gettempdir()
        if len(base) > _SOCKET_PATH - len("/ct-k-12345678/s/k-65535"):
            base = "/tmp"  # noqa: S108  mkdtemp makes a private folder in it
        place = self._place = Path(tempfile.mkdtemp(prefix="ct-k-", dir=base))
        try:
            claim(place)
            place.chmod(0o711)
            for name in ("home", "s"):
                (place / name).mkdir(mode=0o700)
            if cwd is not None and self.folder == "copy":
                self._copy(cwd, place / "home")
            self._fonts(place / "home")
            for name in ("home", "s"):
                give(place / name, self._uid)
        except BaseException:
            self._forget()
            raise
        km: Any = self.parent
        km.transport = "ipc"
        km.ip = str(place / "s" / "k")
        km.connection_file = str(place / "kernel.json")
        for port in ("shell", "iopub", "stdin", "hb", "control"):
            setattr(km, f"{port}_port", 0)

    def _copy(self, source: Path, target: Path) -> None:
        """Copy the working folder; links stay links, and lead nowhere inside."""
        size = 0
        for folder, names, files in os.walk(source):
            names[:] = [n for n in names if n != ".ipynb_checkpoints"]
            size += sum(os.lstat(os.path.join(folder, f)).st_size for f in files)
            if size > self.copy_mb << 20:
                raise UserError(
                    _("The folder {folder} is too large for a kernel ({limit} MB).").format(
                        folder=source.name, limit=self.copy_mb),
                    hint=_("Move what the lesson does not need out of it."),
                    code="folder-too-large")

        def skip(folder: str, names: list[str]) -> set[str]:
            # A pipe or a device would block the copy or be a way out.
            odd = {n for n in names if not _plain_file(os.path.join(folder, n))}
            return odd | {".ipynb_checkpoints"}

        shutil.copytree(source, target, symlinks=True, ignore=skip, dirs_exist_ok=True)
        target.chmod(0o700)

    @staticmethod
    def _fonts(home: Path) -> None:
        """Give the kernel matplotlib's list of fonts, which takes a second to make."""
        cache = Path(os.environ.get("MPLCONFIGDIR") or Path.home() / ".cache" / "matplotlib")
        lists = sorted(cache.glob("fontlist-v*.json")) if cache.is_dir() else []
        if lists:
            target = home / ".cache" / "matplotlib"
            target.mkdir(parents=True, exist_ok=True)
            for file in lists:
                shutil.copyfile(file, target / file.name)

    def _clear_sockets(self) -> None:
        """Remove what the kernel before left, whatever it made of it."""
        assert self._place is not None
        with os.scandir(self._place / "s") as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    os.unlink(entry.path)

    def _sandbox(self, cwd: Path | None) -> Sandbox:
        assert self._place is not None
        binds = [Bind(self._place / "kernel.json", self._place / "kernel.json"),
                 Bind(self._place / "s", self._place / "s", writable=True)]
        if cwd is not None and self.folder == "read":
            binds.append(Bind(cwd.resolve(), LESSON))
        binds += [Bind(Path(here), Path(inside)) for here, inside in self.read_only.items()]
        return Sandbox(
            home=self._place / "home", binds=tuple(binds), uid=self._uid, network=self.network,
            memory_mb=self.memory_mb, processes=self.processes, open_files=self.open_files,
            file_mb=self.file_mb, cpu_seconds=self.cpu_seconds, cpus=self.cpus,
            tmp_mb=max(16, self.memory_mb // 4))

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel; what it writes past Jupyter goes to a file that its death shows."""
        if self._plain:
            return await super().launch_kernel(cmd, **kwargs)
        assert self._place is not None
        cwd = Path(kwargs["cwd"]) if kwargs.get("cwd") else None
        inside = LESSON if self.folder == "read" and cwd is not None else HOME
        with (self._place / "log").open("wb") as log:
            # Not jupyter_client's launcher: it tells the kernel our process id, and a kernel whose
            # parent is process 1 takes that for an orphan's life and ends.
            self.process = subprocess.Popen(  # noqa: ASYNC220  forking is quick
                command(self._sandbox(cwd), cmd, inside), env=kwargs["env"], cwd="/",
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self._reported = False
        self.pid = self.process.pid
        self.pgid = None
        self.cwd = kwargs.get("cwd")
        return self.connection_info

    def resolve_path(self, path_str: str) -> str | None:
        """Return None: a path inside is no path here."""
        return super().resolve_path(path_str) if self._plain else None

    async def poll(self) -> int | None:
        """Return the exit code, None while it runs; log the last words of one that died."""
        process = self.process
        code = await super().poll()
        if process is not None and code and not self._plain and not self._reported:
            self._reported = True
            words = self._last_words()
            if "coteach-sandbox:" in words or code not in _ENDED_BY_US:
                self.log.warning("kernel %s ended with %s: %s", self.kernel_id, code, words)
        return code

    def _last_words(self) -> str:
        try:
            assert self._place is not None
            with (self._place / "log").open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 2000))
                return log.read().decode(errors="replace").strip()
        except OSError:
            return ""

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the sandbox, which hands it to the kernel and what it started."""
        if self._plain:
            await super().send_signal(signum)
        elif self.process is not None and self.process.poll() is None:
            if signum == signal.SIGKILL:
                end(self.process.pid)
            else:
                self.process.send_signal(signum)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the private folder when the kernel is gone for good."""
        if self._plain:
            await super().cleanup(restart)
        elif not restart:
            self._forget()

    def _forget(self) -> None:
        if self._place is not None:
            shutil.rmtree(self._place, ignore_errors=True)
            self._place = None
        if self._lease is not None:
            self._lease.close()
            self._lease = None

    def __del__(self) -> None:
        """A manager that was dropped without a shutdown leaves no folder behind."""
        if self.process is not None and self.process.poll() is None:
            end(self.process.pid)
            self.process.wait()
        self._forget()


def _plain_file(path: str) -> bool:
    return os.path.islink(path) or os.path.isfile(path) or os.path.isdir(path)
