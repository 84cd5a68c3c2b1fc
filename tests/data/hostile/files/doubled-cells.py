# about: a test cell twice
# status: rejected
def make(it):
    nb = it.answered()
    nb.cells.append(it.copy(it.cell(nb, "test-double")))
    it.write(nb)
