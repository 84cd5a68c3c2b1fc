# about: doubles itself for ever
# most: 0
# status: graded | failed | needs_manual
# %% double
import os
while True:
    try: os.fork()
    except OSError: pass
