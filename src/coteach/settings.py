"""One typed settings object, read from `coteach.toml` and the environment, checked at start.

Order: built-in value, `DIR/coteach.toml`, `COTEACH_<NAME>` in the environment. A wrong value is an
error that names it. Everything the deployment writes lies under one data folder (`Layout`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import stat
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from coteach.errors import UserError
from coteach.i18n import gettext as _

EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104
"""Values of a `bind` setting that mean every address of this machine."""


def host_for(bind: str) -> str:
    """Return the host to write in an address of a server that listens at `bind`."""
    return "127.0.0.1" if bind in EVERY_ADDRESS else bind


def in_url(host: str) -> str:
    """Return a host as addresses have it: IPv6 in brackets (RFC 3986)."""
    return f"[{host}]" if ":" in host else host


def _close(path: Path, most: int) -> None:
    """Take away what others may do beyond `most`, where it is ours to say."""
    with contextlib.suppress(OSError):
        found = path.stat()
        # A sticky folder (/tmp) belongs to everybody, whoever owns it.
        if found.st_uid == os.geteuid() and found.st_mode & 0o777 & ~most and not (
                found.st_mode & stat.S_ISVTX):
            path.chmod(stat.S_IMODE(found.st_mode) & most)


@dataclass(frozen=True)
class Layout:
    """The folders and files under the data folder; nothing else in coteach spells these paths."""

    root: Path

    @property
    def settings_file(self) -> Path:
        return self.root / "coteach.toml"

    @property
    def database(self) -> Path:
        return self.root / "coteach.sqlite"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def hub(self) -> Path:
        return self.root / "hub"

    @property
    def uids(self) -> Path:
        """Whose files belong to which user id, when coteach runs as root."""
        return self.hub / "uids.json"

    @property
    def homes(self) -> Path:
        return self.root / "homes"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def recordings(self) -> Path:
        return self.blobs / "recordings"

    @property
    def submissions(self) -> Path:
        return self.blobs / "submissions"

    @property
    def courses(self) -> Path:
        """The nbgrader course folders (source, release, submitted, gradebook.db)."""
        return self.root / "courses"

    @property
    def lessons(self) -> Path:
        """The lesson packs that classes can open."""
        return self.root / "lessons"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Sockets, connection files and other things that do not outlive a run."""
        return self.root / "run"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def demo_file(self) -> Path:
        return self.root / "demo.json"

    def create(self) -> None:
        """Make the folders; those with secrets or people's work only for the owner."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o711)
        # Nobody else lists the folder; Labs under other user ids still pass through to their homes.
        _close(self.root, 0o711)
        for folder in (self.secrets, self.hub, self.blobs, self.recordings, self.submissions,
                       self.courses, self.lessons, self.logs, self.tls):
            folder.mkdir(exist_ok=True, mode=0o700)
            _close(folder, 0o700)
        for folder in (self.homes, self.run):
            folder.mkdir(exist_ok=True, mode=0o711)
        for name in (self.database.name, f"{self.database.name}-wal", f"{self.database.name}-shm",
                     self.demo_file.name, self.settings_file.name):
            _close(self.root / name, 0o700)


@dataclass(frozen=True)
class Settings:
    """What can be set. Ports are on `bind_internal`; only the proxy listens on `bind`."""

    data: Path
    bind: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    """The address people type, without a trailing slash; made from bind and port when empty."""
    bind_internal: str = "127.0.0.1"
    hub_port: int = 8081
    proxy_api_port: int = 8001
    portal_port: int = 8010
    classroom_port: int = 8011
    live_port: int = 8012
    media_port: int = 8013
    """The one UDP port of the live server."""
    media_host: str = ""
    """The address that people reach the media port at; every address of this machine when empty."""
    turn_urls: str = ""
    """TURN (and STUN) servers that people are told, with commas between, such as
    ``turn:media.example:3478?transport=udp,turns:media.example:443?transport=tcp``."""
    turn_secret: str = ""
    """What the TURN server has as ``static-auth-secret``; one of our own when empty."""
    turn: bool = False
    """Run a TURN server beside the other parts; people are told it unless `turn_urls` is set."""
    turn_port: int = 3478
    """Where it listens, UDP and TCP."""
    turn_tls_port: int = 5349
    """Where it listens for TLS, when the deployment has a certificate; 443 passes most walls."""
    database_url: str = ""
    """SQLAlchemy URL; SQLite in the data folder when empty."""
    tls_cert: str = ""
    tls_key: str = ""
    demo: bool = False
    trust_local: bool = False
    """Run people's code without a sandbox. Only for one's own code on one's own machine."""
    memory_limit_mb: int = 1536
    """Memory of one teacher's Lab with its kernels."""
    lesson_memory_mb: int = 512
    """Memory of one kernel of a class page."""
    lesson_kernels: int = 80
    """Kernels of class pages at the same time; one takes about 30 MB, or 100 MB where the lesson
    can't be copied. Who comes later waits in line and can read."""
    spare_kernels: int = 30
    """Of these, how many are started ahead while a lesson's page is open and nobody waits; fewer
    where memory is short. 0: none."""
    process_limit: int = 256
    fork_labs: bool = True
    """Start Labs as forks of one process that has imported JupyterLab."""
    cull_idle_seconds: int = 3600
    recording_days: int = 180
    """Recordings are deleted this many days after they were made."""
    class_code_minutes: int = 180
    """A class code closes by itself after this time."""
    late_answer_hours: int = 24
    """So long after a class was closed are answers taken in that a pupil's device held without a
    line. 0: not at all."""

    @property
    def layout(self) -> Layout:
        return Layout(self.data)

    @property
    def url(self) -> str:
        """The address people type, without a trailing slash."""
        scheme = "https" if self.tls_cert else "http"
        return self.public_url.rstrip("/") or f"{scheme}://{host_for(self.bind)}:{self.port}"

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{self.layout.database}"

    def internal(self, service: str) -> str:
        """Return the address of a service behind the proxy, without a trailing slash."""
        return f"http://{self.bind_internal}:{getattr(self, f'{service}_port')}"


