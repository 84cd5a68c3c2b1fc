# about: right, with metadata that would change how it is run
# least: 11
def make(it):
    nb = it.answered()
    nb.metadata.update(trusted=True, celltoolbar="Create Assignment", nbgrader={"notebook": "other"}, execution={"timeout": 9999})
    for cell in nb.cells: cell.metadata.update(tags=["raises-exception", "skip-execution", "remove-cell"], deletable=True)
    it.write(nb)
