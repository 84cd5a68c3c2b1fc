# about: a comparison that ends the process, the test or the interpreter
# most: 0
# status: graded | failed | needs_manual
# %% double
import os, sys
class Ends:
    def __eq__(self, other): sys.exit(0)
def double(n): return Ends()
# %% total
class Stops:
    def __eq__(self, other): raise KeyboardInterrupt
    def __instancecheck__(self, other): raise StopIteration
total = Stops()
