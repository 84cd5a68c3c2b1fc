# about: cells whose parts have other types
# status: rejected
def make(it):
    import json
    nb = json.loads(it.text())
    nb["cells"] += [None, 7, {"cell_type": 3, "source": {}, "metadata": []}, {"cell_type": "code", "source": [[1]], "metadata": {"nbgrader": {"grade_id": ["a"]}}}]
    it.write(json.dumps(nb).encode())
