# about: a test marked as an answer, so that its text stays
# status: rejected
def make(it):
    nb = it.answered(double="def double(n): return 0")
    it.cell(nb, "test-double").metadata.nbgrader.update(solution=True, locked=False)
    it.cell(nb, "test-double").source = "2"
    it.write(nb)
