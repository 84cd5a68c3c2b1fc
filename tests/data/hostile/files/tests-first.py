# about: wrong answers behind the tests, and the names of right ones in front
# most: 9
def make(it):
    nb = it.answered(double="def double(n): return 0")
    test = it.cell(nb, "test-total"); nb.cells.remove(test); nb.cells.append(test)
    nb.cells.insert(0, it.code("total = None"))
    it.write(nb)
