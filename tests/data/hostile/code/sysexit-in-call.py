# about: a function that raises SystemExit, GeneratorExit and KeyboardInterrupt
# most: 0
# %% double
import sys
def double(n): sys.exit(0)
# %% mean_of
def mean_of(values): raise GeneratorExit
# %% words
def words(text): raise KeyboardInterrupt
