# about: right, and shows 1,000 things
# base: right
# least: 11
# %% double
from IPython.display import display
for n in range(1_000): display(n)
def double(n): return 2 * n
