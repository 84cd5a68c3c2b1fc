# about: values that can't be shown
# most: 0
# %% total
class Loud:
    def __repr__(self): return "R" * 50_000_000
    def _repr_html_(self): raise SystemExit
    def _ipython_display_(self): raise KeyboardInterrupt
total = Loud()
total
# %% +
Loud()
