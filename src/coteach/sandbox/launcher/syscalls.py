"""The system calls that Python 3.11 has no function for, as thin as they can be.

Standard library only, as everything in this folder.
"""

from __future__ import annotations

import ctypes
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2

MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47

_MOUNT_SETATTR = 442
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_ACCESS_NET_BIND_TCP, _LANDLOCK_RULE_NET_PORT = 1, 2
_NUMBERS = {
    "x86_64": {"pivot_root": 155, "capset": 126},
    "aarch64": {"pivot_root": 41, "capset": 91},
}
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)


def _syscall(number: int, what: str, *arguments: object) -> int:
    return _check(_libc.syscall(ctypes.c_long(number), *arguments), what)


def machine_number(name: str) -> int:
    """Return the number of a system call whose number differs between machines."""
    machine = os.uname().machine
    if machine not in _NUMBERS:
        raise OSError(38, "no sandbox for this processor", machine)
    return _NUMBERS[machine][name]


def unshare(flags: int, what: str) -> None:
    """Move this process into new namespaces; `what` names them in the error."""
    _check(_libc.unshare(ctypes.c_int(flags)), what)


def mount(source: str | None, target: str, kind: str | None = None, flags: int = 0,
          options: str | None = None) -> None:
    """Mount, or change a mount, as mount(2) does."""
    _check(_libc.mount(_bytes(source), _bytes(target), _bytes(kind), ctypes.c_ulong(flags),
                       _bytes(options)), f"mount {target}")


def unmount(target: str) -> None:
    """Detach a mount from the tree."""
    _check(_libc.umount2(_bytes(target), MNT_DETACH), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root and move the present root to `old`."""
    _syscall(machine_number("pivot_root"), "pivot_root", _bytes(new), _bytes(old))


class _MountAttributes(ctypes.Structure):
    _fields_ = [("set", ctypes.c_uint64), ("clear", ctypes.c_uint64),
                ("propagation", ctypes.c_uint64), ("userns", ctypes.c_uint64)]


def restrict_mount(target: str, attributes: int) -> None:
    """Set attributes on a mount and on every mount below it (Linux 5.12 or later)."""
    wanted = _MountAttributes(attributes, 0, 0, 0)
    at_cwd, recursive = -100, 0x8000
    _syscall(_MOUNT_SETATTR, f"mount_setattr {target}", ctypes.c_int(at_cwd), _bytes(target),
             ctypes.c_uint(recursive), ctypes.byref(wanted), ctypes.c_size_t(32))


def prctl(option: int, *values: int) -> None:
    """Call prctl(2)."""
    padded = [ctypes.c_ulong(v) for v in (*values, 0, 0, 0, 0)[:4]]
    _check(_libc.prctl(ctypes.c_int(option), *padded), f"prctl {option}")


def set_title(title: str) -> None:
    """Show a name for this process in lists of processes, as far as its first one left room."""
    with open("/proc/self/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    if start:
        text = os.fsencode(title)[:end - start - 2]
        # The last byte tells the kernel that the whole is one text, which ends at the first zero.
        ctypes.memmove(start, text.ljust(end - start - 1, b"\0") + b".", end - start)


def drop_bounding_set() -> None:
    """Give up every capability for good, also what a set-id program would bring."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break


def drop_capabilities() -> None:
    """Give up every capability this process has now."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _syscall(machine_number("capset"), "capset", header, nothing)


def holds_ports() -> bool:
    """Say whether the kernel can limit the ports a program listens on (Linux 6.7, Landlock 4)."""
    version_only = 1
    return int(_libc.syscall(ctypes.c_long(_LANDLOCK_CREATE_RULESET), None, ctypes.c_size_t(0),
                             ctypes.c_uint32(version_only))) >= 4


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64)]


class _PortRule(ctypes.Structure):
    _fields_ = [("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64)]


def hold_ports(allowed: list[int]) -> None:
    """Let this process and all that it starts listen on these TCP ports alone (0: any free one).

    The process must have given up new privileges before.
    """
    wanted = _Ruleset(0, _LANDLOCK_ACCESS_NET_BIND_TCP)
    rules = _syscall(_LANDLOCK_CREATE_RULESET, "landlock_create_ruleset", ctypes.byref(wanted),
                     ctypes.c_size_t(ctypes.sizeof(wanted)), ctypes.c_uint32(0))
    try:
        for port in allowed:
            rule = _PortRule(_LANDLOCK_ACCESS_NET_BIND_TCP, port)
            _syscall(_LANDLOCK_ADD_RULE, f"landlock_add_rule {port}", ctypes.c_int(rules),
                     ctypes.c_int(_LANDLOCK_RULE_NET_PORT), ctypes.byref(rule), ctypes.c_uint32(0))
        _syscall(_LANDLOCK_RESTRICT_SELF, "landlock_restrict_self", ctypes.c_int(rules),
                 ctypes.c_uint32(0))
    finally:
        os.close(rules)


def install_filter(program: bytes) -> None:
    """Install a seccomp program on this process and all that it starts."""
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]

    code = Program(len(program) // 8, program)
    _check(_libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(2), ctypes.byref(code), ctypes.c_ulong(0),
                       ctypes.c_ulong(0)), "seccomp")
