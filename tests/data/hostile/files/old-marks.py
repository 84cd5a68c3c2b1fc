# about: marking information of another version
# status: rejected
def make(it):
    nb = it.answered()
    it.cell(nb, "test-double").metadata.nbgrader["schema_version"] = 1
    it.write(nb)
