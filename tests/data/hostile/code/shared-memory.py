# about: memory that lies in files and maps
# status: failed | graded | needs_manual
# most: 0
# %% double
import mmap, os
maps = []
for n in range(4000):
    m = mmap.mmap(-1, 2**24); m.write(b"x" * 2**24); maps.append(m)
