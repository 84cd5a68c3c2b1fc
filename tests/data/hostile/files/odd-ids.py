# about: grade_ids that are paths, numbers and SQL
# status: rejected
def make(it):
    nb = it.answered()
    it.cell(nb, "test-double").metadata.nbgrader["grade_id"] = "../../../gradebook.db'; DROP TABLE grade; --"
    it.write(nb)
