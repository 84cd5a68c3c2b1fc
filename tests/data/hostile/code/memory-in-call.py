# about: a test is given a value of 1.5 GB
# status: failed | graded | needs_manual
# most: 0
# %% double
def double(n): return [0] * (200 * 2**20)
# %% total
total = 10 ** 5_000_000
