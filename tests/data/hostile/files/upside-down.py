# about: all cells in the other order
# status: graded | rejected
# most: 11
def make(it):
    nb = it.answered()
    nb.cells.reverse()
    it.write(nb)
