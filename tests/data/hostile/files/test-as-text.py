# about: a wrong answer whose test became a text cell
# status: graded | rejected
# most: 9
def make(it):
    nb = it.answered(double="def double(n): return 0")
    cell = it.cell(nb, "test-double"); cell.cell_type = "markdown"; del cell["outputs"], cell["execution_count"]
    it.write(nb)
