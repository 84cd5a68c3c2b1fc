# about: a folder with the notebook's name
# status: rejected
def make(it):
    it.file.mkdir()
    (it.file / "work.ipynb").write_text(it.text())
