# about: stops the process instead of ending it
# status: graded | needs_manual | failed
# most: 0
# %% double
import os, signal
os.kill(os.getpid(), signal.SIGSTOP)
