# about: a link to the author's notebook
# status: rejected
def make(it): it.file.symlink_to(it.course.source("attack") / "work.ipynb")
