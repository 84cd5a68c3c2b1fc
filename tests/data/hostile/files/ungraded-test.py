# about: a test that says that it is none
# status: rejected
def make(it):
    nb = it.answered(double="def double(n): return 0")
    it.cell(nb, "test-double").metadata.nbgrader["grade"] = False
    it.write(nb)
