# about: signals that come while tests run
# most: 0
# status: graded | failed | needs_manual
# %% double
import os, signal, threading, time
class Off(BaseException): pass
def handler(*_a): raise Off
for number in (signal.SIGALRM, signal.SIGUSR1, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGVTALRM, signal.SIGPROF):
    signal.signal(number, handler)
signal.setitimer(signal.ITIMER_REAL, 0.2, 0.01)
signal.setitimer(signal.ITIMER_PROF, 0.05, 0.01)
