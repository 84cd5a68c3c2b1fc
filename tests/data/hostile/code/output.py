# about: right, and prints 100 MB
# base: right
# least: 11
# %% double
def double(n): return 2 * n
print("x" * 100_000_000)
