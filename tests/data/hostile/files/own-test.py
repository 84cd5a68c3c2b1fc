# about: a test of her own that gives points
# status: rejected
def make(it):
    nb = it.answered(double="def double(n): return 0")
    nb.cells.append(it.code("2", nbgrader={"grade": True, "solution": False, "locked": True, "task": False, "schema_version": 3, "grade_id": "test-mine", "points": 8}))
    it.write(nb)
