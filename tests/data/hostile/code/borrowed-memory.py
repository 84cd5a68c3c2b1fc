# about: a test's process is asked to map memory of its own
# status: graded | needs_manual
# most: 0
# %% mean_of
import numpy as np
class Wide:
    __array_interface__ = {"shape": (2**20,), "typestr": "<f8", "data": (1, False), "version": 3}
    __array_struct__ = None
def mean_of(values): return Wide()
# %% rows
rows = np.memmap("data.csv", dtype="O", mode="c")
