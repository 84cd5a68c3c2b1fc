"""The file tree people's code sees: built from nothing, so that what is not named is not there.

First the whole host moves to `/old` of an empty tree, then the new tree is put together at `/new`
from pieces of it, then `/old` goes. A mount point is only ever made in a tree of our own, never
under a folder the person inside could write before: a link planted there would lead us outside.
"""

from __future__ import annotations

import os
import stat
from typing import Any

from .syscalls import (
    MOUNT_ATTR_NODEV,
    MOUNT_ATTR_NOSUID,
    MOUNT_ATTR_RDONLY,
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    mount,
    pivot_root,
    restrict_mount,
    unmount,
)

OLD, NEW = "/old", "/new"
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def _empty(target: str, options: str, flags: int = MS_NOSUID | MS_NODEV) -> None:
    mount("tmpfs", target, "tmpfs", flags, options)


def _mount_point(target: str, like: str) -> None:
    if stat.S_ISDIR(os.stat(like).st_mode):
        os.makedirs(target, 0o755, exist_ok=True)
    elif not os.path.lexists(target):
        os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))


def _bind(source: str, target: str, writable: bool) -> None:
    source, target = OLD + source, NEW + target
    _mount_point(target, source)
    mount(source, target, None, MS_BIND | MS_REC)
    attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (0 if writable else MOUNT_ATTR_RDONLY)
    restrict_mount(target, attributes)


def _devices(shared_memory_mb: int) -> None:
    dev = NEW + "/dev"
    os.mkdir(dev, 0o755)
    _empty(dev, "mode=755,size=64k", MS_NOSUID)
    for name in _DEVICES:
        os.close(os.open(f"{dev}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        mount(f"{OLD}/dev/{name}", f"{dev}/{name}", None, MS_BIND)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"),
                         ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2"),
                         ("ptmx", "pts/ptmx")):
        os.symlink(target, f"{dev}/{name}")
    os.mkdir(f"{dev}/shm")
    _empty(f"{dev}/shm", f"mode=1777,size={shared_memory_mb}m,nr_inodes=65536")
    os.mkdir(f"{dev}/pts")
    mount("devpts", f"{dev}/pts", "devpts", MS_NOSUID | MS_NOEXEC,
          "newinstance,ptmxmode=0666,mode=620")
    mount(None, dev, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)


def _hide(path: str) -> None:
    target = NEW + path
    if not os.path.lexists(target):
        return
    if os.path.isdir(target):
        _empty(target, "mode=555,size=4k", MS_NOSUID | MS_NODEV | MS_RDONLY)
    else:
        mount(f"{OLD}/dev/null", target, None, MS_BIND)


def build(spec: dict[str, Any]) -> None:
    """Make the tree and stand in it. The process must be in a mount namespace of its own."""
    os.umask(0o022)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    _empty("/tmp", "mode=755,size=64k")  # noqa: S108  only a place that exists everywhere
    os.mkdir("/tmp" + OLD)  # noqa: S108
    os.mkdir("/tmp" + NEW)  # noqa: S108
    _empty("/tmp" + NEW, "mode=755,size=8m")  # noqa: S108
    pivot_root("/tmp", "/tmp" + OLD)  # noqa: S108
    os.chdir("/")
    for name in ("etc", "home", "run", "var", "proc", "tmp"):
        os.mkdir(f"{NEW}/{name}", 0o755)
    mount("proc", NEW + "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _empty(NEW + "/tmp", f"mode=1777,size={spec['tmp_mb']}m,nr_inodes=262144")  # noqa: S108
    os.symlink("/tmp", NEW + "/var/tmp")  # noqa: S108
    _devices(spec["shm_mb"])
    for path, target in spec["links"]:
        os.symlink(target, NEW + path)
    for source, target, writable in spec["binds"]:
        _bind(source, target, writable)
    for path, text in spec["files"]:
        with open(NEW + path, "x", encoding="utf-8") as file:
            file.write(text)
    for path in spec["hidden"]:
        _hide(path)
    _bind(spec["home"], spec["home_in"], True)
    os.chdir(NEW)
    # The documented way to change the root without a folder for the old one (pivot_root(2)).
    pivot_root(".", ".")
    unmount(".")
    os.chdir("/")
    mount(None, "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
