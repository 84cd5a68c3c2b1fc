# about: right, with a line of 2 MB
# least: 11
def make(it): it.write(it.answered(double="def double(n): return 2 * n\nx = '" + "x" * 2_000_000 + "'"))
