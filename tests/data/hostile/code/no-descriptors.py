# about: right, and opens all files that a process may
# base: right
# least: 11
# %% +
import os
open_files = []
try:
    while True: open_files.append(open("/dev/null"))
except OSError: pass
