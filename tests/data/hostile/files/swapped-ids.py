# about: the ids of two tests are exchanged
# status: graded | rejected
# most: 11
def make(it):
    nb = it.answered()
    a, b = it.cell(nb, "test-double"), it.cell(nb, "test-total")
    a.metadata.nbgrader["grade_id"], b.metadata.nbgrader["grade_id"] = "test-total", "test-double"
    it.write(nb)
