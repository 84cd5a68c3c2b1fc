# about: closes and turns round every open file
# most: 0
# status: graded | failed | needs_manual
# %% double
import os
null = os.open("/dev/zero", os.O_RDWR)
for number in range(256):
    if number != null:
        try: os.dup2(null, number)
        except OSError: pass
os.closerange(0, 256)
