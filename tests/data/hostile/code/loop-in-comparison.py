# about: a comparison that never ends
# status: failed | graded | needs_manual
# most: 0
# %% double
class Slow:
    def __eq__(self, other):
        while True: pass
    def __repr__(self):
        while True: pass
def double(n): return Slow()
total = Slow()
