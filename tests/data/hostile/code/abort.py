# about: raises the signals that end a process
# status: failed
# %% double
import os, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.abort()
