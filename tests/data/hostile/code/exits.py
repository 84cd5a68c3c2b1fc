# about: leaves with code 0 at once
# status: failed
# %% double
import os
os._exit(0)
