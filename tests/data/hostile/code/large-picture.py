# about: right, and shows a picture of 60 MB
# base: right
# least: 11
# %% double
from IPython.display import display
display({"image/png": "A" * 60_000_000, "text/plain": "B" * 10_000_000}, raw=True)
def double(n): return 2 * n
