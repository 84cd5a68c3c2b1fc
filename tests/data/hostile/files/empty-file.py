# about: a file of no bytes
# status: rejected
def make(it): it.write(b"")
