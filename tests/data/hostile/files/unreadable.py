# about: right, with no rights to read it; root reads it all the same
# status: graded | rejected
# most: 11
def make(it):
    it.write(it.answered())
    it.file.chmod(0)
