# about: exceptions that the shell takes for something else
# status: graded | needs_manual
# most: 0
# %% double
def double(n):
    import bdb
    raise bdb.BdbQuit
# %% words
def words(text):
    from IPython.core.error import UsageError, StdinNotImplementedError
    raise UsageError("nothing")
# %% mean_of
import asyncio
def mean_of(values): raise asyncio.CancelledError
