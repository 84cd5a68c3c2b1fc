# about: an endless loop that catches every interruption
# status: failed | graded | needs_manual
# most: 0
# %% double
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        while True: pass
    except BaseException: pass
