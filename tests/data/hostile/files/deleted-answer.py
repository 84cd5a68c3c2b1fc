# about: an answer cell is gone
# status: rejected
def make(it):
    nb = it.answered()
    nb.cells.remove(it.cell(nb, "total"))
    it.write(nb)
