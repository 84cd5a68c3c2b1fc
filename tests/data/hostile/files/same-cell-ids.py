# about: right, and all cells have one nbformat id
# status: graded | rejected
# most: 11
def make(it):
    nb = it.answered()
    for cell in nb.cells: cell["id"] = "same"
    it.write(nb)
