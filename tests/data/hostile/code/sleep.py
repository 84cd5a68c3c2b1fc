# about: sleeps for a day
# status: failed | graded | needs_manual
# most: 0
# %% double
import time
time.sleep(86400)
