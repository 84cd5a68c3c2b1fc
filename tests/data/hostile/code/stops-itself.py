# about: stops the process instead of ending it
# status: failed
# %% double
import os, signal
os.kill(os.getpid(), signal.SIGSTOP)
