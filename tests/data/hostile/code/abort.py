# about: raises the signals that end a process
# status: failed | needs_manual
# most: 0
# %% double
import os, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.abort()
