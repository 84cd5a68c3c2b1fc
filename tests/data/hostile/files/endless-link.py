# about: a link to itself
# status: rejected
def make(it): it.file.symlink_to("work.ipynb")
