# about: right, with an answer cell that became a text cell
# status: graded | rejected
# most: 11
def make(it):
    nb = it.answered()
    cell = it.cell(nb, "double"); cell.cell_type = "markdown"; del cell["outputs"], cell["execution_count"]
    it.write(nb)
