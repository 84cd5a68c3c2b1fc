"""The system calls people's code has no business with, refused by a small seccomp program.

The namespaces are the wall; this closes doors in it that other walls were climbed by: a namespace
inside the namespace, kernel key rings (they are shared by all of a user), io_uring, BPF, and
sockets that no network namespace holds back (AF_VSOCK reaches the host of a virtual machine)
or that no rule about ports does (multipath TCP).
A nested sandbox may make namespaces and mounts, since it puts up inner walls for each of several
visitors; each of them gets the whole program again, so nobody but its own code has these doors.
The program names what is refused, so a new harmless call of a later kernel works.
"""

from __future__ import annotations

import os
import struct

EPERM, ENOSYS, EPROTONOSUPPORT, EAFNOSUPPORT = 1, 38, 93, 97

# name: (x86_64, aarch64); None where the machine has no such call
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "setns": (308, 268),
    "move_mount": (429, 429), "open_tree": (428, 428), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "quotactl": (179, 60),
    "acct": (163, 89), "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142),
    "sethostname": (170, 161), "setdomainname": (171, 162), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "clock_adjtime": (305, 266), "chroot": (161, 51),
    "syslog": (103, 116), "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
    "lookup_dcookie": (212, 18), "nfsservctl": (180, 42),
}
# Absent rather than refused: libraries then use what they used before these calls existed.
_ABSENT: dict[str, tuple[int | None, int | None]] = {
    "clone3": (435, 435), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
}
# Memory that no process maps: where only a watching process counts memory, it must not exist.
_UNCOUNTED: dict[str, tuple[int | None, int | None]] = {
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
}
_UNSHARE, _CLONE, _SOCKET = (272, 97), (56, 220), (41, 198)
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW* flag, the time namespace too
_NESTED = {"mount", "umount2", "pivot_root", "mount_setattr"}
# The namespaces of names and of time, and of control groups: who owns one may mount their files
# and, where an ordinary user started the sandbox, write its own limits.
_NOT_EVEN_NESTED = 0x06000080
_FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK
_MULTIPATH = 262  # IPPROTO_MPTCP: it answers plain TCP, and Landlock doesn't know it

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def _refuse(number: int | None, error: int) -> bytes:
    if number is None:
        return b""
    return _step(_EQUAL, number, 0, 1) + _step(_RETURN, _ERRNO | error)


def program(counted_memory: bool, nested: bool = False) -> bytes:
    """Return the seccomp program for this machine.

    Parameters
    ----------
    counted_memory
        Whether the kernel counts the memory of the whole sandbox (a control group).
    nested
        Whether it may make namespaces and mounts of its own.
    """
    machine = os.uname().machine
    column = 0 if machine == "x86_64" else 1
    load_number, load_argument = _step(_LOAD, 0), _step(_LOAD, 16)
    code = _step(_LOAD, 4) + _step(_EQUAL, _AUDIT[machine], 1, 0) + _step(_RETURN, _KILL)
    code += load_number
    if machine == "x86_64":  # the x32 numbers would be a way around the list
        code += _step(_AT_LEAST, 0x40000000, 0, 1) + _step(_RETURN, _ERRNO | ENOSYS)
    for name, numbers in _REFUSED.items():
        code += b"" if nested and name in _NESTED else _refuse(numbers[column], EPERM)
    for numbers in (*_ABSENT.values(), *(() if counted_memory else _UNCOUNTED.values())):
        code += _refuse(numbers[column], ENOSYS)
    namespaces = _NOT_EVEN_NESTED if nested else _NEW_NAMESPACES
    for number, flags in ((_UNSHARE, namespaces), (_CLONE, namespaces & ~0x80)):
        # The low byte of clone's flags is the signal, so the time namespace has no bit there.
        code += (_step(_EQUAL, number[column], 0, 4) + load_argument
                 + _step(_ANY_BIT, flags, 0, 1) + _step(_RETURN, _ERRNO | EPERM) + load_number)
    code += (_step(_EQUAL, _SOCKET[column], 0, 4) + _step(_LOAD, 32)
             + _step(_EQUAL, _MULTIPATH, 0, 1) + _step(_RETURN, _ERRNO | EPROTONOSUPPORT)
             + load_number)
    families = b"".join(_step(_EQUAL, family, len(_FAMILIES) - place, 0)
                        for place, family in enumerate(_FAMILIES))
    code += (_step(_EQUAL, _SOCKET[column], 0, len(_FAMILIES) + 2) + load_argument + families
             + _step(_RETURN, _ERRNO | EAFNOSUPPORT))
    return code + _step(_RETURN, _ALLOW)
