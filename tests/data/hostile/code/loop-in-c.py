# about: a loop that no signal of Python interrupts
# status: failed | graded | needs_manual
# most: 0
# %% double
import re
re.match(r"(a+)+$", "a" * 60 + "b")
