"""What a sandbox is: the folders it shows, the user it runs as, how much it may take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HOME = Path("/home/me")
"""Where a person's home lies inside; it is the same for everybody, so paths tell no names."""


@dataclass(frozen=True)
class Bind:
    """A folder or file of this machine that is shown inside.

    The source must not lie in a folder that untrusted code can write: it could be exchanged for a
    link between the check and the use.
    """

    source: Path
    target: Path
    writable: bool = False


@dataclass(frozen=True)
class Sandbox:
    """One sandbox: a process tree with its own files, user, limits and, if wanted, no network.

    Parameters
    ----------
    home
        The folder shown, writable, at `home_in`. It must belong to `uid` when that is given.
    uid
        The real user id inside when coteach runs as root; None for an ordinary user, who gets a
        user namespace. See `uids`.
    network
        Whether the machine's network is shared. Without it there is a loopback of its own.
    bind_ports
        The TCP ports that it may listen on with `network`, besides any the machine picks (port 0).
        So it can't pass for a service that is away. Linux before 6.7 can't hold this.
    memory_mb, processes, cpus
        For the whole tree. `cpus` (2.0 is two full processors) holds where control groups can be
        written.
    cpu_weight
        Its share beside other sandboxes when processors are short, where control groups can be
        written; one person's Lab has 50.
    open_files, file_mb, cpu_seconds
        For each process.
    tmp_mb
        The size of the private /tmp, which is memory.
    hidden
        Paths inside that are shown empty, for example a data folder below a folder that is bound.
    die_with_parent
        Whether everything ends when the process that started the sandbox ends.
    nested
        Whether the code inside may make namespaces and mounts of its own, for `walls`: only for
        the host of a lesson, whose visitors then have these doors shut again.
    """

    home: Path
    home_in: Path = HOME
    binds: tuple[Bind, ...] = ()
    hidden: tuple[Path, ...] = ()
    uid: int | None = None
    network: bool = False
    bind_ports: tuple[int, ...] = ()
    memory_mb: int = 512
    processes: int = 64
    open_files: int = 1024
    file_mb: int = 256
    cpu_seconds: int | None = None
    cpus: float | None = None
    cpu_weight: int = 50
    tmp_mb: int = 256
    die_with_parent: bool = True
    nested: bool = False

    def __post_init__(self) -> None:
        for path in (self.home, self.home_in, *(b.source for b in self.binds),
                     *(b.target for b in self.binds), *self.hidden):
            if not path.is_absolute() or ".." in path.parts or path == Path("/"):
                raise ValueError(f"{path} can't be shown in a sandbox; give an absolute path")
        writable = [self.home_in, *(b.target for b in self.binds if b.writable)]
        for bind in self.binds:
            # A mount point under a folder that people write could be a link that they planted.
            if any(bind.target.is_relative_to(w) for w in writable if w != bind.target):
                raise ValueError(f"{bind.target} lies in a writable folder of the sandbox")
        if not all(0 < port < 65536 for port in self.bind_ports):
            raise ValueError(f"{self.bind_ports} are no ports")
        if not 1 <= self.cpu_weight <= 10_000:
            raise ValueError(f"{self.cpu_weight} is no weight: give 1 to 10000")
        if self.uid is not None and not 1000 <= self.uid < 2**31:
            raise ValueError(f"{self.uid} is no user id for a sandbox")
