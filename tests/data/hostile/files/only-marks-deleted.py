# about: all marking information is gone
# status: rejected
def make(it):
    nb = it.answered()
    for cell in nb.cells: cell.metadata.pop("nbgrader", None)
    it.write(nb)
