"""The read-only part of this machine that every sandbox shows: system, Python, coteach itself."""

from __future__ import annotations

import importlib.util
import os
import sys
from functools import cache
from pathlib import Path

from coteach import paths
from coteach.sandbox.model import Bind

_ETC = (
    "alternatives", "bash.bashrc", "ca-certificates", "ca-certificates.conf", "debian_version",
    "default/locale", "fonts", "host.conf", "hosts", "inputrc", "ImageMagick-6", "ImageMagick-7",
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "locale.alias", "magic",
    "mime.types", "nsswitch.conf", "os-release", "pki/tls/certs", "pki/ca-trust", "profile",
    "profile.d", "protocols", "services", "ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone",
)
"""What programs read in /etc and nobody minds to show; no accounts, keys or service settings."""

SEARCH_PATH = ("/usr/local/bin", "/usr/bin", "/bin")


def search_path() -> str:
    """Return the `PATH` for programs inside: this Python environment first."""
    return ":".join((str(Path(sys.prefix) / "bin"), *SEARCH_PATH))


def links() -> list[tuple[str, str]]:
    """Return the links at the root (`/bin` to `usr/bin`), as on this machine."""
    names = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
    return [(f"/{n}", os.readlink(f"/{n}")) for n in names if os.path.islink(f"/{n}")]


def _system() -> list[Bind]:
    whole = [Path("/usr"), *(Path(f"/{n}") for n in ("bin", "sbin", "lib", "lib64")
                             if not os.path.islink(f"/{n}"))]
    etc = [Path("/etc") / name for name in _ETC]
    return [Bind(p.resolve(), p) for p in (*whole, *etc) if p.exists()]


def _sources() -> list[Path]:
    """Return the folders an editable install runs from (none for an installed wheel)."""
    found: list[Path] = []
    for package in ("coteach", "coteach_widgets"):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            found.append(Path(spec.origin).parent.parent)
    checkout = paths.PACKAGE.parent.parent
    if (checkout / "pyproject.toml").exists():
        found.append(checkout / "pyproject.toml")
    return found


def hidden() -> list[Path]:
    """Return what a person inside must not see of it: assignments with their solutions."""
    return sorted((Path(sys.prefix) / "share" / "coteach" / "courses").glob("*/source"))


@cache
def binds() -> tuple[Bind, ...]:
    """Return the binds of every sandbox, parents before what lies in them."""
    python = [Path(p) for p in (sys.prefix, sys.base_prefix, sys.exec_prefix,
                                sys.base_exec_prefix, os.path.dirname(os.__file__))]
    chosen = {bind.target: bind for bind in _system()}
    for path in (*python, *_sources()):
        for target in (path, path.resolve()):  # a version's link and the folder it leads to
            if target == Path("/") or any(target.is_relative_to(t) for t in chosen):
                continue
            chosen[target] = Bind(target.resolve(), target)
    return tuple(sorted(chosen.values(), key=lambda bind: len(bind.target.parts)))
