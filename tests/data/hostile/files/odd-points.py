# about: points that are no number
# status: graded | rejected
# most: 11
def make(it):
    nb = it.answered()
    for value, name in ((float("inf"), "test-double"), (-5, "test-total"), ("8", "test-mean"), (None, "test-rows"), ([8], "test-words")):
        it.cell(nb, name).metadata.nbgrader["points"] = value
    it.write(nb)
