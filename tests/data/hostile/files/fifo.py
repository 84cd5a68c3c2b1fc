# about: a pipe that nobody writes to
# status: rejected
def make(it):
    import os
    os.mkfifo(it.file)
