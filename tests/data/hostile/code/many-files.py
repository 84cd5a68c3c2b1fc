# about: more files than anybody can count
# status: failed | graded | needs_manual
# most: 0
# %% double
import os
for n in range(10**6):
    try: os.makedirs(f"@TOKEN@/{n % 1000}/{n}", exist_ok=True)
    except OSError: break
