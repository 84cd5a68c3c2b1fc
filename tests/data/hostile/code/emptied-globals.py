# about: no names are left
# most: 0
# status: graded | failed | needs_manual
# %% double
import sys
sys.modules["__main__"].__dict__.clear()
globals().clear()
