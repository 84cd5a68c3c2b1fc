# about: an exception whose text never ends or is 50 MB
# status: graded | needs_manual
# most: 0
# %% double
class Evil(Exception):
    def __str__(self): return "E" * 50_000_000
def double(n): raise Evil
# %% mean_of
class Odd(Exception):
    def __str__(self): raise Odd
    __repr__ = __str__
def mean_of(values): raise Odd
# %% words
def words(text): raise Exception("\x1b[2J\x00\ud800" + "<script>hostile()</script>")
