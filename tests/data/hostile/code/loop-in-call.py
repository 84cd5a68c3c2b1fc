# about: a function that never returns to its test
# status: failed | graded
# most: 0
# %% double
def double(n):
    while True:
        try:
            while True: pass
        except BaseException: pass
