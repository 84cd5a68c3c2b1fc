# about: values without an end
# status: graded | failed | needs_manual
# most: 0
# %% rows
import itertools
rows = itertools.count()
# %% words
class Endless(list):
    def __iter__(self): return itertools.repeat("a")
    def __len__(self): return 2**40
def words(text): return Endless()
