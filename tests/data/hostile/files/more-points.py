# about: wrong answers and tests that are worth 100 points
# status: graded | rejected
# most: 0
def make(it):
    nb = it.released()
    for cell in nb.cells:
        if "points" in cell.metadata.get("nbgrader", {}): cell.metadata.nbgrader["points"] = 100
    it.write(nb)
