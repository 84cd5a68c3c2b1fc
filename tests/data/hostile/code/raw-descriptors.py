# about: right, and writes past Python to the standard files
# base: right
# least: 11
# %% double
import os
for n in range(2000):
    os.write(1, b"z" * 10_000); os.write(2, b"z" * 10_000)
os.system("yes | head -c 5000000")
def double(n): return 2 * n
