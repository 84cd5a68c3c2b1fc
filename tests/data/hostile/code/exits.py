# about: leaves with code 0 at once
# status: failed | needs_manual
# most: 0
# %% double
import os
os._exit(0)
