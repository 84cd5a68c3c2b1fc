# about: recursion without a limit
# status: graded | failed | needs_manual
# most: 0
# %% double
import sys
sys.setrecursionlimit(10**9)
def deep(n): return deep(n + 1) + 1
deep(0)
