# about: the tests are gone
# status: rejected
def make(it):
    nb = it.answered(double="def double(n): return 0")
    nb.cells = [c for c in nb.cells if not c.metadata.get("nbgrader", {}).get("grade_id", "").startswith("test")]
    it.write(nb)
