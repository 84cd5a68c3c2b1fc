# about: takes hold of other processes
# most: 0
# %% double
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in {os.getppid(), *(int(p) for p in os.listdir("/proc") if p.isdigit())} - {os.getpid()}:
    if libc.ptrace(16, pid, 0, 0) == 0: print("ATTACHED", pid)
    try: open(f"/proc/{pid}/mem", "r+b"); print("OPENED", pid)
    except OSError: pass
