# about: wrong answers and tests that pass
# status: graded | needs_manual | rejected
# most: 0
def make(it):
    nb = it.released()
    for cell in nb.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"): cell.source = "2"
    it.write(nb)
