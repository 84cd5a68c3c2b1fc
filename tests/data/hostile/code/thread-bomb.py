# about: starts threads for ever
# most: 0
# status: graded | failed | needs_manual
# %% double
import threading, time
while True:
    try: threading.Thread(target=time.sleep, args=(9999,), daemon=False).start()
    except RuntimeError: time.sleep(0.001)
