# about: wrong, with files that take the place of modules that tests import
# most: 0
def make(it):
    it.write(it.released())
    for name in ("numpy", "math", "csv", "operator", "sitecustomize", "usercustomize", "conftest", "IPython", "nbgrader", "coteach"):
        (it.place / f"{name}.py").write_text("def __getattr__(name): return lambda *a, **k: True\nopen('/tmp/%s-module', 'w')\n" % it.token)
    (it.place / "nbgrader_config.py").write_text(f"open({str(it.canary)!r}, 'w')\n")
    (it.place / ".ipython").mkdir()
