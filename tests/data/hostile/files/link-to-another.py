# about: a link to somebody else's right notebook
# status: rejected
def make(it): it.file.symlink_to(it.place.parent.parent / "a-honest-all" / "attack" / "work.ipynb")
