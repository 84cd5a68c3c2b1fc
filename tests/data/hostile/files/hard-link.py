# about: a hard link to the author's notebook: its hidden tests as a submission
# status: needs_manual | rejected
# most: 11
def make(it):
    import os
    os.link(it.course.source("attack") / "work.ipynb", it.file)
