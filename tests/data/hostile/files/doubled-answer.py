# about: an answer cell twice, one wrong and one right
# status: rejected
def make(it):
    nb = it.answered(double="def double(n): return 0")
    nb.cells.append(it.copy(it.cell(it.answered(), "double")))
    it.write(nb)