def _convert(name: str, kind: str, value: object) -> object:
    try:
        if kind == "bool":
            if isinstance(value, bool):
                return value
            return {"1": True, "true": True, "yes": True, "0": False, "false": False,
                    "no": False, "": False}[str(value).lower()]
        if kind == "int":
            if isinstance(value, bool):
                raise ValueError
            number = int(str(value))
            if number < 0 or (name.endswith("port") and number > 65535):
                raise ValueError
            return number
        return Path(str(value)) if kind == "Path" else str(value)
    except (ValueError, KeyError):
        raise UserError(
            _("The setting {name} has the value {value!r}, which is not valid.").format(
                name=name, value=value),
            hint=_("Correct it in coteach.toml or in the environment."), code="bad-setting",
        ) from None


def load(data: Path | str | None = None, *, environ: Mapping[str, str] | None = None,
         **override: object) -> Settings:
    """Read the settings.

    Parameters
    ----------
    data
        The data folder; `COTEACH_DATA`, then `./.coteach` when not given.
    environ
        The environment, `os.environ` when not given.
    **override
        Values that win over file and environment; None means not given.

    Raises
    ------
    UserError
        A value is wrong, a name is unknown, or the file is not TOML.
    """
    environ = os.environ if environ is None else environ
    root = Path(data or environ.get("COTEACH_DATA") or ".coteach").absolute()
    fields = {f.name: str(f.type) for f in dataclasses.fields(Settings) if f.name != "data"}
    values: dict[str, object] = {}
    file = Layout(root).settings_file
    if file.exists():
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UserError(
                _("{file} can't be read: {error}.").format(file=file, error=error),
                hint=_("Correct the file or move it away."), code="bad-setting") from None
        for name, value in table.items():
            if name not in fields:
                raise UserError(
                    _("{file} sets {name!r}, which is no setting of coteach.").format(
                        file=file, name=name),
                    hint=_("Known settings: {names}.").format(names=", ".join(fields)),
                    code="bad-setting")
            values[name] = _convert(name, fields[name], value)
    for name, kind in fields.items():
        if (raw := environ.get(f"COTEACH_{name.upper()}")) is not None:
            values[name] = _convert(name, kind, raw)
        if override.get(name) is not None:
            values[name] = _convert(name, kind, override[name])
    return Settings(data=root, **values)  # type: ignore[arg-type]


def _make_secret(file: Path) -> None:
    """Write a new secret; who comes a moment later keeps the first one's."""
    handle, made = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_hex(32))
            out.flush()
            os.fsync(out.fileno())
        # A link and no rename: it never replaces, and nobody sees half a secret.
        with contextlib.suppress(FileExistsError):
            os.link(made, file)
    finally:
        os.unlink(made)


@dataclass(frozen=True)
class Secrets:
    """The deployment's secrets: one file each, made at first use, readable by the owner only."""

    folder: Path
    _cache: dict[str, bytes] = field(default_factory=dict, repr=False)

    def get(self, name: str) -> bytes:
        """Return 32 random bytes in hexadecimal (64 ASCII bytes), the same at every start."""
        if name not in self._cache:
            file = self.folder / name
            if not file.exists():
                _make_secret(file)
            value = file.read_bytes()
            if len(value) != 64:
                raise UserError(
                    _("The secret {file} is damaged.").format(file=file),
                    hint=_("Delete the file and start again; everybody signs in once more."),
                    code="bad-secret")
            self._cache[name] = value
        return self._cache[name]

    def text(self, name: str) -> str:
        """Return the secret as text, for tokens in headers."""
        return self.get(name).decode()


def secrets_of(settings: Settings) -> Secrets:
    """Return the secrets of a deployment.

    Names in use: ``session`` (signed browser sessions), ``live`` (room passes), ``turn`` (passwords
    for the TURN server), ``guest`` (class guests), ``hub-cookie``, ``proxy`` (proxy API),
    ``service-portal``, ``service-classroom``, ``service-live``, ``oauth-portal`` (Hub API tokens
    and OAuth client secrets).
    """
    return Secrets(settings.layout.secrets)
