# about: fills the disk
# status: failed | graded | needs_manual
# most: 0
# %% double
import os
for folder in (".", "/tmp", os.path.expanduser("~"), "/dev/shm", "/var/tmp"):
    for n in range(40):
        try:
            with open(f"{folder}/@TOKEN@-{n}", "wb") as out:
                for _ in range(16): out.write(b"\0" * 2**24)
        except OSError: pass
